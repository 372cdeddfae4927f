import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { must } from '../../../shared/assert.ts';
import { copyLedger } from '../backup.ts';
import { openTestTill, putItems, testItem, type TestTill } from '../test-till.ts';
import { compareProjections } from './compare.ts';
import { openLedger, type Ledger } from './ledger.ts';
import { verdictOf, walkChain } from './verify.ts';

let folder: string;
let till: TestTill;
let copy: Ledger;

const price = (of: Ledger): number | undefined =>
  of.get<{ price_fen: number }>('SELECT price_fen FROM item WHERE id = ?', 'item-bread')?.price_fen;
const texts = (of: Ledger, incarnation: number, after = 0): string[] =>
  of.textsAfter(incarnation, after, 10_000).map((row) => row.text);

/** A till with six price changes, of which a copy of the file holds two. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'one-card-extend-'));
  till = openTestTill();
  for (let change = 1; change <= 6; change += 1) {
    putItems(till, testItem({ priceFen: change * 100 }));
    if (change === 2) copyLedger(till.ledger.file, join(folder, 'copy.sqlite'));
  }
  const opened = openLedger(join(folder, 'copy.sqlite'), till.world.crypto.hash);
  must(opened.kind === 'opened', 'a copy opens');
  copy = opened.ledger;
});
afterEach(() => {
  copy.close();
  till.close();
  rmSync(folder, { recursive: true, force: true });
});

function expectWhole(records: number): void {
  copy.catchUp();
  expect(verdictOf([walkChain(copy.file, null, null)])).toMatchObject({ state: 'sound', records });
  expect(compareProjections(copy.file).tables.filter((table) => !table.identical)).toEqual([]);
}

function beginNext(incarnation: number): void {
  const identity = copy.identity();
  must(identity !== null, 'a copy knows who it is');
  const body = { publicKey: 'key', incarnationId: `incarnation-${incarnation}`, because: 'restored' as const };
  const genesis = { kind: 'genesis' as const, id: `genesis-${incarnation}`, operator: null, body };
  copy.begin({ ...identity, incarnation }, genesis, till.atMs(), till.businessDay());
}

function changePrice(priceFen: number): void {
  const items = [testItem({ priceFen })];
  copy.record(
    { kind: 'itemChange', id: `new-${priceFen}`, operator: null, body: { source: 'test', items } },
    till.atMs(),
    till.businessDay(),
  );
}

test('what a copy lacks continues it, and the books are those of the original', () => {
  expect(price(copy)).toBe(200);
  expect(copy.extend(1, texts(till.ledger, 1, 3))).toEqual({ head: till.ledger.head(), fault: null });
  expect(copy.head()).toEqual(till.ledger.head());
  expect(price(copy)).toBe(600);
  expectWhole(7);
});

test('what comes after the next incarnation began still stands before it, and changes nothing newer', () => {
  beginNext(2);
  changePrice(999);
  expect(copy.extend(1, texts(till.ledger, 1, 3)).fault).toBeNull();
  expect(copy.headOf(1)).toEqual(till.ledger.head());
  expect(copy.head()).toMatchObject({ incarnation: 2, seq: 2 });
  expect(price(copy)).toBe(999);
  expect(copy.incarnations()).toEqual([1, 2]);
  changePrice(1_001);
  expectWhole(10);
});

test('a whole incarnation that the copy never saw finds its place between two others', () => {
  copy.extend(1, texts(till.ledger, 1, 3));
  beginNext(2);
  changePrice(700);
  const second = texts(copy, 2);
  copy.close();
  copyLedger(till.ledger.file, join(folder, 'again.sqlite'));
  const opened = openLedger(join(folder, 'again.sqlite'), till.world.crypto.hash);
  must(opened.kind === 'opened', 'a copy opens');
  copy = opened.ledger;
  beginNext(3);
  changePrice(800);
  expect(copy.extend(2, second).fault).toBeNull();
  expect(price(copy)).toBe(800);
  expect(copy.incarnations()).toEqual([1, 2, 3]);
  expectWhole(11);
});

test('a document that was made again since keeps both its records', () => {
  beginNext(2);
  const again = till.ledger.byN(5);
  must(again !== null, 'the till holds it');
  copy.record(
    { kind: 'itemChange', id: again.record.id, operator: null, body: { source: 'test', items: [testItem()] } },
    till.atMs(),
    till.businessDay(),
  );
  expect(copy.extend(1, texts(till.ledger, 1, 3)).fault).toBeNull();
  expectWhole(9);
});

test('a text that does not follow is not taken, by name, and what came before it stays', () => {
  const rest = texts(till.ledger, 1, 3);
  const [first = '', second = '', third = ''] = rest;
  expect(copy.extend(1, [second]).fault).toBe('gap');
  expect(copy.extend(1, [first, third]).fault).toBe('gap');
  expect(copy.headOf(1).seq).toBe(4);
  expect(copy.extend(1, ['{}']).fault).toBe('wrongShape');
  expect(copy.extend(1, [second.replaceAll('"till":"till"', '"till":"other"')]).fault).toBe('foreign');
  expect(price(copy)).toBe(300);
  expectWhole(4);
});

test('the same texts again are refused as a gap and change nothing', () => {
  const rest = texts(till.ledger, 1, 3);
  copy.extend(1, rest);
  expect(copy.extend(1, rest).fault).toBe('gap');
  expectWhole(7);
});
