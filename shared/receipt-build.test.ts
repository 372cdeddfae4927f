import { expect, test } from 'vitest';
import { type ReceiptContext, type ReceiptMember, refundReceipt, saleReceipt } from './receipt-build.ts';
import { receiptSchema } from './receipt.ts';
import type { RefundBody, SaleBody } from './record-bodies.ts';

const ATMS = Date.parse('2026-11-23T18:22:03+08:00');

const member: ReceiptMember = {
  mask: '孙**',
  villageName: '柳塘村',
  state: 'active',
  lastFour: '6608',
  stars: 3,
  spendableAfter: 54,
  townPoints: 310,
  townAsOfMs: ATMS - 3_600_000,
  nextExpiry: { points: 20, day: '2026-12-31' },
  savedThisYearFen: 5000,
  ownSavedSinceFen: 320,
};

const context: ReceiptContext = {
  record: { seq: 17, atMs: ATMS, hash: `a1b2c3d4${'0'.repeat(56)}` },
  townName: '清溪镇',
  shopName: '信用惠民超市',
  shopAddress: '文化广场 1 号',
  hotline: '0000-12345',
  boardLine: null,
  tillName: '1号机',
  cashier: '01',
  demo: false,
  practice: false,
  copy: false,
  member,
  policy: {
    discount: { rateBpByStars: [10_000, 9800, 9500, 9200, 9000, 8800] },
    points: { excludedCategories: ['烟草'] },
    mobileChannels: [{ code: 'wechat', name: '微信' }],
  },
};

const sale: SaleBody = {
  receipt: 'T01-1-9',
  counter: 9,
  shift: 's',
  policyVersion: 1,
  catalogueVersion: 1,
  openedAtMs: ATMS,
  member: {
    id: 'm',
    card: 'c',
    village: 'v',
    stars: 4,
    how: 'presented',
    known: { spendable: 60, spentToday: 0, spentThisMonth: 0, townPoints: 316, townAsOfMs: ATMS },
  },
  lines: [
    {
      item: 'i1',
      code: '6900000000001',
      name: '菜籽油',
      spec: '5L',
      unit: '桶',
      category: '粮油',
      per: 'piece',
      quantity: 1,
      priceFen: 3200,
      discountable: true,
      shelfFen: 3200,
      payFen: 2880,
      reason: 'star',
      pointsShareFen: 600,
      moneyShareFen: 2280,
    },
    {
      item: 'i2',
      code: '6900000000002',
      name: '香烟 20支',
      spec: '20支',
      unit: '包',
      category: '烟草',
      per: 'piece',
      quantity: 1,
      priceFen: 1257,
      discountable: false,
      shelfFen: 1257,
      payFen: 1257,
      reason: 'shelf',
      pointsShareFen: 0,
      moneyShareFen: 1257,
    },
  ],
  pointValueFen: 100,
  truncation: { appliesTo: 'cash', unitFen: 10 },
  totalFen: 4137,
  pointsMax: 28,
  pointsUsed: 6,
  pointsFen: 600,
  lots: [{ lot: 'l', term: 't', village: 'v', fund: 'f', points: 6 }],
  mobileFen: 1000,
  mobileChannel: 'wechat',
  truncationFen: 7,
  cashDueFen: 2530,
  cashGivenFen: 3000,
  changeFen: 470,
  paidFen: 4130,
};

const refund: RefundBody = {
  receipt: 'T01-1-10',
  counter: 10,
  shift: 's',
  sale: 'sale',
  saleReceipt: 'T01-1-9',
  saleTill: 'T01',
  saleIncarnation: 1,
  reason: 'quality',
  member: { id: 'm', village: 'v' },
  lines: [
    {
      line: 0,
      item: 'i1',
      name: '菜籽油',
      unit: '桶',
      per: 'piece',
      quantity: 1,
      shelfFen: 3200,
      payFen: 2880,
      goods: 'shelf',
    },
  ],
  pointsBack: 6,
  pointValueFen: 100,
  lots: [{ lot: 'l', term: 't', village: 'v', fund: 'f', points: 6 }],
  mobileBackFen: 644,
  mobileChannel: 'wechat',
  cashBackFen: 1640,
};

