import { createHash, createPrivateKey, sign } from 'node:crypto';
import { canonical } from '../shared/canonical.ts';
import { recordHash } from '../shared/journal.ts';
import { seal } from '../shared/signed.ts';

/**
 * Seeded tampering with an export or with the rows of a journal, and what must come of it. Three hands do it: one that
 * only edits, one that also makes every hash fit again but has no key, and one that holds the key of the till as well.
 * The last may rewrite what no statement of the town in the export acknowledges, and that is said as a limit.
 */
export type Files = ReadonlyMap<string, Buffer>;
export type Hand = 'edits' | 'rehashes' | 'signs';
export type RowMutation = 'field' | 'drop' | 'repeat' | 'swap' | 'cutTail' | 'insert' | 'reorderKeys' | 'turnByte';
export type OtherMutation =
  | 'line'
  | 'dropLine'
  | 'repeatLine'
  | 'byte'
  | 'cutFile'
  | 'dropFile'
  | 'forgeStatement'
  | 'key';

export type Mutation = Readonly<{
  seed: number;
  hand: Hand;
  what: RowMutation | OtherMutation;
  file: string;
  /** From 1; 0 for the whole file. */
  line: number;
  /** The field that was changed, as a path from the record; empty where no single one was. */
  field: string;
  /**
   * `atLine`: a fault must name the file and this line or the next. `inFile`: a fault must name the file. `found`: some
   * fault must be named. `limit`: nobody can find it, since its hand holds the key and the town never saw the record.
   */
  expected: 'atLine' | 'inFile' | 'found' | 'limit';
}>;

export type Tampered = Readonly<{ mutation: Mutation; files: Files }>;

/** A till's secret keys by incarnation, for the hand that holds them. */
export type TillKeys = Readonly<Record<string, Readonly<{ privateKey: string }>>>;

type Random = (below: number) => number;

/** A small generator of known quality (mulberry32), so that a seed always means the same mutation. */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hashOf = (text: string): string => recordHash(text, sha256);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Leaf = Readonly<{ path: readonly (string | number)[]; value: Json }>;

/** Every value of a record that is not itself a list or an object, and every empty one, with its path. */
export function leavesOf(value: Json, path: readonly (string | number)[] = []): Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }];
  const inside: [string | number, Json][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return inside.length === 0 ? [{ path, value }] : inside.flatMap(([key, one]) => leavesOf(one, [...path, key]));
}

function withLeaf(value: Json, path: readonly (string | number)[], put: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return put;
  if (Array.isArray(value)) return value.map((one, at) => (at === key ? withLeaf(one, rest, put) : one));
  if (typeof value !== 'object' || value === null) return value;
  return { ...value, [key]: withLeaf(value[key] ?? null, rest, put) };
}

/** Another value of the same sort: a forger would not change an amount into a list. */
function otherThan(value: Json, random: Random): Json {
  if (typeof value === 'number') return value + 1 + random(100);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return turned(value, random);
  return value === null ? 'someone' : Array.isArray(value) ? [1] : { a: 1 };
}

/** A text with one character turned. Hex stays hex and digits stay digits, so that it looks as before. */
function turned(value: string, random: Random): string {
  const at = random(Math.max(1, value.length));
  const other = value.replace(/./gsu, (one, place: number) =>
    place !== at ? one : /[0-8]/.test(one) ? String(Number(one) + 1) : one === '9' ? '0' : one === 'a' ? 'b' : 'a',
  );
  return other === value ? `${value}a` : other;
}

const linesOf = (bytes: Buffer): string[] => bytes.toString().split('\n').slice(0, -1);
const bytesOf = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const parse = (text: string): Record<string, Json> => JSON.parse(text) as Record<string, Json>;
const print = (value: Json): string => canonical(value);

const ROW_MUTATIONS: readonly RowMutation[] = [
  'field',
  'field',
  'field',
  'field',
  'field',
  'drop',
  'repeat',
  'swap',
  'cutTail',
  'insert',
  'reorderKeys',
  'turnByte',
];

type RowChange = Readonly<{ texts: string[]; line: number; field: string }>;

