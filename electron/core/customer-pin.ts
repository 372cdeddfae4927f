import type { SealedPin } from '../../shared/town-contract.ts';
import type { Answer, Screen } from '../../shared/till-contract.ts';
import type { TownTrouble } from './town-client.ts';
import { done, refuse } from './till.ts';
import { within } from './within.ts';
import type { World } from './world.ts';

/** How long a customer waits for the town. Without an answer the limit stays, and a manager may know the person. */
const WAIT_MS = 5_000;

/** What a PIN is asked for: a member at one document, which is the sale. */
type Asked = Readonly<{ ask: string; document: string; member: string; mask: string }>;
type State = NonNullable<Screen['pin']>['state'];

type Parts = Readonly<{
  world: World;
  check: (
    wanted: Readonly<{ request: string; member: string; document: string; pin: string }>,
  ) => Promise<Readonly<{ kind: 'judged'; proof: SealedPin }> | TownTrouble>;
  /** The town says that it was the member's PIN. */
  proven: (document: string, member: string) => void;
  changed: () => void;
}>;

/**
 * A member's PIN, typed on the customer's side and judged by the town alone (R-C4). It passes through here to the town and
 * is kept nowhere: what stays is the question and how it was answered.
 */
export function createCustomerPin({ world, check, proven, changed }: Parts) {
  let asked: Asked | null = null;
  let state: State = 'asked';
  let left: number | null = null;

  const become = (next: State, tries: number | null = null): void => {
    state = next;
    left = tries;
    changed();
  };

  return {
    ask: (document: string, member: string, mask: string): Answer => {
      asked = { ask: world.newId(), document, member, mask };
      become('asked');
      return done;
    },
    /** Nobody asks any more: the customer went on without, or the sale is another one. */
    cancel: (): Answer => {
      asked = null;
      changed();
      return done;
    },
    enter: async (ask: string, pin: string): Promise<Answer> => {
      const wanted = asked;
      if (wanted === null || wanted.ask !== ask || state === 'checking' || state === 'locked') return refuse('noSale');
      become('checking');
      const { member, document } = wanted;
      const judged = await within(world.clock, WAIT_MS, check({ request: world.newId(), member, document, pin }));
      if (asked !== wanted) return refuse('noSale');
      if (judged === null || judged.kind === 'trouble') {
        become('unreachable');
        return refuse('townNeeded');
      }
      const { outcome, left: tries } = judged.proof;
      if (outcome === 'right') {
        asked = null;
        changed();
        proven(document, member);
        return done;
      }
      become(outcome, outcome === 'wrong' ? tries : null);
      return refuse('wrongPin');
    },
    /** The question as pages show it, as long as `document` is what stands at the counter. */
    shown: (document: string): Screen['pin'] =>
      asked === null || asked.document !== document ? null : { ask: asked.ask, mask: asked.mask, state, left },
  };
}

export type CustomerPin = ReturnType<typeof createCustomerPin>;
