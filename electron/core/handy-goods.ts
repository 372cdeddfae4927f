import { addDays } from '../../shared/time.ts';
import type { HandyItem } from '../../shared/till-contract.ts';
import type { Catalogue } from './catalogue.ts';
import type { ItemRow } from './ledger/item-row.ts';
import { itemFromRow } from './ledger/item-row.ts';
import type { Till } from './till.ts';

/** What fills a page of tiles and a little more. */
const SHOWN_MOST = 48;
const DAYS = 30;
/** A busy shop's week. What is counted stays this much, because a scan may wait behind it. */
const SALES_COUNTED = 3_000;
/** The count of a month changes little in this time. */
const COUNTED_FOR_MS = 10 * 60_000;

/** Goods that a hand wants without a code: sold often, sold just now, or loose by category. */
export function createHandyGoods(till: Till, catalogue: Catalogue) {
  const { ledger } = till;
  let counted: Readonly<{ atMs: number; day: string; items: readonly string[] }> | null = null;

  const itemsOf = (sql: string, ...parameters: (string | number)[]): string[] =>
    ledger.all<{ item: string }>(sql, ...parameters).map((row) => row.item);

  /** Most sold of the last thirty days, by how many sales they stood in and not by how many pieces one of them took. */
  const frequent = (): readonly string[] => {
    const day = till.businessDay();
    const atMs = till.atMs();
    if (counted !== null && counted.day === day && Math.abs(atMs - counted.atMs) < COUNTED_FOR_MS) return counted.items;
    const items = itemsOf(
      `SELECT line.item AS item FROM (SELECT n FROM receipt WHERE kind = 'sale' AND business_day >= ?
           ORDER BY n DESC LIMIT ${SALES_COUNTED}) sale
         JOIN stock_line line USING (n)
         GROUP BY line.item ORDER BY count(*) DESC, line.item LIMIT ${SHOWN_MOST}`,
      addDays(day, -DAYS),
    );
    counted = { atMs, day, items };
    return items;
  };

  /** What this till sold last, the newest first, each once. */
  const recent = (): readonly string[] => {
    const lines = itemsOf(
      `SELECT line.item AS item FROM receipt JOIN stock_line line USING (n)
         WHERE receipt.kind = 'sale' ORDER BY n DESC, line DESC LIMIT ${SHOWN_MOST * 6}`,
    );
    return [...new Set(lines)].slice(0, SHOWN_MOST);
  };

  const shown = (ids: readonly string[]): HandyItem[] => {
    const day = till.businessDay();
    return ids.flatMap((id) => {
      const item = catalogue.byId(id);
      // What has no price cannot be sold, and its tile would only be in the way.
      if (item === null || item.priceFen === null) return [];
      return { ...catalogue.found(item, day), plu: item.plu, category: item.category };
    });
  };

  const loose = (category: string | null): readonly string[] =>
    ledger
      .all<ItemRow>(
        `SELECT * FROM item WHERE per <> 'piece' AND price_fen IS NOT NULL AND (? IS NULL OR category = ?)
         ORDER BY name, id LIMIT ${SHOWN_MOST * 2}`,
        category,
        category,
      )
      .map((row) => itemFromRow(row).id);

  return {
    goods: (which: 'frequent' | 'recent' | 'loose', category: string | null): HandyItem[] => {
      if (which === 'frequent') return shown(frequent());
      return shown(which === 'recent' ? recent() : loose(category));
    },
    /** Categories that hold loose goods, the fullest first, so that no tab is empty and what is weighed all day is near. */
    looseCategories: (): string[] =>
      ledger
        .all<{ category: string }>(
          `SELECT category FROM item WHERE per <> 'piece' AND price_fen IS NOT NULL
             GROUP BY category ORDER BY count(*) DESC, category`,
        )
        .map((row) => row.category)
        .filter((category) => category !== ''),
  };
}

export type HandyGoods = ReturnType<typeof createHandyGoods>;
