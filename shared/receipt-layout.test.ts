import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { paperText } from './paper.ts';
import { displayWidth, layoutReceipt, type ReceiptRow, rowText } from './receipt-layout.ts';
import { sampleRefund, sampleSale } from './receipt-sample.ts';
import { type Receipt, receiptSchema } from './receipt.ts';

const WIDTHS = [32, 42, 48] as const;

/** What `receipt` says in total, without the spaces of its layout. */
function said(receipt: Receipt, columns: 32 | 42 | 48 = 32): string {
  return paperText(receipt, columns).replace(/\s/g, '');
}

function pairOf(receipt: Receipt, left: string): string | null {
  const row = layoutReceipt(receipt, 48).find((one) => one.kind === 'pair' && one.left.trim().startsWith(left));
  return row?.kind === 'pair' ? row.right : null;
}

test('the sample receipts have the shape of receipts', () => {
  expect(receiptSchema.parse(sampleSale)).toEqual(sampleSale);
  expect(receiptSchema.parse(sampleRefund)).toEqual(sampleRefund);
});

test('a sale says everything a receipt owes its customer', () => {
  expect(paperText(sampleSale, 32)).toBe(`\
      【模拟·非真实交易】
          信用惠民超市
           （柳塘店）
 清溪镇柳塘村文化广场东侧 1 号
--------------------------------
单号                T01-1-000123
时间         2026-11-23 18:22:03
收银台 1号机           收银员 01
--------------------------------
商品                        金额
山泉饮用水 550ml
  2瓶 x 2.00                4.00
  4星会员 9折              -0.40
五湖长粒香大米 东北圆粒珍珠米家
庭实惠装 真空包装 10kg
  1袋 x 59.90              59.90
  4星会员 9折              -5.99
大白菜
  2.47 斤 x 1.48            3.66
  促销                     -0.70
红富士苹果
  1.230 kg x 12.50         15.38
  临期特价                 -3.38
五花肉
  1.462 斤 x 15.80         23.10
  4星会员 9折              -2.31
*软盒香烟
  1包 x 12.50              12.50
搪瓷脸盆
  1个 x 15.00              15.00
  改价                     -1.00
--------------------------------
件数                           8
原价合计                  133.54
优惠                      -13.78
应付                    ￥119.76
积分抵扣 72 分            -72.00
抹零                       -0.06
手机支付(微信)             10.00
现金应收                   37.70
实收现金                  100.00
找零                     ￥62.30
--------------------------------
本单共省                 ￥13.78
--------------------------------
会员 孙** 4星        卡尾号 6608
本店现在可用               54 分
镇上总数(截至 11-22)      310 分
最近到期 2026-12-31        20 分
今年已省                ￥320.50
带 * 的商品不收积分。
--------------------------------
    序号 1234  校验 a1b2c3d4
      服务热线 0000-12345
     请保留小票，退货凭此单
            谢谢惠顾
      【模拟·非真实交易】
`);
});

test('wide paper puts quantity beside the name, and behind the last words of a long one', () => {
  const text = paperText(sampleSale, 48);
  expect(text).toContain('山泉饮用水 550ml    2瓶 x 2.00              4.00\n');
  expect(text).toContain('真空包装\n10kg                1袋 x 59.90            59.90\n');
});

test('a refund names its sale and gives back to each tender, mobile payment by hand', () => {
  const text = said(sampleRefund);
  for (const part of ['退货单', '原单号T01-1-000123', '退货原因质量问题', '退货合计￥24.39', '退积分15分15.00']) {
    expect(text).toContain(part);
  }
  expect(text).toContain('退手机支付(微信)2.00请用手机原路退款2.00元手机支付须由店员人工退还');
  expect(text).toContain('退现金￥7.40');
  expect(text).not.toContain('找零');
  expect(text).not.toContain('本单共省');
  expect(text).not.toContain('谢谢惠顾');
});

test('a refund that a phone is owed says so in large type, on the narrowest paper too', () => {
  const large = layoutReceipt(sampleRefund, 32).filter((row) => row.kind === 'text' && row.size === 2);
  expect(large.map((row) => rowText(row, 32).trim())).toEqual(expect.arrayContaining(['请用手机原路退款', '2.00元']));
});

test('an exchange names what went out, and no amount of money or points', () => {
  const exchange = { ...sampleRefund, kind: 'exchange', points: null, mobile: null, member: null } as const;
  const text = said(exchange);
  for (const part of ['换货单', '原单号T01-1-000123', '换货原因质量问题', '不收钱、不退钱，积分不变']) {
    expect(text).toContain(part);
  }
  for (const part of ['退现金', '退货合计', '积分抵扣', '￥']) expect(text).not.toContain(part);
  for (const line of sampleRefund.lines) expect(text).toContain(line.name.replaceAll(' ', ''));
});

