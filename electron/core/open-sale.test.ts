import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { policySchema } from '../../shared/policy.ts';
import { priceLines } from '../../shared/pricing.ts';
import { addGoods, changeLine, newSale, pricingLine, removeLine, type OpenSale } from '../../shared/sale.ts';
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

test('an empty counter is remembered, and a long file is taken back to nothing by it', () => {
  saveAll([...steps(), null]);
  expect(loaded()).toBeNull();
  const saved = createSaleFile(folder, sha256, clock);
  for (let sales = 0; statSync(file()).size < 65_536; sales += 1) for (const sale of steps()) saved.save(sale);
  saved.save(null);
  expect(statSync(file()).size).toBe(0);
  saved.save(steps()[1] ?? null);
  saved.close();
  expect(loaded()).toEqual(steps()[1]);
});

test('a scan writes as little in a basket of two hundred goods as in one of two', () => {
  const saved = createSaleFile(folder, sha256, clock);
  const written: number[] = [];
  let sale = newSale('sale-0001', 1);
  for (let count = 1; count <= 200; count += 1) {
    const item = { ...testItem(), id: `item-${count}`, priceFen: 500 };
    sale = addGoods(sale, item, { quantity: 1, labelFen: null, labelled: false }, `key-${count}`, '2026-03-02');
    const before = statSync(file()).size;
    saved.save(sale);
    written.push(statSync(file()).size - before);
  }
  saved.close();
  expect(written[199]).toBeLessThan((written[1] ?? 0) + 20);
  expect(loaded()).toEqual(sale);
});

/** What hands do to a basket, one after the other; null sells it. */
const acts = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 2, arbitrary: fc.record({ change: fc.nat({ max: 8 }) }) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat({ max: 8 }) }) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  { minLength: 1, maxLength: 25 },
);

type Act = { add: number } | { change: number } | { remove: number } | null;

/** The states that acts lead through, as the counter saves them. */
function statesOf(done: readonly Act[]): (OpenSale | null)[] {
  let sale = newSale('sale-0001', 1);
  return done.map((act, index) => {
    if (act === null) sale = newSale(`sale-${index}`, index);
    else if ('add' in act) {
      const item = { ...testItem(), id: `item-${act.add}`, priceFen: 100 * act.add };
      sale = addGoods(sale, item, { quantity: 1, labelFen: null, labelled: false }, `key-${index}`, '2026-03-02');
    } else if ('change' in act && sale.lines.length > 0) {
      sale = changeLine(sale, act.change % sale.lines.length, { quantity: index + 1 });
    } else if ('remove' in act && sale.lines.length > 0) sale = removeLine(sale, act.remove % sale.lines.length);
    return sale.lines.length === 0 ? null : sale;
  });
}

test('cut at any byte, the last whole state comes back, and what is saved next too', () => {
  fc.assert(
    fc.property(acts, fc.nat(), fc.boolean(), (done, where, restarted) => {
      rmSync(file(), { force: true });
      const states = statesOf(done);
      let saved = createSaleFile(folder, sha256, clock);
      const ends = states.map((state, index) => {
        if (restarted && index === 7) {
          saved.close();
          saved = createSaleFile(folder, sha256, clock);
        }
        saved.save(state);
        return statSync(file()).size;
      });
      saved.close();
      const length = where % (statSync(file()).size + 1);
      truncateSync(file(), length);
      // A line counts once all of it is there; the newline behind it may be lost.
      const whole = states[ends.findLastIndex((end) => end - 1 <= length)] ?? null;
      expect(loaded()).toEqual(whole);
      const next = { ...newSale('sale-next', 2), quantityFirst: 7 };
      saveAll([next]);
      expect(loaded()).toEqual(next);
    }),
    { numRuns: 100 },
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
