import type { Keeper } from './keeper.ts';
import { createKeeper, keepName } from './keeper.ts';
import { readShop, writeShop } from './shop.ts';
import type { Till } from './till.ts';
import type { TownRefusal } from '../../shared/town-contract.ts';

/**
 * Joins the town by its one-time code (protocol, "Incarnations"). The key pair is kept before the town hears of it, so
 * that a lost answer can be asked for again with the same key.
 */
export async function enrol(
  till: Till,
  keepOf: (name: string) => Keeper,
  code: string,
): Promise<'enrolled' | 'unreachable' | TownRefusal> {
  const { ledger, world } = till;
  if (world.town === null) return 'unreachable';
  const identity = ledger.identity();
  const incarnation = identity?.incarnation ?? 1;
  const waiting =
    identity === null
      ? createKeeper(world.keepFolder, world.dataFolder, waitingName(till), world.crypto)
      : keepOf(keepName(identity.town, identity.till, readShop(ledger).townKey, world.crypto));
  const keys = waiting.keys(incarnation) ?? waiting.makeKeys(incarnation);
  const incarnationId = ledger.setting('incarnationId') ?? world.newId();
  ledger.setSetting('incarnationId', incarnationId);
  let answer: Awaited<ReturnType<typeof world.town.enrol>>;
  try {
    answer = await world.town.enrol({
      code,
      publicKey: keys.publicKey,
      incarnationId,
      till: identity?.till ?? null,
      incarnation,
    });
  } catch (error) {
    world.log(`enrol: ${error instanceof Error ? error.message : 'no answer'}`);
    return 'unreachable';
  }
  if (answer.kind === 'refused') return answer.reason;
  const { town, shop, townKey, townName, shopName, shopAddress, hotline, tillName } = answer;
  const keeper = keepOf(keepName(town, answer.till, townKey, world.crypto));
  if (identity === null) keeper.putKeys(incarnation, keys);
  ledger.transaction(() => {
    writeShop(ledger, { townName, shopName, shopAddress, hotline, tillName, townKey });
    ledger.setSetting('enrolledIncarnation', String(incarnation));
    if (identity === null) {
      ledger.begin(
        { town, shop, till: answer.till, incarnation },
        {
          kind: 'genesis',
          id: `${answer.till}:${incarnation}:genesis`,
          operator: null,
          body: { publicKey: keys.publicKey, incarnationId, because: 'enrolled' },
        },
        till.atMs(),
        till.businessDay(),
      );
    }
  });
  keeper.raise(ledger.head());
  if (identity === null) waiting.discard();
  return 'enrolled';
}

/** Where the key of a till waits that the town has not named yet: by its folder's own random id, not by its path. */
function waitingName(till: Till): string {
  const known = till.ledger.setting('waitingName');
  if (known !== null) return known;
  const name = `waiting-${till.world.newId()}`;
  till.ledger.setSetting('waitingName', name);
  return name;
}

/**
 * A restored, copied or moved folder never continues a chain (invariant 11): it begins its next incarnation with a new
 * key and sells for money at once. Points and refunds of older sales wait for enrolment.
 */
export function nextIncarnation(till: Till, keeper: Keeper, because: 'restored' | 'moved'): void {
  const { ledger, world } = till;
  const identity = ledger.identity();
  if (identity === null) return;
  const incarnation = Math.max(identity.incarnation, keeper.highestIncarnation()) + 1;
  const keys = keeper.makeKeys(incarnation);
  const incarnationId = world.newId();
  ledger.transaction(() => {
    ledger.setSetting('incarnationId', incarnationId);
    ledger.begin(
      { ...identity, incarnation },
      {
        kind: 'genesis',
        id: `${identity.till}:${incarnation}:genesis`,
        operator: null,
        body: { publicKey: keys.publicKey, incarnationId, because },
      },
      till.atMs(),
      till.businessDay(),
    );
    // Points that the old term held belong to the town again as far as this incarnation knows.
    ledger.run('DELETE FROM top_up');
    // Its claims only the town can let go: whether a refund used one may stand in records that are gone.
    ledger.run('DELETE FROM claim');
  });
  keeper.raise(ledger.head());
}
