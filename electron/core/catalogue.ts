import { z } from 'zod';
import { assertNever } from '../../shared/assert.ts';
import { hasRightCheckDigit } from '../../shared/barcode.ts';
import { canonical } from '../../shared/canonical.ts';
import { tidyInitials } from '../../shared/initials.ts';
import { promotionOn, type Item } from '../../shared/item.ts';
import { priceLines } from '../../shared/pricing.ts';
import { unitGrams } from '../../shared/quantity.ts';
import type { Answer, Command, FoundItem } from '../../shared/till-contract.ts';
import type { stockRowSchema } from '../../shared/till-contract.ts';
import { expiringItems, remainingBatches } from './batches.ts';
import { createItemSearch, wordsOf, type Match, type Word } from './item-search.ts';
import { itemFromRow, type ItemRow } from './ledger/item-row.ts';
import { refusedUnlessManager } from './permission.ts';
import { initialsOf } from './pinyin.ts';
import { perHead } from './per-head.ts';
import { answerOf, done, refuse, type Till } from './till.ts';

type SaveItem = Extract<Command, { kind: 'saveItem' }>;
type ChangePrice = Extract<Command, { kind: 'changePrice' }>;
type StockRow = z.infer<typeof stockRowSchema>;

export type StockQuery = Readonly<{
  text: string;
  only: 'all' | 'low' | 'unpriced' | 'expiring';
  category: string | null;
  offset: number;
  limit: number;
}>;

/** Rows of an item's history that a page gets, newest first. */
const HISTORY_MAX = 200;

const day = z.iso.date();

/** A code as the catalogue keeps it: full-width digits as plain ones, letters in capitals, no spaces. */
export function normalCode(text: string): string {
  return text.normalize('NFKC').replace(/\s+/g, '').toUpperCase();
}

/**
 * Why a code cannot be one, or null. Codes of 12, 13 and 14 digits are read by scanners, which give none with a wrong
 * check digit, so such an item could never be scanned. Eight digits from 0 are what shops number their own goods with:
 * no article has them, so there the check digit says nothing.
 */
export function codeFault(code: string): 'badCode' | 'wrongCheckDigit' | null {
  if (!/^[0-9A-Z]{5,20}$/.test(code)) return 'badCode';
  const isArticle = /^(?:\d{12,14}|[1-9]\d{7})$/.test(code);
  return isArticle && !hasRightCheckDigit(code) ? 'wrongCheckDigit' : null;
}

/** The forms under which a list may hold one article, the given one first: a UPC-A is an EAN-13 that begins with 0. */
export function codeForms(text: string): string[] {
  const code = normalCode(text);
  if (!/^\d{12,14}$/.test(code) || !hasRightCheckDigit(code)) return [code];
  const full = code.padStart(14, '0');
  const others = [full.slice(2), full.slice(1), full];
  return [code, ...others.filter((form) => form !== code && form.padStart(14, '0') === full)];
}

/** A name, unit or category in one line: no control characters, no doubled spaces, nothing that has no canonical form. */
export function tidyText(text: string, lengthMax: number): string {
  const plain = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return Array.from(plain).slice(0, lengthMax).join('').trim();
}

