import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { policySchema } from '../../shared/policy.ts';
import { priceLines } from '../../shared/pricing.ts';
import { addGoods, newSale, pricingLine, type OpenSale } from '../../shared/sale.ts';
import { mutated } from '../../shared/mutated-sample.ts';
import { createSaleFile } from './open-sale.ts';
import { testItem } from './test-till.ts';

const policy = policySchema.parse(
  JSON.parse(readFileSync(new URL('../../resources/policy-default.json', import.meta.url), 'utf8')),
);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let folder: string;
/** What the file wants done soon; a test does it when it likes. */
let planned: (() => void)[] = [];
const clock = {
  later: (_delayMs: number, task: () => void) => {
    planned.push(task);
    return () => void (planned = planned.filter((one) => one !== task));
  },
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'one-card-sale-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (): string => join(folder, 'open-sale.log');

/** Sales of one, two and three breads, as three scans leave them. */
function steps(): OpenSale[] {
  const item = { ...testItem(), priceFen: 500 };
  const sales: OpenSale[] = [];
  let sale = newSale('sale-0001', 1);
  for (let count = 1; count <= 3; count += 1) {
    sale = addGoods(sale, item, { quantity: count, labelFen: null, labelled: false }, `key-${count}`, '2026-03-02');
    sales.push(sale);
  }
  return sales;
}

function saveAll(sales: readonly (OpenSale | null)[]): void {
  const saved = createSaleFile(folder, sha256, clock);
  for (const sale of sales) saved.save(sale);
  saved.close();
}

function loaded(): OpenSale | null {
  const again = createSaleFile(folder, sha256, clock);
  again.close();
  return again.loaded;
}

test('a new folder has no open sale, and the last one saved comes back', () => {
  expect(loaded()).toBeNull();
  saveAll(steps());
  expect(loaded()).toEqual(steps()[2]);
  expect(loaded()).toEqual(steps()[2]);
});

test('an empty counter takes the file back to nothing', () => {
  saveAll([...steps(), null]);
  expect(statSync(file()).size).toBe(0);
  expect(loaded()).toBeNull();
});

test('cut at any byte, the last whole state comes back, and what is saved next too', () => {
  saveAll(steps());
  const bytes = readFileSync(file());
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length }), (length) => {
      writeFileSync(file(), bytes);
      truncateSync(file(), length);
      const back = loaded();
      const known = steps();
      // A line counts once all of it is there; the newline behind it may be lost.
      const whole = known.filter((sale) => bytes.subarray(0, length).includes(Buffer.from(JSON.stringify(sale))));
      expect(back).toEqual(whole.at(-1) ?? null);
      const next = { ...newSale('sale-0002', 2), quantityFirst: 7 };
      saveAll([next]);
      expect(loaded()).toEqual(next);
    }),
    { numRuns: 60 },
  );
});

test('a byte that turned over is found by its digest, and the state before it counts', () => {
  saveAll(steps());
  const bytes = readFileSync(file());
  const at = bytes.lastIndexOf(Buffer.from('"quantity":6'));
  expect(at).toBeGreaterThan(0);
  bytes[at + 11] = '7'.charCodeAt(0);
  writeFileSync(file(), bytes);
  expect(loaded()).toEqual(steps()[1]);
});

test('a line of another form is no sale', () => {
  const text = JSON.stringify({ lines: 'none' });
  appendFileSync(file(), `${sha256(new TextEncoder().encode(text)).slice(0, 16)} ${text}\n`);
  expect(loaded()).toBeNull();
});

test('closed while the disk is still busy with several states, it closes once and keeps the last', async () => {
  const saved = createSaleFile(folder, sha256, clock);
  for (const sale of steps()) {
    saved.save(sale);
    for (const task of planned.splice(0)) task();
  }
  saved.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(loaded()).toEqual(steps()[2]);
});

test('whatever bytes the file holds, and whatever one field of a line says, a sale comes back that can be priced, or none', () => {
  const [whole] = steps();
  const line = (text: string): string => `${sha256(new TextEncoder().encode(text)).slice(0, 16)} ${text}\n`;
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.nat(), fc.nat()).map(([at, how]) => Buffer.from(line(JSON.stringify(mutated(whole, at, how)) ?? ''))),
  );
  fc.assert(
    fc.property(content, (bytes) => {
      writeFileSync(file(), bytes);
      const back = loaded();
      if (back === null) return;
      const lines = priceLines(back.lines.map(pricingLine), null, policy);
      expect(Number.isSafeInteger(lines.totalFen)).toBe(true);
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? '200') },
  );
});
