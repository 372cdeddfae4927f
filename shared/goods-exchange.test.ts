import { expect, test } from 'vitest';
import { judgeExchange } from './goods-exchange.ts';

const lines = [{ quantity: 3 }, { quantity: 735 }, { quantity: 520, labelFen: 1_643 }];
const back = (line: number, quantity: number) => [{ line, quantity }];

// Invariant 21.
for (const [what, returned, exchanged, wanted, expected] of [
  ['all pieces', [], [], back(0, 3), 'fits'],
  ['half a kilogram of loose goods', [], [], back(1, 500), 'fits'],
  ['a label whole', [], [], back(2, 520), 'fits'],
  ['a part of a label', [], [], back(2, 500), 'wholeOnly'],
  ['more than was bought', [], [], back(0, 4), 'moreThanBought'],
  ['more than the customer still has', back(0, 1), [], back(0, 3), 'moreThanBought'],
  ['a piece that was exchanged already', [], back(0, 3), back(0, 1), 'moreThanBought'],
  ['one piece of three after two were exchanged', [], back(0, 2), back(0, 1), 'fits'],
  ['a line named twice, beyond what was bought', [], [], [...back(0, 2), ...back(0, 2)], 'moreThanBought'],
  ['a line that is not there', [], [], back(9, 1), 'moreThanBought'],
  ['nothing', [], [], back(0, 0), 'badInput'],
] as const) {
  test(`peers G53: exchanging ${what}: ${expected}`, () => {
    const judged = judgeExchange(lines, returned, exchanged, wanted);
    expect(judged.kind === 'fits' ? 'fits' : judged.reason).toBe(expected);
  });
}