/** Tampers with the texts of a chain of records, without any repair. `line` is from 1. */
export function tamperRows(texts: readonly string[], what: RowMutation, random: Random): RowChange {
  const at = random(texts.length);
  const text = texts[at] ?? '';
  const plain = (changed: string[], line = at + 1, field = ''): RowChange => ({ texts: changed, line, field });
  switch (what) {
    case 'field': {
      const record = parse(text);
      const leaves = leavesOf(record);
      const leaf = leaves[random(leaves.length)];
      if (leaf === undefined) return plain(texts.toSpliced(at, 1));
      const changed = print(withLeaf(record, leaf.path, otherThan(leaf.value, random)));
      return plain(texts.with(at, changed), at + 1, leaf.path.join('.'));
    }
    case 'drop':
      return plain(texts.toSpliced(at, 1));
    case 'repeat':
      return plain(texts.toSpliced(at, 0, text), at + 2);
    case 'swap': {
      const first = Math.min(at, texts.length - 2);
      return plain(texts.toSpliced(first, 2, texts[first + 1] ?? '', texts[first] ?? ''), first + 1);
    }
    case 'cutTail':
      return plain(texts.slice(0, at), at + 1);
    case 'insert': {
      // A record of somebody's own making, in its place in the row.
      const record = { ...parse(text), id: `forged-${random(1_000_000)}` };
      return plain(texts.toSpliced(at, 0, print(record)), at + 1);
    }
    case 'reorderKeys': {
      const { v, ...rest } = parse(text);
      return plain(texts.with(at, JSON.stringify({ v, ...rest })));
    }
    case 'turnByte': {
      const bytes = Buffer.from(text);
      const place = random(bytes.length);
      bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << random(7)), place);
      // A line end would make two lines of one, which is another mutation.
      return plain(texts.with(at, bytes.toString().replaceAll('\n', ' ')));
    }
    default:
      return what satisfies never;
  }
}

/** Numbers and links every record anew, and signs each closing again where the key is at hand, as a good forger would. */
export function rechain(texts: readonly string[], before: string, firstSeq: number, key: string | null): string[] {
  let previous = before;
  return texts.map((text, at) => {
    let record: Record<string, Json>;
    try {
      record = parse(text);
    } catch {
      previous = hashOf(text);
      return text;
    }
    const { body } = record;
    record = { ...record, seq: firstSeq + at, previous };
    if (key !== null && typeof body === 'object' && body !== null && 'signature' in body) {
      const { signature: _, ...claims } = body as Record<string, Json>;
      const said = 'headHash' in claims ? { ...claims, headHash: previous } : claims;
      const signed = { ...said, signature: seal('closing', said, signWith(key)).signature };
      record = { ...record, body: signed };
    }
    const made = print(record);
    previous = hashOf(made);
    return made;
  });
}

const signWith =
  (privateKey: string) =>
  (bytes: Uint8Array): string =>
    sign(
      null,
      bytes,
      createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' }),
    ).toString('base64');

type Manifest = {
  files: { name: string; bytes: number; sha256: string }[];
  parts: { incarnation: number; firstSeq: number; lastSeq: number; before: string; head: string }[];
  signedBy: number;
};

/** Makes the manifest fit the files again; signed anew only with a key. */
export function remanifest(files: Map<string, Buffer>, key: string | null): void {
  const manifest = JSON.parse(String(files.get('manifest.json'))) as Manifest;
  for (const listed of manifest.files) {
    const bytes = files.get(listed.name) ?? Buffer.alloc(0);
    Object.assign(listed, { bytes: bytes.length, sha256: sha256(bytes) });
  }
  for (const part of manifest.parts) {
    const lines = linesOf(files.get(`records-${part.incarnation}.jsonl`) ?? Buffer.alloc(0));
    const last = lines.at(-1);
    part.lastSeq = part.firstSeq - 1 + lines.length;
    part.head = last === undefined ? part.before : hashOf(last);
  }
  const text = canonical(manifest);
  files.set('manifest.json', Buffer.from(text));
  if (key !== null) files.set('manifest.sig', Buffer.from(seal('export', manifest, signWith(key)).signature));
}

const OTHER: readonly OtherMutation[] = [
  'line',
  'dropLine',
  'repeatLine',
  'byte',
  'cutFile',
  'dropFile',
  'forgeStatement',
  'key',
];

/** One mutation of an export by its seed; `acknowledged` says up to which sequence the town's statements reach. */
export function tamperExport(
  clean: Files,
  seed: number,
  keys: TillKeys,
  acknowledged: Readonly<Record<number, number>>,
): Tampered {
  const random = randomOf(seed);
  const files = new Map(clean);
  const manifest = JSON.parse(String(clean.get('manifest.json'))) as Manifest;
  if (random(10) < 7) return tamperRecords(clean, files, manifest, seed, random, keys, acknowledged);
  const what = OTHER[random(OTHER.length)] ?? 'line';
  return tamperOther(clean, files, what, seed, random);
}

