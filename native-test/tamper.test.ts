import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chainFault } from '../electron/core/ledger/chain.ts';
import { audit } from '../resources/audit/verify.mjs';
import { GENESIS_PREVIOUS, recordHash } from '../shared/journal.ts';
import { AUDITED_DAYS, type AuditedShop, openAuditedShop } from './audited-shop.ts';
import {
  type Files,
  type Mutation,
  randomOf,
  rechain,
  remanifest,
  tamperExport,
  tamperRows,
  type TillKeys,
} from './tamper.ts';

/** `TAMPER_MUTATIONS=20000 TAMPER_FROM=1` for the soak. */
const MUTATIONS = Number(process.env['TAMPER_MUTATIONS'] ?? '1000');
const FROM = Number(process.env['TAMPER_FROM'] ?? '1');

let shop: AuditedShop;
let clean: Files;
let range: Files;
let keys: TillKeys;
beforeAll(async () => {
  shop = await openAuditedShop();
  clean = await exportOf(null, null);
  range = await exportOf(AUDITED_DAYS[1], AUDITED_DAYS[2]);
  keys = shop.privateKeys;
});
afterAll(() => shop.close());

async function exportOf(from: string | null, to: string | null): Promise<Files> {
  const folder = mkdtempSync(join(tmpdir(), 'one-card-tamper-'));
  await shop.client.exportTo({ folder, from, to });
  const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  rmSync(folder, { recursive: true, force: true });
  return files;
}

const auditOf = (files: Files) => audit((name) => files.get(name) ?? Buffer.alloc(0));

function missed(mutation: Mutation, found: ReturnType<typeof auditOf>): boolean {
  const { expected, file, line } = mutation;
  switch (expected) {
    case 'atLine':
      return !found.faults.some((one) => one.file === file && (one.line === line || one.line === line + 1));
    case 'inFile':
      return !found.faults.some((one) => one.file === file);
    case 'found':
      return found.state === 'sound';
    case 'limit':
      return false;
    default:
      return expected satisfies never;
  }
}

/** Tampers by seed and answers how often each hand did what; whatever was missed fails the test. */
function tamperBySeeds(sound: Files, count: number): Map<string, number> {
  const acknowledged = acknowledgedIn(sound);
  const escaped: Mutation[] = [];
  const missing: Mutation[] = [];
  const seen = new Map<string, number>();
  for (let seed = FROM; seed < FROM + count; seed += 1) {
    const { mutation, files } = tamperExport(sound, seed, keys, acknowledged);
    const found = auditOf(files);
    seen.set(`${mutation.hand} ${mutation.what}`, (seen.get(`${mutation.hand} ${mutation.what}`) ?? 0) + 1);
    if (missed(mutation, found)) missing.push(mutation);
    if (found.state === 'sound') escaped.push(mutation);
  }
  expect(missing).toEqual([]);
  expect(escaped.filter((mutation) => mutation.expected !== 'limit')).toEqual([]);
  return seen;
}

const acknowledgedIn = (files: Files): Record<number, number> =>
  Object.fromEntries(auditOf(files).parts.map((part) => [part.incarnation, part.acknowledged]));

test(`${MUTATIONS} tampered exports: only who holds the key escapes, past the last acknowledgement`, () => {
  const seen = tamperBySeeds(clean, MUTATIONS);
  // Each kind of mutation was tried by each hand that can do it.
  if (MUTATIONS >= 1_000) expect(seen.size).toBe(3 * 8 + 8);
});

test(`${Math.ceil(MUTATIONS / 10)} tampered exports of a range of days: the same`, () => {
  expect(auditOf(range).parts[0]?.firstSeq).toBeGreaterThan(1);
  tamperBySeeds(range, Math.ceil(MUTATIONS / 10));
});

test(`${MUTATIONS} tampered journals: the till's own walk finds each, except a tail that was rewritten whole`, () => {
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const texts = String(clean.get('records-2.jsonl')).split('\n').slice(0, -1);
  const rowsOf = (all: readonly string[], hashes: readonly string[]) =>
    all.map((text, at) => ({ n: at + 1, incarnation: 2, seq: at + 1, hash: hashes[at] ?? GENESIS_PREVIOUS, text }));
  const hashesOf = (all: readonly string[]): string[] => all.map((text) => recordHash(text, sha256));
  const start = { incarnation: 2, seq: 0, hash: GENESIS_PREVIOUS };
  expect(chainFault(rowsOf(texts, hashesOf(texts)), start, sha256)).toBeNull();
  const kinds = ['field', 'drop', 'repeat', 'swap', 'insert', 'reorderKeys', 'turnByte'] as const;
  const missing: string[] = [];
  for (let seed = FROM; seed < FROM + MUTATIONS; seed += 1) {
    const random = randomOf(seed);
    const what = kinds[random(kinds.length)] ?? 'field';
    const { texts: changed, line, field } = tamperRows(texts, what, random);
    // The row's own hash is made to fit again half of the time; the last record alone is then a chain of its own.
    const isRehashed = random(2) === 0;
    const fault = chainFault(rowsOf(changed, isRehashed ? hashesOf(changed) : hashesOf(texts)), start, sha256);
    // A last record that is gone leaves a sound chain; the mark outside the folder and the town know of it.
    const isLast = line >= texts.length && (isRehashed || what === 'drop');
    if (fault === null && !isLast && changed.join('\n') !== texts.join('\n')) missing.push(`${seed} ${what} ${field}`);
  }
  expect(missing).toEqual([]);
});

test('what nobody can find: a tail that no statement acknowledges, cut by who holds the key', () => {
  const seen = acknowledgedIn(clean)[2] ?? 0;
  const cutAt = (seq: number): Map<string, Buffer> => {
    const files = new Map(clean);
    const texts = String(clean.get('records-2.jsonl')).split('\n').slice(0, seq);
    files.set('records-2.jsonl', Buffer.from(texts.map((text) => `${text}\n`).join('')));
    remanifest(files, keys['2']?.privateKey ?? '');
    return files;
  };
  const ownHead = auditOf(clean).parts[1]?.lastSeq ?? 0;
  expect(ownHead).toBeGreaterThan(seen + 1);
  expect(auditOf(cutAt(ownHead - 1)).state).toBe('sound');
  // The same cut without the key is found at once, and so is one that reaches below what the town acknowledged.
  const unsigned = cutAt(ownHead - 1).set('manifest.sig', clean.get('manifest.sig') ?? Buffer.alloc(0));
  expect(auditOf(unsigned).faults.map((fault) => fault.file)).toEqual(['manifest.json']);
  expect(auditOf(cutAt(seen - 1)).faults.map((fault) => fault.file)).toContain('records-2.jsonl');
});

test('a chain that was linked anew without any change is the chain that it was', () => {
  const texts = String(clean.get('records-2.jsonl')).split('\n').slice(0, -1);
  expect(rechain(texts, GENESIS_PREVIOUS, 1, keys['2']?.privateKey ?? '')).toEqual(texts);
});
