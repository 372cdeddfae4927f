import type { Item } from '../../shared/item.ts';
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
  let lines = new Run();
  let ids = new Run();
  /** Lines of the items that changed since; theirs in the long text no longer count. */
  let changed = new Map<string, string>();
  let seenN = -1;

  const readAll = (): void => {
    lines = new Run();
    ids = new Run();
    changed = new Map();
    let last = '';
    for (;;) {
      const rows = ledger.all<SearchRow>(
        `SELECT id, code, plu, name, spec, initials FROM item WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`,
        last,
      );
      lines.add(rows.map(lineOf));
      ids.add(rows.map((row) => row.id));
      last = rows.at(-1)?.id ?? '';
      if (rows.length < PAGE_ROWS) break;
    }
    lines.join();
    ids.join();
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

  /** Adds the lines that hold `needle` and every word, until there are enough. True when there were more. */
  const scan = (needle: string, words: readonly Word[], matches: Map<string, Match>): boolean => {
    const bytes = Buffer.from(needle);
    for (let line = lines.lineWith(bytes, 0); line >= 0; line = lines.lineWith(bytes, line + 1)) {
      if (matches.size >= MATCHES_MAX) return true;
      const item = ids.textOf(line);
      if (!changed.has(item)) take(item, lines.textOf(line), words, matches);
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

/** Many short texts as one run of UTF-8; a byte of one character is never a byte of another, so bytes can be searched. */
class Run {
  private bytes: Buffer = Buffer.alloc(0);
  private starts = new Uint32Array([0]);
  private parts: Buffer[] = [];
  private offsets: number[] = [0];

  add(texts: readonly string[]): void {
    let end = this.offsets.at(-1) ?? 0;
    for (const text of texts) {
      end += Buffer.byteLength(text);
      this.offsets.push(end);
    }
    this.parts.push(Buffer.from(texts.join('')));
  }

  /** Called once, after all was added. */
  join(): void {
    this.bytes = Buffer.concat(this.parts);
    this.starts = Uint32Array.from(this.offsets);
    this.parts = [];
    this.offsets = [];
  }

  textOf(line: number): string {
    return this.bytes.toString('utf8', this.starts[line], this.starts[line + 1]);
  }

  /** The first line from `from` on that holds these bytes, or -1. */
  lineWith(needle: Buffer, from: number): number {
    const start = this.starts[from];
    const position = start === undefined ? -1 : this.bytes.indexOf(needle, start);
    return position < 0 ? -1 : this.lineAt(position);
  }

  /** The number of the line that holds a position. */
  private lineAt(position: number): number {
    let low = 0;
    let high = this.starts.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
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