/** What the shop sells: looked up, searched and changed. Prices are fen, stock is pieces or grams. */
export function createCatalogue(till: Till) {
  const { ledger } = till;
  const itemSearch = createItemSearch(ledger);

  const itemOf = (row: ItemRow | undefined): Item | null => (row === undefined ? null : itemFromRow(row));

  const byId = (id: string): Item | null => itemOf(ledger.get<ItemRow>('SELECT * FROM item WHERE id = ?', id));

  /** Exact in any of the forms of an article's number, without regard to case. */
  const byCode = (code: string): Item | null => {
    for (const form of codeForms(code)) {
      const row = ledger.get<ItemRow>('SELECT * FROM item WHERE code = ?', form);
      if (row !== undefined) return itemFromRow(row);
    }
    return null;
  };

  /** By the number on a scale's label, which is padded with zeros to the width of its field. */
  const byPlu = (plu: string): Item | null => {
    const bare = plu.trim().replace(/^0+(?=.)/, '');
    for (const form of new Set([plu.trim(), bare.padStart(5, '0'), bare])) {
      const row = ledger.get<ItemRow>('SELECT * FROM item WHERE plu = ?', form);
      if (row !== undefined) return itemFromRow(row);
    }
    return null;
  };

  /** Stock on hand: the sum of the item's ledger lines, in pieces or grams; may be below zero. */
  const stockOf = perHead(
    ledger,
    (item: string): number =>
      ledger.get<{ quantity: number }>('SELECT quantity FROM stock WHERE item = ?', item)?.quantity ?? 0,
  );

  /** Whether goods of the item ever moved: from then on its quantities are pieces, or grams, for good. */
  const hasMoved = (item: string): boolean =>
    ledger.get<{ item: string }>('SELECT item FROM stock WHERE item = ?', item) !== undefined;

  /** The item as a page lists it; `payFen` is the best single price of the day for somebody without a card (R-P2). */
  const found = (item: Item, businessDay: string): FoundItem => ({
    item: item.id,
    code: item.code,
    name: item.name,
    spec: item.spec,
    unit: item.unit,
    per: item.per,
    priceFen: item.priceFen,
    payFen:
      item.priceFen === null
        ? null
        : Math.min(item.priceFen, item.clearanceFen ?? Infinity, promotionOn(item, businessDay) ?? Infinity),
    stock: stockOf(item.id),
  });

  /**
   * What a typed text may mean, best first: exact code, exact PLU, beginning of a code, beginning of the initials, inside
   * the initials, inside the name. Words parted by spaces must all be there.
   */
  const search = (text: string, limit: number): FoundItem[] => {
    const words = wordsOf(text);
    const ranks = new Map<string, Match>();
    for (const match of itemSearch.find(words)) ranks.set(match.item, match);
    const [only] = words;
    if (words.length === 1 && only !== undefined) {
      // Other forms of an article's number and a PLU without its zeros are no part of the searched text.
      const exactPlu = byPlu(only.plain);
      if (exactPlu !== null) ranks.set(exactPlu.id, { item: exactPlu.id, rank: 1, nameLength: 0 });
      const exactCode = byCode(only.plain);
      if (exactCode !== null) ranks.set(exactCode.id, { item: exactCode.id, rank: 0, nameLength: 0 });
    }
    const businessDay = till.businessDay();
    // The shorter name says less beside what was typed. What cannot be sold comes behind what can, within its rank.
    return [...ranks.values()]
      .sort((a, b) => a.rank - b.rank || a.nameLength - b.nameLength || (a.item < b.item ? -1 : 1))
      .slice(0, limit * 2)
      .map(({ item, rank }) => ({ item: byId(item), rank }))
      .flatMap(({ item, rank }) => (item === null ? [] : { item, order: rank * 2 + Number(item.priceFen === null) }))
      .sort((a, b) => a.order - b.order)
      .slice(0, limit)
      .map(({ item }) => found(item, businessDay));
  };

  const categories = (): string[] =>
    ledger
      .all<{ category: string }>('SELECT DISTINCT category FROM item ORDER BY category')
      .map((row) => row.category)
      .filter((category) => category !== '');

  /** Stock on hand, page by page; `total` counts what all pages hold. */
  const stockRows = (query: StockQuery): { rows: StockRow[]; total: number } => {
    const conditions: string[] = [];
    const parameters: (string | number)[] = [];
    const words = wordsOf(query.text);
    if (words.length > 0) {
      const text = containing(words);
      conditions.push(`i.id IN (SELECT s.item FROM item_search s WHERE ${text.where})`);
      parameters.push(...text.parameters);
    }
    if (query.category !== null) {
      conditions.push('i.category = ?');
      parameters.push(query.category);
    }
    switch (query.only) {
      case 'all':
        break;
      case 'low':
        conditions.push('i.low_stock IS NOT NULL AND coalesce(k.quantity, 0) < i.low_stock');
        break;
      case 'unpriced':
        conditions.push('i.price_fen IS NULL');
        break;
      case 'expiring':
        conditions.push('i.id IN (SELECT value FROM json_each(?))');
        parameters.push(JSON.stringify(expiringItems(ledger, till.businessDay())));
        break;
      default:
        assertNever(query.only);
    }
    const from = `FROM item i LEFT JOIN stock k ON k.item = i.id ${
      conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    }`;
    const total = ledger.get<{ total: number }>(`SELECT count(*) AS total ${from}`, ...parameters)?.total ?? 0;
    const rows = ledger.all<ItemRow & { stock: number }>(
      `SELECT i.*, coalesce(k.quantity, 0) AS stock ${from} ORDER BY i.category, i.name, i.id LIMIT ? OFFSET ?`,
      ...parameters,
      query.limit,
      query.offset,
    );
    return {
      total,
      rows: rows.map((row) => {
        const { id, code, name, spec, unit, per, category, priceFen, costFen, lowStock } = itemFromRow(row);
        return { item: id, code, name, spec, unit, per, category, priceFen, costFen, stock: row.stock, lowStock };
      }),
    };
  };

  /** An item with its price history, its movements and what is left of each delivery; null when there is none. */
  const detail = (id: string) => {
    const item = byId(id);
    if (item === null) return null;
    return {
      item,
      stock: stockOf(id),
      prices: ledger.all<{
        atMs: number;
        which: string;
        beforeFen: number | null;
        afterFen: number | null;
        operator: string | null;
      }>(
        `SELECT at_ms AS atMs, which, before_fen AS beforeFen, after_fen AS afterFen, operator FROM price_change
         WHERE item = ? ORDER BY n DESC LIMIT ${HISTORY_MAX}`,
        id,
      ),
      movements: ledger.all<{ atMs: number; kind: string; delta: number; document: string }>(
        `SELECT j.at_ms AS atMs, j.kind AS kind, l.delta AS delta, j.id AS document FROM stock_line l
         JOIN journal j ON j.n = l.n WHERE l.item = ? ORDER BY l.n DESC, l.line DESC LIMIT ${HISTORY_MAX}`,
        id,
      ),
      batches: remainingBatches(ledger, id)
        .map(({ batch, receivedAtMs, remaining, expiresOn }) => ({
          batch,
          receivedAtMs,
          quantity: remaining,
          expiresOn,
        }))
        .reverse(),
    };
  };

  /** What one unit costs with each number of stars, by the same arithmetic as a sale. */
  const starPrices = (id: string): { stars: number; payFen: number }[] => {
    const item = byId(id);
    if (item === null || item.priceFen === null) return [];
    const policy = till.policy();
    const promotionFen = promotionOn(item, till.businessDay());
    const offer = {
      category: item.category,
      priceFen: item.priceFen,
      discountable: item.discountable,
      ...(item.clearanceFen === null ? {} : { clearanceFen: item.clearanceFen }),
      ...(promotionFen === null ? {} : { promotionFen }),
    };
    const line =
      item.per === 'piece'
        ? { ...offer, per: item.per, count: 1 }
        : { ...offer, per: item.per, grams: unitGrams(item.per) };
    return policy.discount.rateBpByStars.map((_, stars) => {
      const member = { stars, spendable: 0, spentToday: 0, spentThisMonth: 0 };
      return { stars, payFen: priceLines([line], member, policy).totalFen };
    });
  };

  /** Whether another item already answers to this code or PLU. */
  const isTaken = (item: Item): boolean => {
    const byItsCode = byCode(item.code);
    const byItsPlu = item.plu === null ? null : byPlu(item.plu);
    return (byItsCode !== null && byItsCode.id !== item.id) || (byItsPlu !== null && byItsPlu.id !== item.id);
  };

  /** Creates an item or writes all of it anew. */
  const saveItem = (command: SaveItem): Answer => {
    const refusal = refusedUnlessManager(till);
    if (refusal !== null) return refusal;
    const item = tidyItem(command.item);
    const before = byId(item.id);
    const fault = before?.code === item.code ? null : codeFault(item.code);
    if (fault !== null) return refuse(fault === 'badCode' ? 'badInput' : fault);
    if (item.id === '' || item.name === '' || !isSound(item)) return refuse('badInput');
    if (isTaken(item)) return refuse('duplicateCode');
    if (before !== null && measuredOtherwise(before, item) && hasMoved(item.id)) return refuse('badInput');
    // An old offer above a newer shelf price is no offence, since it never raises what is paid; a new one is a mistake.
    const shelfFen = item.priceFen ?? 0;
    const clearanceIsNew = item.clearanceFen !== null && item.clearanceFen !== before?.clearanceFen;
    const promotionIsNew = item.promotion !== null && item.promotion.priceFen !== before?.promotion?.priceFen;
    if (
      (clearanceIsNew && (item.clearanceFen ?? 0) > shelfFen) ||
      (promotionIsNew && (item.promotion?.priceFen ?? 0) > shelfFen)
    )
      return item.priceFen === null ? refuse('notPriced') : refuse('priceAboveShelf', { shelfFen });
    if (before !== null && canonical(before) === canonical(item) && ledger.byId(command.id) === null) return done;
    return answerOf(
      till.record({
        kind: 'itemChange',
        id: command.id,
        operator: till.operator()?.id ?? null,
        body: { source: 'manager', items: [item] },
      }),
    );
  };

  /** Sets or ends (null) one of an item's prices; the record keeps what it was (R-P6). */
  const changePrice = (command: ChangePrice): Answer => {
    const refusal = refusedUnlessManager(till);
    if (refusal !== null) return refusal;
    const item = byId(command.item);
    if (item === null) return refuse('unknownItem');
    const { which, priceFen } = command;
    const isPromotion = which === 'promotion' && priceFen !== null;
    const fromDay = isPromotion ? command.fromDay : null;
    const toDay = isPromotion ? command.toDay : null;
    const repeated = ledger.byId(command.id);
    if (repeated === null) {
      if (priceFen !== null && priceFen < 1) return refuse('badInput');
      if ([fromDay, toDay].some((one) => one !== null && !day.safeParse(one).success)) return refuse('badInput');
      if (fromDay !== null && toDay !== null && fromDay > toDay) return refuse('badInput');
      if (which !== 'shelf' && priceFen !== null) {
        if (item.priceFen === null) return refuse('notPriced');
        if (priceFen > item.priceFen) return refuse('priceAboveShelf', { shelfFen: item.priceFen });
      }
      if (isSamePrice(item, which, priceFen, fromDay, toDay)) return done;
    }
    // The second time, what stood before is what the record says: by now the item has the new price.
    const beforeFen =
      repeated?.record.kind === 'priceChange'
        ? ((repeated.record.body as { beforeFen: number | null }).beforeFen ?? null)
        : priceNow(item, which);
    return answerOf(
      till.record({
        kind: 'priceChange',
        id: command.id,
        operator: till.operator()?.id ?? null,
        body: { item: item.id, which, beforeFen, afterFen: priceFen, fromDay, toDay },
      }),
    );
  };

  return {
    byId,
    byCode,
    byPlu,
    search,
    /** Reads what the search looks through, so that the first one need not; a second at 200,000 items. */
    /** Reads some of what the search looks through; true when there is no more to read. */
    prepareSearch: itemSearch.prepare,
    found,
    stockOf,
    hasMoved,
    isTaken,
    categories,
    stockRows,
    detail,
    starPrices,
    saveItem,
    changePrice,
  };
}

