import { z } from 'zod';
import type { BodyOf } from '../../shared/record-bodies.ts';
import type { StockLine } from '../../shared/journal.ts';
import type { Answer, Command } from '../../shared/till-contract.ts';
import { addDays, dayOf } from '../../shared/time.ts';
import type { Catalogue } from './catalogue.ts';
import { refusedUnlessManager } from './permission.ts';
import { answerOf, refuse, type Till } from './till.ts';

type ReceiveGoods = Extract<Command, { kind: 'receiveGoods' }>;

const day = z.iso.date();

/** Goods in (FOOD 50, 53): one record of the delivery, a batch for each line, and the stock that it brings. */
export function createReceiving(till: Till, catalogue: Pick<Catalogue, 'byId'>) {
  const receiveGoods = (command: ReceiveGoods): Answer => {
    const refusal = refusedUnlessManager(till);
    if (refusal !== null) return refusal;
    const lines: BodyOf<'goodsIn'>['lines'] = [];
    for (const [index, line] of command.lines.entries()) {
      const item = catalogue.byId(line.item);
      if (item === null) return refuse('unknownItem', { line: index });
      if ((line.cases === null) !== (line.caseFactor === null)) return refuse('badInput', { line: index });
      if (line.cases !== null && line.caseFactor !== null) {
        const expected = line.cases * line.caseFactor;
        // Two numbers that are each possible multiply to one that no answer can carry.
        if (!Number.isSafeInteger(expected)) return refuse('badInput', { line: index });
        if (expected !== line.quantity) return refuse('badInput', { line: index, expected });
      }
      if (line.producedOn !== null && !day.safeParse(line.producedOn).success)
        return refuse('badInput', { line: index });
      const shelfLifeDays = line.shelfLifeDays ?? item.shelfLifeDays;
      lines.push({
        item: line.item,
        quantity: line.quantity,
        cases: line.cases,
        caseFactor: line.caseFactor,
        costFen: line.costFen,
        // Made from the document, so that the same delivery sent twice is the same record.
        batch: `${command.id}-${index}`,
        producedOn: line.producedOn,
        expiresOn: line.producedOn === null || shelfLifeDays === null ? null : addDays(line.producedOn, shelfLifeDays),
      });
    }
    // Dates are judged when goods come in, not when the same delivery is sent again a day later.
    if (till.ledger.byId(command.id) === null) {
      const today = dayOf(till.atMs());
      for (const [index, line] of lines.entries()) {
        if (line.producedOn !== null && line.producedOn > today) return refuse('badInput', { line: index });
        if (line.expiresOn !== null && line.expiresOn < today) return refuse('expiredBatch', { line: index });
      }
    }
    const stock: StockLine[] = lines.map((line, index) => ({
      item: line.item,
      batch: line.batch,
      delta: line.quantity,
      line: index,
    }));
    const supplier = command.supplier.trim();
    return answerOf(
      till.record({
        kind: 'goodsIn',
        id: command.id,
        operator: till.operator()?.id ?? null,
        // A farmer who brings eggs is a person: the journal holds a code, the words stay beside it.
        body: { supplier: supplier === '' ? '' : till.codeOf(supplier), lines },
        stock,
      }),
    );
  };
  return { receiveGoods };
}

export type Receiving = ReturnType<typeof createReceiving>;
