import { expect, test } from 'vitest';
import { simulatedPrinter, simulatedScale } from './simulated.ts';
import { sampleSale } from '../../shared/receipt-sample.ts';

test('goods on a simulated scale keep their weight until they are taken off', () => {
  let nowMs = 0;
  const scale = simulatedScale(() => nowMs);
  expect(scale.weightGrams()).toBeNull();
  scale.put(735);
  nowMs = 60_000;
  expect(scale.weightGrams()).toBe(735);
  scale.put(0);
  expect(scale.weightGrams()).toBeNull();
});

test('goods that move have no weight, and settle with the next', () => {
  const scale = simulatedScale(() => 0);
  scale.put(735);
  scale.shake();
  expect(scale.weightGrams()).toBeNull();
  scale.put(740);
  expect(scale.weightGrams()).toBe(740);
});

test('a scale without its cable is believed for one second more', () => {
  let nowMs = 0;
  const scale = simulatedScale(() => nowMs);
  scale.put(735);
  nowMs = 5000;
  scale.unplug();
  nowMs = 6000;
  expect(scale.weightGrams()).toBe(735);
  nowMs = 6001;
  expect(scale.weightGrams()).toBeNull();
  scale.put(900);
  expect(scale.weightGrams()).toBeNull();
});

test('a simulated printer keeps the last twenty receipts', async () => {
  const printer = simulatedPrinter({ columns: 32 });
  for (let counter = 1; counter <= 21; counter += 1) {
    await printer.write(Uint8Array.of(counter), { ...sampleSale, number: `T01-1-${counter}` });
  }
  const kept = printer.printouts();
  expect(kept).toHaveLength(20);
  expect(kept[0]?.receipt.number).toBe('T01-1-2');
  expect(kept.at(-1)?.bytes).toEqual(Uint8Array.of(21));
  expect(kept.at(-1)?.text).toContain('T01-1-21');
});