test('rounding of a refund is shown with the sign that makes its rows add up', () => {
  expect(pairOf(sampleRefund, '抹零与取整')).toBe('0.01');
  expect(pairOf({ ...sampleRefund, truncationFen: 7 }, '抹零与取整')).toBe('-0.07');
});

test('a refund of nothing but mobile payment or points pays out no cash row; one of nothing at all says zero', () => {
  expect(pairOf({ ...sampleRefund, cashDueFen: 0 }, '退现金')).toBeNull();
  expect(pairOf({ ...sampleRefund, cashDueFen: 0, mobile: null, points: null }, '退现金')).toBe('￥0.00');
});

test('a copy says so at both ends, the first print nowhere', () => {
  expect(said({ ...sampleSale, copy: true }).split('【重打】')).toHaveLength(3);
  expect(said(sampleSale)).not.toContain('重打');
});

test('a real shop says nothing of a simulation, a demo says it at both ends', () => {
  expect(said({ ...sampleSale, demo: false })).not.toContain('模拟');
  expect(said(sampleSale).split('模拟·非真实交易')).toHaveLength(3);
});

for (const columns of [32, 42, 48] as const) {
  test(`practice is said large at both ends of paper of ${columns} columns, and asks nobody to keep it`, () => {
    for (const receipt of [sampleSale, sampleRefund]) {
      const rows = layoutReceipt({ ...receipt, practice: true }, columns);
      const large = rows.filter((row) => row.kind === 'text' && row.size === 2 && /练习|凭证/.test(row.text));
      expect(large.map((row) => rowText(row, columns).trim()).join('')).toMatch(/^(练习·?不是销售凭证){2}$/);
      expect(said({ ...receipt, practice: true }, columns)).not.toContain('退货凭此单');
      expect(said(receipt, columns)).not.toContain('练习');
    }
  });
}

test('the town is named where the address does not', () => {
  expect(said(sampleSale).split('清溪镇')).toHaveLength(2);
  expect(said({ ...sampleSale, shopAddress: '文化广场 1 号' })).toContain('清溪镇文化广场1号');
});

test('a plain cash sale has rows neither of points, mobile payment, discounts nor of a member', () => {
  const [line] = sampleSale.lines;
  if (line === undefined) throw new Error('the sample has lines');
  const text = said({
    ...sampleSale,
    demo: false,
    lines: [{ ...line, payFen: 400, reason: 'shelf' }],
    shelfFen: 400,
    discountFen: 0,
    totalFen: 400,
    points: null,
    mobile: null,
    truncationFen: 0,
    member: null,
  });
  for (const part of ['积分', '手机', '抹零', '优惠', '省', '会员', '可用']) expect(text).not.toContain(part);
});

test.each([
  ['today', '2026-11-23T08:05:00+08:00', '08:05'],
  ['earlier this year', '2026-02-03T08:05:00+08:00', '02-03'],
  ['last year', '2025-12-31T23:59:59+08:00', '2025-12-31'],
])('the figure of the town carries its date: %s', (_when, at, words) => {
  const { member } = sampleSale;
  if (member === null) throw new Error('the sample has a member');
  const receipt = { ...sampleSale, member: { ...member, townAsOfMs: Date.parse(at) } };
  expect(pairOf(receipt, `镇上总数(截至 ${words})`)).toBe('310 分');
});

test('a member without figures is one word, and no balance is made up', () => {
  const { member } = sampleSale;
  if (member === null) throw new Error('the sample has a member');
  const text = said({ ...sampleSale, member: { ...member, mask: '会员', townAsOfMs: 0, lastFour: '' } });
  for (const part of ['可用', '镇上总数', '卡尾号', '今年已省']) expect(text).not.toContain(part);
  expect(text).toContain('会员');
});

test('no village, full time of expiry or other detail beyond the mask and four digits is printed', () => {
  expect(said(sampleSale)).not.toContain('柳塘村文化广场东侧1号柳塘村');
  expect(said({ ...sampleSale, shopAddress: '东街 1 号' })).not.toContain('柳塘村');
});

test('a label that knows no weight says where its amount comes from', () => {
  const [line] = sampleSale.lines;
  if (line === undefined) throw new Error('the sample has lines');
  const text = said({ ...sampleSale, lines: [{ ...line, per: 'jin', quantity: 0, labelled: true }] });
  expect(text).toContain('秤签金额4.00');
});

