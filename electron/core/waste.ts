import type { Answer, Command } from '../../shared/till-contract.ts';
import type { Catalogue } from './catalogue.ts';
import { refusedUnlessManager } from './permission.ts';
import { answerOf, refuse, type Till } from './till.ts';

type RecordWaste = Extract<Command, { kind: 'recordWaste' }>;

/** Goods thrown away: broken, spoilt or past their date (FOOD 54). */
export function createWaste(till: Till, catalogue: Pick<Catalogue, 'byId'>) {
  /** Takes the goods off the stock, below zero if need be: what lies in the bin is a fact that no figure refuses. */
  const recordWaste = (command: RecordWaste): Answer => {
    const refusal = refusedUnlessManager(till);
    if (refusal !== null) return refusal;
    const unknown = command.lines.findIndex((line) => catalogue.byId(line.item) === null);
    if (unknown >= 0) return refuse('unknownItem', { line: unknown });
    const reason = command.reason.trim();
    if (reason === '') return refuse('badInput');
    return answerOf(
      till.record({
        kind: 'waste',
        id: command.id,
        operator: till.operator()?.id ?? null,
        // Without a batch: what goes first is the oldest, as with a sale.
        body: {
          reason: till.codeOf(reason),
          lines: command.lines.map(({ item, quantity }) => ({ item, quantity, batch: null })),
        },
        stock: command.lines.map(({ item, quantity }, line) => ({ item, batch: null, delta: -quantity, line })),
      }),
    );
  };
  return { recordWaste };
}

export type Waste = ReturnType<typeof createWaste>;
