import { z } from 'zod';
import type { dueTagSchema } from '../../shared/till-contract.ts';
import type { Catalogue } from './catalogue.ts';
import type { Till } from './till.ts';

/** Which change of price each tag shows that was printed since all were last counted as printed. */
const printedSchema = z
  .object({ allUpTo: z.int(), items: z.record(z.string(), z.int()) })
  .catch({ allUpTo: 0, items: {} });

type DueTag = z.infer<typeof dueTagSchema>;

/** Shelf tags (价签): the goods whose shelf price is another than the one on their tag, and the printing of tags. */
export function createLabels(till: Till, catalogue: Catalogue) {
  const { ledger, world } = till;
  let printed = printedSchema.parse(JSON.parse(ledger.setting('tagsPrinted') ?? '{}'));
  const keep = (): void => ledger.setSetting('tagsPrinted', JSON.stringify(printed));

  /**
   * Newest change first; the number of the record says which change a tag shows. Goods that had no price before have no
   * tag that could be wrong, so that an import of a whole shop asks for none.
   */
  const due = (): (DueTag & Readonly<{ n: number }>)[] =>
    ledger
      .all<DueTag & { n: number }>(
        `SELECT i.id AS item, i.code, i.name, i.spec, i.unit, i.per, i.price_fen AS priceFen, c.n, c.at_ms AS changedAtMs
         FROM (SELECT item, max(n) AS n, at_ms FROM price_change
               WHERE which = 'shelf' AND before_fen IS NOT NULL AND n > ? GROUP BY item) c
         JOIN item i ON i.id = c.item WHERE i.price_fen IS NOT NULL ORDER BY c.n DESC, i.name`,
        printed.allUpTo,
      )
      .filter(({ item, n }) => n > (printed.items[item] ?? 0));

  return {
    /** The first `limit` of them, and how many there are. */
    due: (limit: number): { rows: DueTag[]; total: number } => {
      const all = due();
      return { rows: all.slice(0, limit), total: all.length };
    },
    /** Prints a tag for each item, one after the other, and stops at the first that fails. */
    print: async (items: readonly string[]): Promise<{ printed: number; failed: boolean }> => {
      let count = 0;
      for (const id of items) {
        const item = catalogue.byId(id);
        if (item === null || item.priceFen === null) continue;
        const upTo = ledger.tip().catalogueN;
        const { name, spec, unit, priceFen, per, code } = item;
        const outcome = await world.devices.printTag({ name, spec, unit, priceFen, per, code });
        if (outcome === 'failed') return { printed: count, failed: true };
        count += 1;
        printed.items[id] = upTo;
        keep();
      }
      return { printed: count, failed: false };
    },
    /** Every tag in the shop is right as it stands. */
    settle: (): void => {
      printed = { allUpTo: ledger.tip().catalogueN, items: {} };
      keep();
    },
  };
}

export type Labels = ReturnType<typeof createLabels>;