test('control characters of a name never reach the paper, and ¥ becomes the ￥ that GBK has', () => {
  const [line] = sampleSale.lines;
  if (line === undefined) throw new Error('the sample has lines');
  const name = '糖\u001b@\u001dV\u0000\n\u200b果 ¥5 装';
  const rows = layoutReceipt({ ...sampleSale, lines: [{ ...line, name }] }, 32);
  const texts = rows.map((row) => rowText(row, 32)).join('\n');
  expect(texts).toContain('糖@V 果 ￥5 装');
});

// Anything a receipt can hold: every script, control characters, far too long words, amounts no shop ever sees.
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({
    unit: fc.constantFrom('米', '油', 'a', 'W', ' ', '（', '·', '￥', '★', '9', '龘', '😀'),
    maxLength: 120,
  }),
);
const anyFen = fc.integer({ min: -(2 ** 50), max: 2 ** 50 });
const anyMs = fc.integer({ min: 0, max: Date.parse('2100-01-01') });
const anyCount = fc.integer({ min: 0, max: 2 ** 50 });
const anyPoints = fc.record({ used: anyCount, fen: anyFen });
const anyReceipt: fc.Arbitrary<Receipt> = fc.record({
  kind: fc.constantFrom('sale', 'refund'),
  number: anyText,
  townName: anyText,
  shopName: anyText,
  shopAddress: anyText,
  hotline: anyText,
  tillName: anyText,
  cashier: anyText,
  atMs: anyMs,
  demo: fc.boolean(),
  practice: fc.boolean(),
  lines: fc.array(
    fc.record({
      name: anyText,
      unit: anyText,
      per: fc.constantFrom('piece', 'jin', 'kg'),
      quantity: anyCount,
      labelled: fc.boolean(),
      priceFen: anyFen,
      shelfFen: anyFen,
      payFen: anyFen,
      reason: fc.constantFrom('shelf', 'clearance', 'promotion', 'star', 'manual'),
      starRateBp: fc.option(fc.integer({ min: 0, max: 10_000 })),
      pointsAllowed: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
  shelfFen: anyFen,
  discountFen: anyFen,
  totalFen: anyFen,
  points: fc.option(anyPoints),
  mobile: fc.option(fc.record({ channel: anyText, fen: anyFen })),
  truncationFen: anyFen,
  cashDueFen: anyFen,
  cashGivenFen: anyFen,
  changeFen: anyFen,
  member: fc.option(
    fc.record({
      mask: anyText,
      villageName: anyText,
      stars: fc.integer({ min: 0, max: 5 }),
      lastFour: anyText,
      spendableAfter: anyCount,
      townPoints: anyCount,
      townAsOfMs: anyMs,
      nextExpiry: fc.option(fc.record({ points: anyCount, day: anyText })),
      savedThisYearFen: anyFen,
    }),
  ),
  original: fc.option(fc.record({ number: anyText, reason: anyText })),
  seq: anyCount,
  shortHash: anyText,
  copy: fc.boolean(),
});

function widthOnPaper(row: ReceiptRow, columns: 32 | 42 | 48): number {
  const size = row.kind === 'text' || row.kind === 'pair' ? row.size : 1;
  return displayWidth(rowText(row, columns)) * size;
}

test('whatever a receipt holds, no row is wider than the paper and no side of a pair touches the other', () => {
  fc.assert(
    fc.property(anyReceipt, fc.constantFrom(...WIDTHS), (receipt, columns) => {
      for (const row of layoutReceipt(receipt, columns)) {
        if (widthOnPaper(row, columns) > columns) throw new Error(`too wide: ${JSON.stringify(row)}`);
        if (row.kind !== 'pair') continue;
        // Padding fills the row exactly, so that the amount ends at the edge.
        expect(widthOnPaper(row, columns)).toBe(columns);
        expect(displayWidth(row.left) + displayWidth(row.right)).toBeLessThan(columns / row.size);
      }
      for (const line of paperText(receipt, columns).split('\n')) {
        if (displayWidth(line) > columns) throw new Error(`too wide as text: ${line}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('a long name wraps and loses nothing', () => {
  const [line] = sampleSale.lines;
  if (line === undefined) throw new Error('the sample has lines');
  const name = fc.string({
    unit: fc.constantFrom('米', '油', 'a', 'W', ' ', '（', '9', '-'),
    minLength: 1,
    maxLength: 90,
  });
  fc.assert(
    fc.property(name, fc.constantFrom(...WIDTHS), (text, columns) => {
      const receipt = { ...sampleSale, member: null, lines: [{ ...line, name: text }] };
      const rows = layoutReceipt(receipt, columns).map((row) => rowText(row, columns));
      expect(rows.join('').replace(/\s/g, '')).toContain(`${text.replace(/\s/g, '')}2瓶x2.00`);
    }),
    { numRuns: 300 },
  );
});