function tamperRecords(
  clean: Files,
  files: Map<string, Buffer>,
  manifest: Manifest,
  seed: number,
  random: Random,
  keys: TillKeys,
  acknowledged: Readonly<Record<number, number>>,
): Tampered {
  const part = manifest.parts[random(manifest.parts.length)];
  if (part === undefined) throw new Error('an export has records');
  const { incarnation, firstSeq, before } = part;
  const file = `records-${incarnation}.jsonl`;
  const what = ROW_MUTATIONS[random(ROW_MUTATIONS.length)] ?? 'field';
  const hand = (['edits', 'edits', 'rehashes', 'signs'] as const)[random(4)] ?? 'edits';
  const change = tamperRows(linesOf(clean.get(file) ?? Buffer.alloc(0)), what, random);
  const ownKey = keys[String(incarnation)]?.privateKey ?? null;
  const signerKey = keys[String(manifest.signedBy)]?.privateKey ?? null;
  const texts =
    hand === 'edits' ? change.texts : rechain(change.texts, before, firstSeq, hand === 'signs' ? ownKey : null);
  files.set(file, bytesOf(texts));
  if (hand !== 'edits') remanifest(files, hand === 'signs' ? signerKey : null);
  const seq = firstSeq + change.line - 1;
  const isSeen = seq <= (acknowledged[incarnation] ?? 0);
  // Nothing stands after a cut that could name it; the manifest says that the end is not here.
  const isCut = change.texts.length < change.line;
  const byHand = { edits: isCut ? 'inFile' : 'atLine', rehashes: 'found', signs: isSeen ? 'found' : 'limit' } as const;
  const expected = byHand[hand];
  const isSame = texts.join('\n') === linesOf(clean.get(file) ?? Buffer.alloc(0)).join('\n');
  const mutation = { seed, hand, what, file, line: change.line, field: change.field };
  // Numbering and linking anew may put back just what was changed.
  return { mutation: { ...mutation, expected: isSame ? 'limit' : expected }, files };
}

function tamperOther(
  clean: Files,
  files: Map<string, Buffer>,
  what: OtherMutation,
  seed: number,
  random: Random,
): Tampered {
  const names = [...clean.keys()].filter((name) => !name.startsWith('records-')).sort();
  const chosen = names[random(names.length)] ?? 'keys.json';
  const answer = (file: string, line: number, field: string, expected: Mutation['expected']): Tampered => ({
    mutation: { seed, hand: 'edits', what, file, line, field, expected },
    files,
  });
  const bytes = clean.get(chosen) ?? Buffer.alloc(0);
  const lines = bytes.toString().split('\n');
  const at = random(Math.max(1, lines.length - 1));
  switch (what) {
    case 'line': {
      const text = lines[at] ?? '';
      files.set(chosen, Buffer.from(lines.with(at, turned(text, random)).join('\n')));
      return answer(chosen, at + 1, '', expectedOf(chosen));
    }
    case 'dropLine':
      files.set(chosen, Buffer.from(lines.toSpliced(at, 1).join('\n')));
      return answer(chosen, at + 1, '', expectedOf(chosen));
    case 'repeatLine':
      files.set(chosen, Buffer.from(lines.toSpliced(at, 0, lines[at] ?? '').join('\n')));
      return answer(chosen, at + 1, '', expectedOf(chosen));
    case 'byte': {
      const copy = Buffer.from(bytes);
      const place = random(copy.length);
      copy.writeUInt8(copy.readUInt8(place) ^ (1 << random(8)), place);
      files.set(chosen, copy);
      return answer(chosen, 0, '', expectedOf(chosen));
    }
    case 'cutFile':
      files.set(chosen, bytes.subarray(0, random(bytes.length)));
      return answer(chosen, 0, '', expectedOf(chosen));
    case 'dropFile':
      files.delete(chosen);
      return answer(chosen, 0, '', expectedOf(chosen));
    case 'forgeStatement': {
      // The town's words changed, wrapped again as if they were hers, in a manifest that fits but for its signature.
      const papers = linesOf(clean.get('statements.jsonl') ?? Buffer.alloc(0));
      const line = random(papers.length);
      const { bytes: said, signature } = parse(papers[line] ?? '{}') as { bytes: string; signature: string };
      const leaves = leavesOf(parse(said));
      const leaf = leaves[random(leaves.length)] ?? { path: ['v'], value: 1 };
      const forged = print(withLeaf(parse(said), leaf.path, otherThan(leaf.value, random)));
      files.set('statements.jsonl', bytesOf(papers.with(line, print({ bytes: forged, signature }))));
      remanifest(files, null);
      return answer('statements.jsonl', line + 1, leaf.path.join('.'), 'atLine');
    }
    case 'key': {
      const held = parse(String(clean.get('keys.json')));
      const leaves = leavesOf(held);
      const leaf = leaves[random(leaves.length)] ?? { path: ['town'], value: '' };
      files.set('keys.json', Buffer.from(print(withLeaf(held, leaf.path, otherThan(leaf.value, random)))));
      remanifest(files, null);
      return answer('keys.json', 1, leaf.path.join('.'), 'found');
    }
    default:
      return what satisfies never;
  }
}

/** Which files the manifest lists, and so names; of the manifest itself it is enough that something is wrong. */
function expectedOf(file: string): Mutation['expected'] {
  return file.startsWith('manifest') || file === 'keys.json' ? 'found' : 'inFile';
}
