import fc from 'fast-check';
import { expect, test } from 'vitest';
import { moneyWords, numberWords, PAUSE, pointsWords, sentenceOf, SPOKEN_WORDS, spokenOf } from './spoken.ts';
import type { Screen } from './till-contract.ts';

for (const [amountFen, words] of [
  [0, '零元'],
  [5, '五分'],
  [2, '两分'],
  [10, '一角'],
  [25, '两角五分'],
  [100, '一元'],
  [200, '两元'],
  [220, '两元两角'],
  [205, '两元零五分'],
  [1_000, '十元'],
  [1_200, '十二元'],
  [2_050, '二十元五角'],
  [2_200, '二十二元'],
  [7_310, '七十三元一角'],
  [10_000, '一百元'],
  [10_200, '一百零二元'],
  [11_000, '一百一十元'],
  [11_500, '一百一十五元'],
  [20_000, '二百元'],
  [100_430, '一千零四元三角'],
  [101_000, '一千零一十元'],
  [200_000, '两千元'],
  [222_222, '两千二百二十二元两角两分'],
  [1_000_000, '一万元'],
  [1_001_000, '一万零一十元'],
  [1_200_001, '一万两千元零一分'],
  [2_000_000, '两万元'],
  [10_000_300, '十万零三元'],
  [12_000_000, '十二万元'],
  [100_000_000, '一百万元'],
] as const) {
  test(`${amountFen} fen is said ${words}`, () => expect(sentenceOf(moneyWords(amountFen))).toBe(words));
}

for (const [points, words] of [
  [0, '零分'],
  [2, '两分'],
  [12, '十二分'],
  [72, '七十二分'],
  [102, '一百零二分'],
] as const) {
  test(`${points} points are said ${words}`, () => expect(sentenceOf(pointsWords(points))).toBe(words));
}

const DIGIT = new Map(
  Array.from('零一二三四五六七八九')
    .map((word, digit) => [word, digit] as const)
    .concat([['两', 2]]),
);
const PLACE = new Map([
  ['十', 10],
  ['百', 100],
  ['千', 1_000],
] as const);

/** Reads a number back, as a listener does. */
function heard(words: readonly string[]): number {
  let total = 0;
  let group = 0;
  let digit: number | null = null;
  for (const word of words) {
    const place = PLACE.get(word as '十');
    if (word === '万') {
      total = (group + (digit ?? 0)) * 10_000;
      group = 0;
      digit = null;
    } else if (place === undefined) digit = DIGIT.get(word) ?? Number.NaN;
    else {
      group += (digit ?? 1) * place;
      digit = null;
    }
  }
  return total + group + (digit ?? 0);
}

test('whoever hears a number knows which it is, and no zero is said twice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999_999 }), fc.boolean(), (number, measured) => {
      const words = numberWords(number, measured);
      expect(heard(words)).toBe(number);
      expect(sentenceOf(words)).not.toMatch(/零零|零$(?<!^零)/);
    }),
  );
});

test('no two amounts sound alike, and a town that recorded every word can say each of them', () => {
  const amounts = Array.from({ length: 30_000 }, (_, amountFen) => moneyWords(amountFen));
  expect(new Set(amounts.map(sentenceOf)).size).toBe(amounts.length);
  const recorded = new Set(SPOKEN_WORDS);
  expect(amounts.flat().filter((word) => !recorded.has(word))).toEqual([]);
  expect(new Set(SPOKEN_WORDS).size).toBe(SPOKEN_WORDS.length);
});

type Pay = NonNullable<Screen['pay']>;
type Paid = NonNullable<Screen['paid']>;

function paying(totalFen: number, pay: Partial<Pay>) {
  const sale = { id: 'sale-00000001', totalFen } as Screen['sale'];
  return spokenOf({ phase: 'paying', sale, pay: { pointsUsed: 0, mobileFen: 0, ...pay } as Pay, paid: null });
}

function paid(part: Partial<Paid>) {
  const whole = { sale: 'sale-00000001', changeFen: 0, pointsUsed: 0, spendableAfter: null, ...part } as Paid;
  return spokenOf({ phase: 'paid', sale: {} as Screen['sale'], pay: null, paid: whole });
}

test('peers C29: the points to be taken are said before they are taken, with what is left to pay', () => {
  expect(sentenceOf(paying(14_517, { pointsUsed: 72, cashDueFen: 7_310 })?.phrase ?? [])).toBe(
    '合计一百四十五元一角七分，用积分七十二分，请付七十三元一角',
  );
});

test('a payment by phone is asked for as a whole, and one by points alone asks for nothing', () => {
  expect(sentenceOf(paying(2_050, { mobileFen: 2_050, cashDueFen: 0 })?.phrase ?? [])).toBe(
    '合计二十元五角，请付二十元五角',
  );
  expect(sentenceOf(paying(1_000, { pointsUsed: 10, cashDueFen: 0 })?.phrase ?? [])).toBe(
    '合计十元，用积分十分，不用再付钱',
  );
});

test('the change is said first, then what is left of the points', () => {
  expect(sentenceOf(paid({ changeFen: 2_690, pointsUsed: 72, spendableAfter: 54 })?.phrase ?? [])).toBe(
    '收款成功，找零二十六元九角，积分还剩五十四分',
  );
  expect(sentenceOf(paid({})?.phrase ?? [])).toBe('收款成功');
});

test('a moment changes with what is asked for, and not with what the customer hands over', () => {
  const asked = paying(1_000, { cashDueFen: 1_000, cashGivenFen: 1_000 });
  expect(paying(1_000, { cashDueFen: 1_000, cashGivenFen: 5_000 })?.moment).toBe(asked?.moment);
  expect(paying(1_000, { pointsUsed: 5, cashDueFen: 500 })?.moment).not.toBe(asked?.moment);
});

test('nothing is said while goods are rung up', () => {
  expect(spokenOf({ phase: 'selling', sale: {} as Screen['sale'], pay: null, paid: null })).toBeNull();
  expect(PAUSE).toBe('，');
});
