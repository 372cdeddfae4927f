import { expect, test } from 'vitest';
import { DENOMINATIONS_FEN, notesFen } from './cash-count.ts';
import { countedNotesSchema } from './counted-notes.ts';
import { layoutPaper, paperText } from './paper.ts';
import { type Columns, displayWidth, rowText } from './receipt-layout.ts';
import { type ShiftSlip, shiftSlipSchema } from './shift-slip.ts';
import { startOfDayMs } from './time.ts';

const OPENED_MS = startOfDayMs('2026-03-02') + 8 * 3_600_000;

const slip: ShiftSlip = {
  kind: 'shift',
  number: 't01-shift-12',
  shift: 'shift-0012',
  shiftNumber: 12,
  shopName: '信用惠民超市（幸福镇中心店）',
  tillName: '一号机',
  demo: false,
  practice: false,
  copy: false,
  openedBy: '林**',
  fromMs: OPENED_MS,
  toMs: OPENED_MS + 9 * 3_600_000,
  floatFen: 20_000,
  sales: 86,
  refunds: 2,
  exchanges: 1,
  tenderChanges: 1,
  totalFen: 234_560,
  cash: { salesFen: 120_050, refundsFen: -1_250, inFen: 5_000, outFen: -100_000, otherFen: 0 },
  mobile: [
    { channel: '微信', inFen: 88_000, backFen: -990 },
    { channel: '支付宝', inFen: 12_345, backFen: 0 },
  ],
  points: { used: 145, back: 3 },
  truncationFen: 315,
  voids: { count: 1, totalFen: 4_400 },
  priceCuts: 3,
  drawerOpenings: 2,
  otherOverrides: 1,
  people: [
    { operator: '林**', sales: 80, refunds: 2, totalFen: 200_000 },
    { operator: '于**', sales: 6, refunds: 0, totalFen: 34_560 },
  ],
  closing: {
    by: '于**',
    expectedFen: 43_800,
    countedFen: 43_750,
    differenceFen: -50,
    notes: [
      { valueFen: 10_000, count: 4 },
      { valueFen: 1_000, count: 3 },
      { valueFen: 500, count: 1 },
      { valueFen: 50, count: 5 },
      { valueFen: 10, count: 0 },
    ],
    isCorrected: false,
  },
  held: 1,
  unsent: 7,
  seq: 1_234,
  shortHash: '0a1b2c3d',
};

test('a hand-over slip says who, from when to when, every figure of the shift, and where to sign', () => {
  expect(paperText(slip, 32)).toBe(`\
             交班单
  信用惠民超市（幸福镇中心店）
--------------------------------
收银台 一号机           第 12 班
开班 林**       2026-03-02 08:00
交班 于**       2026-03-02 17:00
--------------------------------
销售                       86 单
退货                        2 单
换货                        1 单
销售额                 ￥2345.60
  林** 80 单 退 2 单     2000.00
  于** 6 单               345.60
手机 微信                 880.00
  退回                     -9.90
手机 支付宝               123.45
用积分                    145 分
退积分                      3 分
抹零                        3.15
--------------------------------
现金
备用金                    200.00
销售收                   1200.50
退货付                    -12.50
放进                       50.00
取出                    -1000.00
账上应有                ￥438.00
  100 元 x 4              400.00
  10 元 x 3                30.00
  5 元 x 1                  5.00
  5 角 x 5                  2.50
点出                    ￥437.50
短少                      ￥0.50
--------------------------------
整单作废              1 单 44.00
改价                        3 次
改付款方式                  1 次
开钱箱                      2 次
其他授权                    1 次
挂单未结                    1 笔
未上传                      7 条
--------------------------------
    序号 1234  校验 0a1b2c3d
交班人签字 ________________
接班人签字 ________________
`);
});

test('the report of an open shift has no count and no expected cash, because the count will be blind', () => {
  const text = paperText({ ...slip, closing: null }, 32);
  expect(text).toContain('本班小计');
  for (const word of ['应有', '点出', '短少', '签字', '交班']) expect(text).not.toContain(word);
});

for (const columns of [32, 42, 48] satisfies Columns[]) {
  test(`no row is wider than paper of ${columns} columns, with marks of practice, a copy and a demo at both ends`, () => {
    const rows = layoutPaper({ ...slip, practice: true, copy: true, demo: true, shopName: '店'.repeat(40) }, columns);
    for (const row of rows) expect(displayWidth(rowText(row, columns))).toBeLessThanOrEqual(columns);
    const text = paperText({ ...slip, practice: true, copy: true, demo: true }, columns);
    expect(text.match(/不是销售凭证/g)).toHaveLength(2);
    expect(text.match(/重打/g)).toHaveLength(2);
    expect(text.match(/模拟/g)).toHaveLength(2);
  });
}

test('counted notes come to their sum, each sort once, and only what is printed', () => {
  expect(notesFen(slip.closing?.notes ?? [])).toBe(43_750);
  expect(notesFen(DENOMINATIONS_FEN.map((valueFen) => ({ valueFen, count: 1 })))).toBe(18_660);
  expect(notesFen([])).toBe(0);
  const twice = [
    { valueFen: 100, count: 1 },
    { valueFen: 100, count: 2 },
  ];
  for (const wrong of [twice, [{ valueFen: 200, count: 1 }], [{ valueFen: 100, count: -1 }]]) {
    expect(countedNotesSchema.safeParse(wrong).success).toBe(false);
  }
  expect(shiftSlipSchema.safeParse(slip).success).toBe(true);
});
