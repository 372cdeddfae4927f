import type { Answer, Command } from '../../shared/till-contract.ts';
import type { Catalogue } from './catalogue.ts';
import { refusedUnlessManager } from './permission.ts';
import { answerOf, refuse, type Till } from './till.ts';

type CountStock = Extract<Command, { kind: 'countStock' }>;

/** The stock count: what was found against what the books held at the moment of counting. */
export function createCounting(till: Till, catalogue: Pick<Catalogue, 'byId'>) {
  /**
   * The difference is taken against `expected`, what the books held when the line was counted, and is added to whatever
   * they hold now: goods sold between the counting and the saving are thus taken off once, not twice.
   */
  const countStock = (command: CountStock): Answer => {
    const refusal = refusedUnlessManager(till);
    if (refusal !== null) return refusal;
    const unknown = command.lines.findIndex((line) => catalogue.byId(line.item) === null);
    if (unknown >= 0) return refuse('unknownItem', { line: unknown });
    // Two lines of one item would both be measured against the whole shelf, and the difference would count double.
    if (new Set(command.lines.map((line) => line.item)).size !== command.lines.length) return refuse('badInput');
    const lines = command.lines.map(({ item, expected, counted }) => ({
      item,
      expected,
      counted,
      difference: counted - expected,
    }));
    return answerOf(
      till.record({
        kind: 'count',
        id: command.id,
        operator: till.operator()?.id ?? null,
        body: { lines },
        stock: lines.flatMap(({ item, difference }, line) =>
          difference === 0 ? [] : [{ item, batch: null, delta: difference, line }],
        ),
      }),
    );
  };
  return { countStock };
}

export type Counting = ReturnType<typeof createCounting>;
