import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultCounter } from '../../shared/counter.ts';
import { goods, openTestCore, pins, scan, type TestCore } from './test-core.ts';

let till: TestCore;
beforeEach(async () => {
  till = await openTestCore();
});
afterEach(() => till.close());

test('what a till is set to stays with it over a restart, is on every screen, and no fact of the books', async () => {
  expect((await till.screen()).counter).toEqual(defaultCounter);
  const before = till.records().length;
  const counter = { ...defaultCounter, keys: { hold: 'F5' }, largeType: true, muted: true };
  await till.ask({ kind: 'saveCounter', counter });
  expect((await till.screen()).counter).toEqual(counter);
  expect(till.records()).toHaveLength(before);
  till = await till.again();
  expect((await till.screen()).counter).toEqual(counter);
});

test('two functions never share a key, and what is told on the way says the key that there is', async () => {
  const shared = { ...defaultCounter, keys: { hold: 'F8' } };
  expect(await till.send({ kind: 'saveCounter', counter: shared })).toEqual({ kind: 'refused', reason: 'badInput' });
  await till.ask({ kind: 'saveCounter', counter: { ...defaultCounter, keys: { hold: 'F8', priceCheck: 'Shift F7' } } });
  await till.ask(scan(goods.bread.code));
  await till.ask({ kind: 'hold' });
  expect((await till.screen()).notice).toMatchObject({ text: 'saleHeld', values: { key: 'F8' } });
});

test('peers A8: a held sale is there after a restart and in the next shift, with its member and prices', async () => {
  await till.ask(scan(goods.bread.code));
  await till.ask(scan(goods.salt.code));
  await till.ask({ kind: 'hold' });
  await till.ask({ kind: 'startCloseShift' });
  expect((await till.screen()).closing).toMatchObject({ held: 1 });
  await till.ask({ kind: 'closeShift', shift: 'shift-0001', countedFen: 20_000 });
  till = await till.again();
  await till.ask({ kind: 'signIn', pin: pins.manager });
  await till.ask({ kind: 'openShift', shift: 'shift-0002', floatFen: 20_000 });
  const { held } = await till.screen();
  expect(held).toMatchObject([{ lines: 2, totalFen: (goods.bread.priceFen ?? 0) + (goods.salt.priceFen ?? 0) }]);
  await till.ask({ kind: 'recall', sale: held[0]?.sale ?? '' });
  expect((await till.screen()).sale.lines.map((line) => line.name)).toEqual([goods.bread.name, goods.salt.name]);
  expect((await till.screen()).held).toEqual([]);
});
