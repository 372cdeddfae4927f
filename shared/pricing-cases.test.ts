import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { groupNeeding, reference } from '../native-test/prerequisite.ts';
import { answerCase, answerCases } from './pricing-cases.ts';

const aCase = {
  id: 'a',
  policy: {
    pointValueFen: 100,
    discount: { rateBpByStars: [10000, 9800, 9500, 9200, 9000, 8800], excludedCategories: ['烟草'] },
    points: { perSale: 200, perDay: 200, perMonth: 500, maxShareBp: 10000, excludedCategories: ['烟草', '白酒'] },
    truncation: { appliesTo: 'cash', unitFen: 10 },
  },
  member: { stars: 3, spendable: 40, spentToday: 0, spentThisMonth: 12 },
  lines: [
    { category: '粮油', per: 'piece', count: 2, priceFen: 1990, discountable: true },
    { category: '蔬菜', per: 'jin', grams: 735, priceFen: 268, discountable: true, promotionFen: 248 },
    { category: '肉类', per: 'jin', labelFen: 2310, priceFen: 1580, discountable: true },
  ],
  tender: { points: 'max', mobileFen: 0, cashGivenFen: 10000 },
  refunds: [
    [{ line: 0, count: 1 }],
    [
      { line: 0, count: 1 },
      { line: 1, grams: 735 },
    ],
  ],
};

groupNeeding('the cases answered by an independent implementation', reference('vectors/sales.json'), (found) => {
  const cases = JSON.parse(readFileSync(found, 'utf8')) as { id: string; expected: unknown }[];
  test('there are six hundred of them', () => expect(cases).toHaveLength(600));
  test('each has the same answer here', () => {
    expect(answerCases(cases)).toEqual(cases.map((one) => ({ id: one.id, answer: one.expected })));
  });
});

test('the case of the rules is answered to the fen', () => {
  expect(answerCase(aCase)).toMatchObject({
    lines: [
      { shelfFen: 3980, payFen: 3662, reason: 'star' },
      { shelfFen: 394, payFen: 362, reason: 'star' },
      { shelfFen: 2310, payFen: 2125, reason: 'star' },
    ],
    totalFen: 6149,
    pointsMax: 40,
    pointsFen: 4000,
    cashDueFen: 2140,
    truncationFen: 9,
    changeFen: 7860,
  });
});

test('no lines at all cost nothing and give nothing back', () => {
  expect(answerCase({ ...aCase, lines: [], refunds: [[]] })).toEqual({
    lines: [],
    totalFen: 0,
    pointsMax: 0,
    pointsUsed: 0,
    pointsFen: 0,
    mobileFen: 0,
    cashDueFen: 0,
    truncationFen: 0,
    paidFen: 0,
    changeFen: 10000,
    refunds: [{ pointsBack: 0, mobileBackFen: 0, cashBackFen: 0 }],
  });
});

test('points asked without a member are too many, and none asked are none', () => {
  expect(answerCase({ ...aCase, member: null, tender: { ...aCase.tender, points: 1 } })).toEqual({
    refused: 'tooManyPoints',
  });
  expect(answerCase({ ...aCase, member: null, tender: { ...aCase.tender, points: 0 } })).toMatchObject({
    pointsUsed: 0,
  });
});

test('of several reasons to refuse, points come before mobile and mobile before cash', () => {
  const tender = { points: 41, mobileFen: 999_999, cashGivenFen: 0 };
  expect(answerCase({ ...aCase, tender })).toEqual({ refused: 'tooManyPoints' });
  expect(answerCase({ ...aCase, tender: { ...tender, points: 40 } })).toEqual({ refused: 'mobileAboveDue' });
  expect(answerCase({ ...aCase, tender: { ...tender, points: 40, mobileFen: 0 } })).toEqual({ refused: 'shortOfCash' });
});

