import type { z } from 'zod';
import type { enrolCall, TownRefusal } from '../../shared/town-contract.ts';
import { askReportsAgain } from './card-reports.ts';
import type { Keeper, Keys } from './keeper.ts';
import { createKeeper, keepName } from './keeper.ts';
import { readShop, writeShop } from './shop.ts';
import type { Till } from './till.ts';

type Asked = z.infer<typeof enrolCall.input>;
type Answered = z.infer<typeof enrolCall.output>;

/** How often a till whose number is taken at the town, by a copy that came back before it, tries the next one. */
const NUMBERS_TRIED = 50;

/**
 * What a till asks its town to be enrolled with (protocol, "Incarnations"). The key pair is kept before the town hears
 * of it, and so is the incarnation's id (invariant 6), so that a lost answer can be asked for again with the same key.
 */
export function enrolRequest(till: Till, keepOf: (name: string) => Keeper, code: string): Asked {
  const { ledger, world } = till;
  const identity = ledger.identity();
  const incarnation = identity?.incarnation ?? Number(ledger.setting('firstIncarnation') ?? '1');
  const waiting = identity === null ? waitingKeeper(till) : ownKeeper(till, keepOf);
  const keys = waiting.keys(incarnation) ?? waiting.makeKeys(incarnation);
  const incarnationId = ledger.setting('incarnationId') ?? world.newId();
  ledger.setSetting('incarnationId', incarnationId);
  return { code, publicKey: keys.publicKey, incarnationId, till: identity?.till ?? null, incarnation };
}

/**
 * Takes the town's answer to an enrolment. `takenNumber` when the town knows this incarnation, or a later one, of the
 * till by another key: a copy of the folder came back before, or the machine was lost with all it held. The till has
 * become its next incarnation then, and asks again.
 */
export function takeEnrolment(
  till: Till,
  keepOf: (name: string) => Keeper,
  incarnation: number,
  answer: Answered,
): 'enrolled' | 'takenNumber' | TownRefusal {
  const { ledger, world } = till;
  const identity = ledger.identity();
  if (answer.kind === 'refused') {
    if (answer.reason !== 'duplicate') return answer.reason;
    if (identity === null) ledger.setSetting('firstIncarnation', String(incarnation + 1));
    else nextIncarnation(till, ownKeeper(till, keepOf), 'restored');
    return 'takenNumber';
  }
  const { town, shop, townKey, townName, shopName, shopAddress, hotline, tillName } = answer;
  const waiting = identity === null ? waitingKeeper(till) : null;
  const keeper = keepOf(keepName(town, answer.till, townKey, world.crypto));
  const keys = waiting?.keys(incarnation) ?? null;
  if (keys !== null) keeper.putKeys(incarnation, keys);
  const publicKey = keeper.keys(incarnation)?.publicKey ?? '';
  const incarnationId = ledger.setting('incarnationId') ?? '';
  ledger.transaction(() => {
    writeShop(ledger, { townName, shopName, shopAddress, hotline, tillName, townKey });
    ledger.setSetting('enrolledIncarnation', String(incarnation));
    // A folder that went back does not know how far its town was, nor sees that the town forgot some of it meanwhile.
    askReportsAgain(ledger);
    if (identity === null) {
      ledger.begin(
        { town, shop, till: answer.till, incarnation },
        {
          kind: 'genesis',
          id: `${answer.till}:${incarnation}:genesis`,
          operator: null,
          body: { publicKey, incarnationId, because: incarnation === 1 ? 'enrolled' : 'restored' },
        },
        till.atMs(),
        till.businessDay(),
      );
    }
  });
  keeper.raise(ledger.head());
  waiting?.discard();
  return 'enrolled';
}

/** Joins the town over the network by its one-time code. */
export async function enrol(
  till: Till,
  keepOf: (name: string) => Keeper,
  code: string,
): Promise<'enrolled' | 'unreachable' | TownRefusal> {
  const { world } = till;
  if (world.town === null) return 'unreachable';
  for (let tries = 0; tries < NUMBERS_TRIED; tries += 1) {
    const asked = enrolRequest(till, keepOf, code);
    let answer: Answered;
    try {
      answer = await world.town.enrol(asked);
    } catch (error) {
      world.log(`enrol: ${error instanceof Error ? error.message : 'no answer'}`);
      return 'unreachable';
    }
    const outcome = takeEnrolment(till, keepOf, asked.incarnation, answer);
    if (outcome !== 'takenNumber') return outcome;
  }
  return 'duplicate';
}

/** The keys of an incarnation, also of a till that has no name yet. */
export function keysOf(till: Till, keepOf: (name: string) => Keeper, incarnation: number): Keys | null {
  const keeper = till.ledger.identity() === null ? waitingKeeper(till) : ownKeeper(till, keepOf);
  return keeper.keys(incarnation);
}

function ownKeeper(till: Till, keepOf: (name: string) => Keeper): Keeper {
  const { ledger, world } = till;
  const identity = ledger.identity();
  return keepOf(keepName(identity?.town ?? '', identity?.till ?? '', readShop(ledger).townKey, world.crypto));
}

function waitingKeeper(till: Till): Keeper {
  const { world } = till;
  return createKeeper(world.keepFolder, world.dataFolder, waitingName(till), world.crypto);
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
    ledger.setSetting('restored', '');
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