test('a sale becomes a receipt whose sums are those of the record', () => {
  const receipt = receiptSchema.parse(saleReceipt(sale, context));
  expect(receipt).toMatchObject({
    kind: 'sale',
    number: 'T01-1-9',
    shelfFen: 4457,
    discountFen: 320,
    totalFen: 4137,
    points: { used: 6, fen: 600 },
    mobile: { channel: '微信', fen: 1000 },
    truncationFen: 7,
    cashDueFen: 2530,
    changeFen: 470,
    seq: 17,
    shortHash: 'a1b2c3d4',
    original: null,
  });
});

test('a line says its rate, its specification once, and whether it takes points', () => {
  const [oil, tobacco] = saleReceipt(sale, context).lines;
  expect(oil).toMatchObject({ name: '菜籽油 5L', starRateBp: 9000, pointsAllowed: true });
  expect(tobacco).toMatchObject({ name: '香烟 20支', starRateBp: null, pointsAllowed: false });
});

test('the stars are those that priced the sale, and the year counts what this till saved since', () => {
  expect(saleReceipt(sale, context).member).toMatchObject({ mask: '孙**', stars: 4, savedThisYearFen: 5320 });
});

test('a sale without a member prints none, even when one is known', () => {
  expect(saleReceipt({ ...sale, member: null }, context).member).toBeNull();
});

test.each([
  ['unknown here', null],
  ['withdrawn', { ...member, state: 'withdrawn' as const }],
])('a member who is %s is 会员 without card and figures', (_case, known) => {
  const receipt = saleReceipt(sale, { ...context, member: known });
  expect(receipt.member).toMatchObject({ mask: '会员', villageName: '', lastFour: '', townAsOfMs: 0 });
});

test('nothing used is nothing printed', () => {
  const receipt = saleReceipt({ ...sale, pointsUsed: 0, pointsFen: 0, mobileFen: 0, mobileChannel: null }, context);
  expect(receipt).toMatchObject({ points: null, mobile: null });
});

test('a channel that the policy has dropped keeps its code', () => {
  expect(saleReceipt({ ...sale, mobileChannel: 'old' }, context).mobile?.channel).toBe('old');
});

test('a refund names its sale, and what rounding leaves between goods and tenders', () => {
  const receipt = receiptSchema.parse(refundReceipt(refund, sale, '质量问题', context));
  expect(receipt).toMatchObject({
    kind: 'refund',
    number: 'T01-1-10',
    totalFen: 2880,
    points: { used: 6, fen: 600 },
    mobile: { channel: '微信', fen: 644 },
    cashDueFen: 1640,
    truncationFen: -4,
    original: { number: 'T01-1-9', reason: '质量问题' },
  });
  expect(receipt.lines).toMatchObject([{ name: '菜籽油 5L', priceFen: 3200, reason: 'star', starRateBp: 9000 }]);
  expect(receipt.member?.stars).toBe(4);
});

test('a refund of a sale that is not here still has its goods and their unit price', () => {
  const receipt = receiptSchema.parse(
    refundReceipt(
      { ...refund, lines: [{ ...refund.lines[0]!, per: 'jin', quantity: 735, shelfFen: 394, payFen: 355 }] },
      null,
      '质量问题',
      context,
    ),
  );
  expect(receipt.lines).toMatchObject([{ name: '菜籽油', priceFen: 268, shelfFen: 394, payFen: 355 }]);
});

test('a reprint says so and a demo says so', () => {
  expect(saleReceipt(sale, { ...context, copy: true, demo: true })).toMatchObject({ copy: true, demo: true });
});
