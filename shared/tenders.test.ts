import { expect, test } from 'vitest';
import { mendTenders, paidWith, type Tenders } from './tenders.ts';

const cash: Tenders = { mobileFen: 0, mobileChannel: null, cashFen: 2_340 };
const mixed: Tenders = { mobileFen: 1_000, mobileChannel: 'wechat', cashFen: 1_340 };

for (const [what, now, mobileFen, channel, expected] of [
  ['cash to a phone', cash, 2_340, 'wechat', { mobileFen: 2_340, mobileChannel: 'wechat', cashFen: 0 }],
  ['a part of it', cash, 40, 'alipay', { mobileFen: 40, mobileChannel: 'alipay', cashFen: 2_300 }],
  ['a phone to cash', mixed, 0, 'wechat', { mobileFen: 0, mobileChannel: null, cashFen: 2_340 }],
  ['one phone to the other', mixed, 1_000, 'alipay', { ...mixed, mobileChannel: 'alipay' }],
  ['nothing to nothing', cash, 0, 'wechat', 'sameTenders'],
  ['what it is already', mixed, 1_000, 'wechat', 'sameTenders'],
  ['more than was paid', cash, 2_341, 'wechat', 'moreThanPaid'],
  ['less than nothing', cash, -1, 'wechat', 'moreThanPaid'],
] as const) {
  test(`${what}: ${typeof expected === 'string' ? `refused, ${expected}` : 'what was paid stays'}`, () => {
    const mended = mendTenders(now, mobileFen, channel);
    expect(mended.kind === 'mended' ? mended.tenders : mended.reason).toEqual(expected);
  });
}

test('the slip of a sale whose cash changed shows what was paid, and no change that nobody remembers', () => {
  const sale = { mobileFen: 0, mobileChannel: null, cashDueFen: 2_340, cashGivenFen: 5_000, changeFen: 2_660 };
  expect(paidWith(sale, mixed)).toEqual({
    mobileFen: 1_000,
    mobileChannel: 'wechat',
    cashDueFen: 1_340,
    cashGivenFen: 1_340,
    changeFen: 0,
  });
  expect(paidWith(sale, cash)).toBe(sale);
});
