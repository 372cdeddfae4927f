import type { BodyOf } from '../../shared/record-bodies.ts';
import type { Ledger } from './ledger/ledger.ts';

/**
 * What the cashier's search looks through, held in memory as one long run of UTF-8: scanning it takes a few milliseconds
 * where `LIKE` over a table of 200,000 rows takes tens, because SQLite walks pages and this walks bytes. As bytes it is
 * half of what a text would be, and no burden to the garbage collector. It is made at the first search and follows the
 * journal: each change of items is read from the records since.
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
const PAGE_ROWS = 500;

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

/** The line of an item, made by the database: a row of it would be five strings and an object, 200,000 times. */
const LINE_SQL = `char(1) || code || char(2) || IFNULL(plu, '') || char(2) || char(3) || REPLACE(initials, ' ', char(3))
    || char(2) || name || ' ' || spec`;

/** Many short texts as one run of UTF-8; each begins with the mark of a line. */
type Run = Readonly<{ bytes: Buffer; starts: Uint32Array }>;

/** Some hundred items in the order of their ids: each one's line, and its id. */
type Page = Readonly<{ lines: Run; ids: Run }>;

export function createItemSearch(ledger: Ledger) {
  let pages: Page[] = [];
  /** The id up to which the items have been read; null when all have. */
  let readTo: string | null = '';
  /** Lines of the items that changed since; theirs in the pages no longer count. */
  let changed = new Map<string, string>();
  let seenN = -1;

  const newestChange = (): number =>
    ledger.get<{ n: number | null }>(`SELECT MAX(n) AS n FROM journal WHERE kind = 'itemChange'`)?.n ?? 0;

  const begin = (): void => {
    pages = [];
    readTo = '';
    changed = new Map();
    // What changes while the pages are read is followed from here, whether a page has it already or not.
    seenN = newestChange();
  };

  /** Reads the next items; true when all are read. A host may do so before the first search, a step at a time. */
  const prepare = (): boolean => {
    if (seenN < 0) begin();
    if (readTo === null) return true;
    const read = ledger.get<{ lines: string | null; ids: string | null; last: string | null; count: number }>(
      `SELECT GROUP_CONCAT(line, '') AS lines, GROUP_CONCAT(char(1) || id, '') AS ids, MAX(id) AS last, COUNT(*) AS count
       FROM (SELECT id, ${LINE_SQL} AS line FROM item WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS})`,
      readTo,
    );
    const { lines, ids, last, count } = read ?? { lines: null, ids: null, last: null, count: 0 };
    if (lines !== null && ids !== null) pages.push({ lines: runOf(lines.toUpperCase()), ids: runOf(ids) });
    readTo = count < PAGE_ROWS ? null : last;
    return readTo === null;
  };

  /** Follows the journal: a few changed items are kept beside the pages, many make these anew. */
  const refresh = (): void => {
    if (seenN >= 0 && newestChange() !== seenN) {
      // Each record changes one item at least, so that more records than this are too many items in any case.
      const rows = ledger.all<{ n: number }>(
        `SELECT n FROM journal WHERE kind = 'itemChange' AND n > ? ORDER BY n LIMIT ${CHANGED_MAX + 1}`,
        seenN,
      );
      const ids = rows.flatMap(({ n }) =>
        ((ledger.byN(n)?.record.body as BodyOf<'itemChange'> | undefined)?.items ?? []).map(({ id }) => id),
      );
      if (ids.length === 0 || ids.length + changed.size > CHANGED_MAX) begin();
      else {
        for (const id of ids) {
          const row = ledger.get<{ line: string }>(`SELECT ${LINE_SQL} AS line FROM item WHERE id = ?`, id);
          if (row !== undefined) changed.set(id, row.line.toUpperCase());
        }
        seenN = newestChange();
      }
    }
    while (!prepare());
  };

  /** Adds the lines that hold `needle` and every word, until there are enough. True when there were more. */
  const scan = (needle: string, words: readonly Word[], matches: Map<string, Match>): boolean => {
    const bytes = Buffer.from(needle);
    for (const { lines, ids } of pages) {
      for (let line = lineWith(lines, bytes, 0); line >= 0; line = lineWith(lines, bytes, line + 1)) {
        if (matches.size >= MATCHES_MAX) return true;
        const item = textOf(ids, line).slice(LINE.length);
        if (!changed.has(item)) take(item, textOf(lines, line), words, matches);
      }
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
      const coded = ledger.all<{ id: string; line: string }>(
        `SELECT id, ${LINE_SQL} AS line FROM item WHERE code >= ? AND code < ? ORDER BY code LIMIT ${MATCHES_MAX}`,
        first.plain,
        `${first.plain}\u{10ffff}`,
      );
      for (const { id, line } of coded) take(id, line.toUpperCase(), words, better);
      for (const [item, match] of better) matches.set(item, match);
    }
    return [...matches.values()];
  };

  return { find, prepare };
}

function runOf(text: string): Run {
  const bytes = Buffer.from(text);
  const starts: number[] = [];
  for (let at = 0; at >= 0; at = bytes.indexOf(LINE, at + 1)) starts.push(at);
  return { bytes, starts: Uint32Array.of(...starts, bytes.length) };
}

function textOf({ bytes, starts }: Run, line: number): string {
  return bytes.toString('utf8', starts[line], starts[line + 1]);
}

/**
 * The first line from `from` on that holds these bytes, or -1. No byte of one character is a byte of another in UTF-8,
 * so that bytes can be searched.
 */
function lineWith({ bytes, starts }: Run, needle: Buffer, from: number): number {
  const start = starts[from];
  const position = start === undefined ? -1 : bytes.indexOf(needle, start);
  if (position < 0) return -1;
  let low = from;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

function take(item: string, line: string, words: readonly Word[], matches: Map<string, Match>): void {
  const first = words[0];
  if (first === undefined || matches.has(item)) return;
  if (!words.every(({ typed, plain }) => line.includes(plain) || line.includes(typed))) return;
  const nameLength = line.length - line.lastIndexOf(PART);
  matches.set(item, { item, rank: words.length === 1 ? rankIn(line, first.plain) : NAME_INSIDE, nameLength });
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