export type Catalogue = ReturnType<typeof createCatalogue>;

/** The price that a change replaces, fen. */
function priceNow(item: Item, which: ChangePrice['which']): number | null {
  switch (which) {
    case 'shelf':
      return item.priceFen;
    case 'clearance':
      return item.clearanceFen;
    case 'promotion':
      return item.promotion?.priceFen ?? null;
    default:
      return assertNever(which);
  }
}

function isSamePrice(
  item: Item,
  which: ChangePrice['which'],
  priceFen: number | null,
  fromDay: string | null,
  toDay: string | null,
): boolean {
  if (priceNow(item, which) !== priceFen) return false;
  if (which !== 'promotion' || item.promotion === null) return true;
  return item.promotion.fromDay === (fromDay ?? '') && item.promotion.toDay === (toDay ?? '9999-12-31');
}

/** Whether one counts pieces and the other grams. */
export function measuredOtherwise(before: Item, after: Item): boolean {
  return (before.per === 'piece') !== (after.per === 'piece');
}

/** An item as it is kept: tidy texts, code and PLU in their one form, initials made from the name where there are none. */
export function tidyItem(item: Item): Item {
  const name = tidyText(item.name, 100);
  const plu = item.plu === null ? '' : normalCode(item.plu);
  const initials = tidyInitials(item.initials);
  return {
    ...item,
    code: normalCode(item.code),
    name,
    category: tidyText(item.category, 40),
    spec: tidyText(item.spec, 60),
    unit: tidyText(item.unit, 12),
    plu: plu === '' ? null : plu.padStart(5, '0'),
    initials: initials === '' ? initialsOf(name) : initials,
  };
}

function isSound(item: Item): boolean {
  if (item.plu !== null && !/^\d{5,8}$/.test(item.plu)) return false;
  const { promotion } = item;
  if (promotion === null) return true;
  // A promotion without a first day keeps an empty one (see the projection of price changes).
  const startsWell = promotion.fromDay === '' || day.safeParse(promotion.fromDay).success;
  return startsWell && day.safeParse(promotion.toDay).success && promotion.fromDay <= promotion.toDay;
}

/** The condition that the searched text `s.text` holds all words. */
function containing(words: readonly Word[]): { where: string; parameters: string[] } {
  const where = words
    .map(({ typed, plain }) =>
      typed === plain ? 'instr(s.text, ?) > 0' : '(instr(s.text, ?) > 0 OR instr(s.text, ?) > 0)',
    )
    .join(' AND ');
  return { where, parameters: words.flatMap(({ typed, plain }) => (typed === plain ? [plain] : [typed, plain])) };
}