test('a refused refund in the middle changes nothing', () => {
  const one = [{ line: 0, count: 1 }];
  const steps = (refunds: unknown): unknown => answerCase({ ...aCase, refunds });
  const plain = steps([one, one]) as { refunds: unknown[] };
  const refusedBetween = steps([one, [{ line: 0, count: 2 }], [{ line: 2, grams: 100 }], one]) as {
    refunds: unknown[];
  };
  expect(refusedBetween.refunds).toEqual([
    plain.refunds[0],
    { refused: 'moreThanBought' },
    { refused: 'wholeOnly' },
    plain.refunds[1],
  ]);
});

test('a line named twice in one refund counts as the sum', () => {
  const twice = answerCase({
    ...aCase,
    refunds: [
      [
        { line: 0, count: 1 },
        { line: 0, count: 1 },
      ],
    ],
  });
  expect(twice).toEqual(answerCase({ ...aCase, refunds: [[{ line: 0, count: 2 }]] }));
  expect(
    answerCase({
      ...aCase,
      refunds: [
        [
          { line: 0, count: 2 },
          { line: 0, count: 1 },
        ],
      ],
    }),
  ).toMatchObject({
    refunds: [{ refused: 'moreThanBought' }],
  });
});

test('amounts beyond 2^53 on the way are exact', () => {
  const lines = [{ category: '肉类', per: 'jin', grams: 1_000_001, priceFen: 4_000_000_000_001, discountable: true }];
  const tender = { points: 0, mobileFen: 0, cashGivenFen: Number.MAX_SAFE_INTEGER };
  const exact = (2n * 4_000_000_000_001n * 1_000_001n + 500n) / 1000n;
  expect(answerCase({ ...aCase, member: null, lines, tender, refunds: [] })).toMatchObject({ totalFen: Number(exact) });
});

for (const [what, change, at] of [
  ['no tender', { tender: undefined }, 'tender'],
  ['a fraction of a fen', { tender: { points: 0, mobileFen: 0.5, cashGivenFen: 0 } }, 'tender.mobileFen'],
  ['negative points', { tender: { points: -1, mobileFen: 0, cashGivenFen: 0 } }, 'tender.points'],
  ['stars without a rate', { member: { ...aCase.member, stars: 6 } }, 'member.stars'],
  ['a piece line without count', { lines: [{ ...aCase.lines[0], count: undefined }] }, 'lines.0.count'],
  ['a weighed line without weight', { lines: [{ ...aCase.lines[1], grams: undefined }] }, 'lines.0'],
  ['an amount label at no price', { lines: [{ ...aCase.lines[2], priceFen: 0 }] }, 'lines.0'],
  ['an unknown unit', { lines: [{ ...aCase.lines[0], per: 'box' }] }, 'lines.0.per'],
  ['a refund of a line that is not there', { refunds: [[{ line: 3, count: 1 }]] }, 'refunds.0.0.line'],
  ['a refund of pieces in grams', { refunds: [[{ line: 0, grams: 1 }]] }, 'refunds.0.0'],
  ['a point worth nothing', { policy: { ...aCase.policy, pointValueFen: 0 } }, 'policy.pointValueFen'],
] as const) {
  test(`a case with ${what} gets a named error that points at it`, () => {
    expect(answerCase({ ...aCase, ...change })).toMatchObject({ error: 'malformedCase', at });
  });
}

test('amounts that no JSON integer carries get a named error', () => {
  const huge = { ...aCase.lines[0], count: 2 ** 40, priceFen: 2 ** 40 };
  expect(answerCase({ ...aCase, lines: [huge] })).toMatchObject({ error: 'beyondRange' });
  const atTheEdge = { ...aCase.lines[0], count: 1, priceFen: Number.MAX_SAFE_INTEGER };
  expect(answerCase({ ...aCase, lines: [atTheEdge, atTheEdge] })).toMatchObject({ error: 'beyondRange' });
});

test('things that are no cases at all get a named error each', () => {
  expect(answerCases({})).toMatchObject({ error: 'malformedCase' });
  expect(answerCases([null, 7, { id: 'x' }])).toMatchObject([
    { id: null, answer: { error: 'malformedCase' } },
    { id: null, answer: { error: 'malformedCase' } },
    { id: 'x', answer: { error: 'malformedCase' } },
  ]);
});
