import { implement } from '@orpc/server';
import { tillContract } from '../shared/till-contract.ts';
import type { TillClient, TillRouter } from './till-client.ts';

/** The core that answers now, and until when. */
export type Turn = Readonly<{ client: TillClient; over: AbortSignal }>;

const os = implement(tillContract);

type Asked = Readonly<{ input: unknown; signal?: AbortSignal }>;
/** A procedure of the contract, or the call of one, whichever it is. */
type AnyProcedure = Readonly<{ handler: (answer: (asked: Asked) => unknown) => unknown }>;
type AnyCall = (input: unknown, options: Readonly<{ signal?: AbortSignal }>) => unknown;

/**
 * A router that stands for one core after another: calls go to the one whose turn it is, and who watches is taken along
 * from one to the next without a line being cut.
 */
export function switchedRouter(now: () => Turn): TillRouter {
  const calls = Object.keys(tillContract).map((name) => {
    const procedure = os[name as keyof typeof tillContract] as unknown as AnyProcedure;
    const answer = ({ input, signal }: Asked): unknown => {
      const call = now().client[name as keyof TillClient] as unknown as AnyCall;
      return call(input, signal === undefined ? {} : { signal });
    };
    return [name, procedure.handler(answer)] as const;
  });
  return {
    ...(Object.fromEntries(calls) as unknown as TillRouter),
    watch: os.watch.handler(({ signal }) =>
      onAndOn(now, signal, ({ client }, until) => client.watch(undefined, { signal: until })),
    ),
    follow: os.follow.handler(({ input, signal }) =>
      onAndOn(now, signal, ({ client }, until) => client.follow(input, { signal: until })),
    ),
    scans: os.scans.handler(({ signal }) =>
      onAndOn(now, signal, ({ client }, until) => client.scans(undefined, { signal: until })),
    ),
    cards: os.cards.handler(({ signal }) =>
      onAndOn(now, signal, ({ client }, until) => client.cards(undefined, { signal: until })),
    ),
  };
}

/** What `open` brings of each core in its turn, until whoever watches leaves or a core ends it out of turn. */
async function* onAndOn<T>(
  now: () => Turn,
  signal: AbortSignal | undefined,
  open: (turn: Turn, until: AbortSignal) => Promise<AsyncIterable<T>>,
): AsyncGenerator<T, void> {
  for (;;) {
    const turn = now();
    const until = signal === undefined ? turn.over : AbortSignal.any([signal, turn.over]);
    for await (const news of await open(turn, until)) yield news;
    if (signal?.aborted === true || !turn.over.aborted) return;
  }
}
