import type { TownApi } from '../../electron/core/town-api.ts';
import type { FaultKind, Options } from './options.ts';
import { createRandom, type Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

type Call = (name: keyof TownApi, input: unknown) => Promise<unknown>;

/** What lies between the tills and their town: every message takes its time, and may be lost, doubled, late or replayed. */
export type Network = Readonly<{
  /** The town as one process of a till calls it; once `isDead` nothing comes back to it. */
  lineOf: (till: string, isDead: () => boolean) => TownApi;
  /** Cuts a till off until a moment. */
  cut: (till: string, untilMs: number) => void;
  isCut: (till: string) => boolean;
  /** From here on faults strike. */
  start: () => void;
  /** From here on every message arrives, once. */
  heal: () => void;
}>;

/** How long a till waits for an answer before it gives the call up. */
const PATIENCE_MS = 10_000;
const REPLAY_AFTER_MS = 6 * 3_600_000;

export function createNetwork(
  options: Options,
  time: VirtualTime,
  town: Call,
  happened: (kind: FaultKind) => void,
): Network {
  const cuts = new Map<string, number>();
  const randoms = new Map<string, Random>();
  let healed = true;

  const randomOf = (till: string): Random => {
    const known = randoms.get(till);
    if (known !== undefined) return known;
    const random = createRandom(`${options.seed}:network:${till}`);
    randoms.set(till, random);
    return random;
  };

  const isCut = (till: string): boolean => time.nowMs() < (cuts.get(till) ?? 0);

  const strikes = (random: Random, kind: keyof Options['network']): boolean => {
    if (!random.chance(options.network[kind]) || healed) return false;
    happened(kind);
    return true;
  };

  const call = (till: string, isDead: () => boolean, name: keyof TownApi, input: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      // Nothing leaves a machine that has lost its process.
      if (isDead()) return;
      const random = randomOf(till);
      // What is sent is bytes: nobody may change it under way.
      const message = structuredClone(input);
      let open = true;
      const answer = (deliver: () => void): void => {
        if (!open || isDead()) return;
        open = false;
        deliver();
      };
      const give = (): void => answer(() => reject(new Error('no answer')));
      const patience = time.at(time.nowMs() + PATIENCE_MS, give);
      if (isCut(till)) {
        time.at(time.nowMs() + 1, give);
        return;
      }
      const outMs = random.between(5, 200);
      const backMs = strikes(random, 'answerLate')
        ? random.between(PATIENCE_MS / 2, 2 * PATIENCE_MS)
        : random.between(5, 300);
      const loses = strikes(random, 'requestLost');
      const losesAnswer = strikes(random, 'answerLost');
      const doubles = strikes(random, 'requestDoubled');
      const replays = strikes(random, 'requestReplayed');
      const deliver = (isFirst: boolean): void => {
        void town(name, structuredClone(message)).then(
          (value) => {
            if (!isFirst || losesAnswer || isCut(till)) return;
            const copy = structuredClone(value);
            time.at(time.nowMs() + backMs, () => {
              patience();
              if (isCut(till)) give();
              else answer(() => resolve(copy));
            });
          },
          () => {
            if (isFirst) time.at(time.nowMs() + backMs, give);
          },
        );
      };
      if (!loses) time.at(time.nowMs() + outMs, () => deliver(true));
      if (doubles) time.at(time.nowMs() + outMs + random.between(0, 3_000), () => deliver(false));
      if (replays) time.at(time.nowMs() + random.between(60_000, REPLAY_AFTER_MS), () => deliver(false));
    });

  return {
    lineOf: (till, isDead) =>
      new Proxy({} as TownApi, {
        get: (_target, name) => (input: unknown) => call(till, isDead, name as keyof TownApi, input),
      }),
    cut: (till, untilMs) => {
      cuts.set(till, Math.max(untilMs, cuts.get(till) ?? 0));
    },
    isCut,
    start: () => {
      healed = false;
    },
    heal: () => {
      healed = true;
      cuts.clear();
    },
  };
}
