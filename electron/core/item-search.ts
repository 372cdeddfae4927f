import type { Item } from '../../shared/item.ts';
import type { BodyOf } from '../../shared/record-bodies.ts';
import type { Ledger } from './ledger/ledger.ts';

/**
 * What the cashier's search looks through, held in memory as one long text: scanning it takes a few milliseconds where
 * `LIKE` over a table of 200,000 rows takes tens, because SQLite walks pages and JavaScript walks bytes. It is made at
 * the first search and follows the journal: each change of items is read from the records since.
 *
 * A line is `LINE code PART plu PART (WORD initials)* PART name spec`, in capitals. The marks are control characters,
 * which no item's text holds, so that the place of a match says what was matched.
 */
const LINE = '\u0001';
const PART = '\u0002';
const WORD = '\u0003';

/** Matches that are ranked; a text that more items contain is too short to mean one of them. */
const MATCHES_MAX = 400;
/** Items changed since the text was made that are kept beside it before it is made anew. */
const CHANGED_MAX = 400;
const PAGE_ROWS = 5_000;

type SearchRow = Pick<Item, 'id' | 'code' | 'plu' | 'name' | 'spec' | 'initials'>;

/** A word of a search as typed and with full-width forms made plain: the list may hold either. */
export type Word = Readonly<{ typed: string; plain: string }>;

/** The smaller, the better; what a match means, in the order in which a cashier expects it. */
export type Rank = 0 | 1 | 2 | 3 | 4 | 5;
const EXACT_CODE = 0;
const EXACT_PLU = 1;
const CODE_PREFIX = 2;
const INITIALS_PREFIX = 3;
const INITIALS_INSIDE = 4;
const NAME_INSIDE = 5;

export type Match = Readonly<{ item: string; rank: Rank; nameLength: number }>;

/** The words of a text that somebody typed into the search. */
export function wordsOf(text: string): Word[] {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .toUpperCase()
    .split(/\s+/)
    .filter((typed) => typed !== '')
    .map((typed) => ({ typed, plain: typed.normalize('NFKC') }));
}

export function createItemSearch(ledger: Ledger) {
  let text = '';
  let starts = new Uint32Array(0);
  let ids: string[] = [];
  /** Lines of the items that changed since; theirs in the long text no longer count. */
  let changed = new Map<string, string>();
  let seenN = -1;

  const readAll = (): void => {
    const pages: string[] = [];
    const offsets: number[] = [];
    ids = [];
    changed = new Map();
    let length = 0;
    let last = '';
    for (;;) {
      const rows = ledger.all<SearchRow>(
        `SELECT id, code, plu, name, spec, initials FROM item WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`,
        last,
      );
      const lines = rows.map(lineOf);
      for (const [index, line] of lines.entries()) {
        offsets.push(length);
        length += line.length;
        ids.push(rows[index]?.id ?? '');
      }
      pages.push(lines.join(''));
      last = rows.at(-1)?.id ?? '';
      if (rows.length < PAGE_ROWS) break;
    }
    text = pages.join('');
    starts = Uint32Array.from(offsets);
  };

  /**
   * Makes the text where there is none yet, which a host may do before the first search, and follows the journal: a few
   * changed items are kept beside the long text, many make it anew.
   */
  const refresh = (): void => {
    const n = ledger.get<{ n: number | null }>(`SELECT max(n) AS n FROM journal WHERE kind = 'itemChange'`)?.n ?? 0;
    if (n === seenN) return;
    const since =
      seenN < 0 || n < seenN
        ? null
        : ledger
            .all<{ n: number }>(`SELECT n FROM journal WHERE kind = 'itemChange' AND n > ? ORDER BY n LIMIT 20`, seenN)
            .flatMap((row) => (ledger.byN(row.n)?.record.body as BodyOf<'itemChange'> | undefined)?.items ?? []);
    if (since === null || since.length + changed.size > CHANGED_MAX) readAll();
    else for (const item of since) changed.set(item.id, lineOf(item));
    seenN = n;
  };

  /** The number of the line that holds a position of the long text. */
  const lineAt = (position: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  /** Adds the lines that hold `needle` and every word, until there are enough. True when there were more. */
  const scan = (needle: string, words: readonly Word[], matches: Map<string, Match>): boolean => {
    let position = text.indexOf(needle);
    while (position >= 0) {
      if (matches.size >= MATCHES_MAX) return true;
      const line = lineAt(position);
      const from = starts[line] ?? 0;
      const to = starts[line + 1] ?? text.length;
      const item = ids[line] ?? '';
      if (!changed.has(item)) take(item, text.slice(from, to), words, matches);
      position = text.indexOf(needle, to);
    }
    return false;
  };

  /** Every item that the words may mean, in no order; cut off where they may mean too many. */
  const find = (words: readonly Word[]): Match[] => {
    refresh();
    const [first] = words.toSorted((a, b) => b.plain.length - a.plain.length);
    if (first === undefined) return [];
    const matches = new Map<string, Match>();
    for (const [item, line] of changed) take(item, line, words, matches);
    let cut = false;
    for (const needle of new Set([first.typed, first.plain])) cut = scan(needle, words, matches) || cut;
    // Cut short: codes and initials that begin with the text are looked for by themselves, being worth more.
    if (cut && /^[0-9A-Z]+$/.test(first.plain)) {
      const better = new Map<string, Match>();
      scan(WORD + first.plain, words, better);
      const coded = ledger.all<SearchRow>(
        `SELECT id, code, plu, name, spec, initials FROM item WHERE code >= ? AND code < ? ORDER BY code LIMIT ${MATCHES_MAX}`,
        first.plain,
        `${first.plain}\u{10ffff}`,
      );
      for (const row of coded) take(row.id, lineOf(row), words, better);
      for (const [item, match] of better) matches.set(item, match);
    }
    return [...matches.values()];
  };

  return { find, refresh };
}

function take(item: string, line: string, words: readonly Word[], matches: Map<string, Match>): void {
  const first = words[0];
  if (first === undefined || matches.has(item)) return;
  if (!words.every(({ typed, plain }) => line.includes(plain) || line.includes(typed))) return;
  const nameLength = line.length - line.lastIndexOf(PART);
  matches.set(item, { item, rank: words.length === 1 ? rankIn(line, first.plain) : NAME_INSIDE, nameLength });
}

function lineOf({ code, plu, name, spec, initials }: SearchRow): string {
  const words = initials
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => WORD + word)
    .join('');
  return `${LINE}${code}${PART}${plu ?? ''}${PART}${words}${PART}${name} ${spec}`.toUpperCase();
}

function rankIn(line: string, plain: string): Rank {
  if (line.startsWith(`${LINE}${plain}${PART}`)) return EXACT_CODE;
  const codeEnd = line.indexOf(PART);
  const pluEnd = line.indexOf(PART, codeEnd + 1);
  if (line.slice(codeEnd + 1, pluEnd) === plain) return EXACT_PLU;
  if (line.startsWith(LINE + plain)) return CODE_PREFIX;
  const initials = line.slice(pluEnd, line.lastIndexOf(PART));
  if (initials.includes(WORD + plain)) return INITIALS_PREFIX;
  return initials.includes(plain) ? INITIALS_INSIDE : NAME_INSIDE;
}
