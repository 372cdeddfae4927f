import { afterAll, beforeAll, expect, test } from 'vitest';
import { GENESIS_PREVIOUS } from '../shared/journal.ts';
import { type AuditedShop, openAuditedShop } from './audited-shop.ts';
import { acknowledgedIn, auditOf, exportsOf, tamperExports, tamperJournals } from './tamper-run.ts';
import { type Files, rechain, remanifest, type TillKeys } from './tamper.ts';

/** A few of each sort; the soak runs as many as there is time for. */
const MUTATIONS = Number(process.env['TAMPER_MUTATIONS'] ?? '150');
const FROM = Number(process.env['TAMPER_FROM'] ?? '1');

let shop: AuditedShop;
let clean: Files;
let range: Files;
let keys: TillKeys;
beforeAll(async () => {
  shop = await openAuditedShop();
  ({ whole: clean, range, keys } = await exportsOf(shop));
});
afterAll(() => shop.close());

test(`${MUTATIONS} tampered exports: only who holds the key escapes, past the last acknowledgement`, () => {
  const { missed, seen } = tamperExports(clean, keys, FROM, MUTATIONS);
  expect(missed).toEqual([]);
  // All three hands were at it, and each kind of mutation was tried by each that can do it.
  expect(new Set([...seen.keys()].map((name) => name.split(' ')[0]))).toEqual(new Set(['edits', 'rehashes', 'signs']));
  if (MUTATIONS >= 1_000) expect(seen.size).toBe(3 * 8 + 8);
});

test(`${Math.ceil(MUTATIONS / 10)} tampered exports of a range of days: the same`, () => {
  expect(auditOf(range).parts[0]?.firstSeq).toBeGreaterThan(1);
  expect(tamperExports(range, keys, FROM, Math.ceil(MUTATIONS / 10)).missed).toEqual([]);
});

// Invariants 4, 9 and 10.
test(`${MUTATIONS} tampered journals: the till's own walk finds each, except a tail that was rewritten whole`, () => {
  expect(tamperJournals(clean, FROM, MUTATIONS)).toEqual([]);
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
