import type { ReturnedLine } from '../../shared/pricing.ts';
import type { Returnable } from '../../shared/town-contract.ts';
import type { Status } from '../../shared/till-contract.ts';
import type { TownClient, TownTrouble } from './town-client.ts';
import type { Clock } from './world.ts';

/** How long a cashier waits for the town before a refund that cannot go on without it is refused. */
const WITHOUT_IT_NOTHING_MS = 4_000;
/** How long for a refund that goes on without an answer: one of this till's own sale. */
const BETTER_WITH_IT_MS = 1_500;

const LATE: TownTrouble = { kind: 'trouble', because: 'unreachable' };

/**
 * What the counter asks of the town about a receipt (protocol, "Allotments"): what the sale was, and the claim under
 * which goods of it come back. A customer waits, so each question has a limit; what is answered too late is let go.
 */
export type Claims = Readonly<{
  state: () => Status['town'];
  /** Whether the town knows this incarnation, however long ago it was last heard. */
  isEnrolled: () => boolean;
  find: (receipt: string, isOwn: boolean) => Promise<{ kind: 'found'; sale: Returnable } | TownTrouble>;
  claim: (
    receipt: string,
    lines: readonly ReturnedLine[],
    isOwn: boolean,
  ) => Promise<{ kind: 'claimed'; request: string; sale: Returnable } | TownTrouble>;
  /** In the transaction of the refund's record: the claim is used, and nothing is left to let go. */
  used: (request: string) => void;
  /**
   * After the refund, or after it was not done. Its record goes up at once, since nobody else takes goods of this sale
   * back before; a claim that was not used is let go at the next contact.
   */
  finished: (request: string) => void;
}>;

export function createClaims(
  clock: Clock,
  town: TownClient,
  alone: <T>(work: () => Promise<T>) => Promise<T>,
  background: (work: () => Promise<unknown>) => void,
): Claims {
  const within = async <T extends object>(
    limitMs: number,
    work: (isWanted: () => boolean) => Promise<T | TownTrouble>,
  ): Promise<T | TownTrouble> => {
    let wanted = true;
    let cancel = (): void => {};
    const late = new Promise<TownTrouble>((resolve) => {
      cancel = clock.later(limitMs, () => {
        wanted = false;
        resolve(LATE);
      });
    });
    try {
      return await Promise.race([alone(() => work(() => wanted)), late]);
    } finally {
      cancel();
    }
  };
  const limitOf = (isOwn: boolean): number => (isOwn ? BETTER_WITH_IT_MS : WITHOUT_IT_NOTHING_MS);
  return {
    state: town.state,
    isEnrolled: town.isEnrolled,
    find: (receipt, isOwn) => within(limitOf(isOwn), async (isWanted) => (isWanted() ? town.findSale(receipt) : LATE)),
    claim: (receipt, lines, isOwn) => within(limitOf(isOwn), (isWanted) => town.claim(receipt, lines, isWanted)),
    used: town.claimUsed,
    finished: (request) => {
      town.claimFinished(request);
      background(() => alone(town.upload));
    },
  };
}
