import type { PointsSlip } from './points-slip.ts';
import type { Receipt } from './receipt.ts';

/**
 * A sale and a refund that use every part of a receipt, for tests of layout and paper. They say 模拟 like everything that
 * never happened, so a test print of a real shop may use them too.
 */
type Line = Receipt['lines'][number];

const piece = {
  unit: '瓶',
  per: 'piece',
  quantity: 1,
  labelled: false,
  reason: 'shelf',
  starRateBp: null,
  pointsAllowed: true,
} as const;

const star = { reason: 'star', starRateBp: 9000 } as const;

const water: Line = {
  ...piece,
  ...star,
  name: '山泉饮用水 550ml',
  quantity: 2,
  priceFen: 200,
  shelfFen: 400,
  payFen: 360,
};

const pork: Line = {
  ...piece,
  ...star,
  name: '五花肉',
  unit: '斤',
  per: 'jin',
  labelled: true,
  quantity: 731,
  priceFen: 1580,
  shelfFen: 2310,
  payFen: 2079,
};

export const sampleSale: Receipt = {
  kind: 'sale',
  number: 'T01-1-000123',
  townName: '清溪镇',
  shopName: '信用惠民超市（柳塘店）',
  shopAddress: '清溪镇柳塘村文化广场东侧 1 号',
  hotline: '0000-12345',
  tillName: '1号机',
  cashier: '01',
  atMs: Date.parse('2026-11-23T18:22:03+08:00'),
  demo: true,
  practice: false,
  lines: [
    water,
    {
      ...piece,
      ...star,
      name: '五湖长粒香大米 东北圆粒珍珠米家庭实惠装 真空包装 10kg',
      unit: '袋',
      priceFen: 5990,
      shelfFen: 5990,
      payFen: 5391,
    },
    {
      ...piece,
      name: '大白菜',
      unit: '斤',
      per: 'jin',
      quantity: 1235,
      priceFen: 148,
      shelfFen: 366,
      payFen: 296,
      reason: 'promotion',
    },
    {
      ...piece,
      name: '红富士苹果',
      unit: 'kg',
      per: 'kg',
      quantity: 1230,
      priceFen: 1250,
      shelfFen: 1538,
      payFen: 1200,
      reason: 'clearance',
    },
    pork,
    { ...piece, name: '软盒香烟', unit: '包', priceFen: 1250, shelfFen: 1250, payFen: 1250, pointsAllowed: false },
    { ...piece, name: '搪瓷脸盆', unit: '个', priceFen: 1500, shelfFen: 1500, payFen: 1400, reason: 'manual' },
  ],
  shelfFen: 13_354,
  discountFen: 1378,
  totalFen: 11_976,
  points: { used: 72, fen: 7200 },
  mobile: { channel: '微信', fen: 1000 },
  truncationFen: 6,
  cashDueFen: 3770,
  cashGivenFen: 10_000,
  changeFen: 6230,
  member: {
    mask: '孙**',
    villageName: '柳塘村',
    stars: 4,
    lastFour: '6608',
    spendableAfter: 54,
    townPoints: 310,
    townAsOfMs: Date.parse('2026-11-22T23:10:00+08:00'),
    nextExpiry: { points: 20, day: '2026-12-31' },
    savedThisYearFen: 32_050,
  },
  original: null,
  seq: 1234,
  shortHash: 'a1b2c3d4',
  copy: false,
};

export const sampleRefund: Receipt = {
  ...sampleSale,
  kind: 'refund',
  number: 'T01-1-000124',
  lines: [water, pork],
  shelfFen: 2710,
  discountFen: 271,
  totalFen: 2439,
  points: { used: 15, fen: 1500 },
  mobile: { channel: '微信', fen: 200 },
  truncationFen: -1,
  cashDueFen: 740,
  cashGivenFen: 0,
  changeFen: 0,
  original: { number: 'T01-1-000123', reason: '质量问题' },
  seq: 1235,
};

const at = (text: string): number => Date.parse(`${text}+08:00`);

/** A 积分查询单 with every sort of movement. */
export const samplePoints: PointsSlip = {
  kind: 'points',
  number: 'slip-0001',
  shopName: '信用惠民超市',
  tillName: '一号机',
  cashier: '林**',
  hotline: '0000-12345',
  atMs: at('2026-11-24T12:00:00'),
  demo: false,
  practice: false,
  copy: false,
  member: { mask: '孙**', villageName: '槐树湾村', stars: 3, lastFour: '0017' },
  source: 'town',
  spendable: 73,
  townPoints: 93,
  townAsOfMs: at('2026-11-24T12:00:00'),
  nextExpiry: { points: 40, day: '2026-12-31' },
  movements: [
    {
      atMs: at('2026-11-24T11:02:00'),
      kind: 'returned',
      points: 3,
      borne: 0,
      balance: 93,
      place: '信用惠民超市',
      about: 't01-1-000124',
    },
    {
      atMs: at('2026-11-23T09:40:00'),
      kind: 'spent',
      points: -7,
      borne: 2,
      balance: 90,
      place: '信用惠民超市（柳塘店）',
      about: 't02-1-000007',
    },
    {
      atMs: at('2026-10-01T08:00:00'),
      kind: 'earned',
      points: 40,
      borne: 0,
      balance: 97,
      place: '槐树湾村信用基金',
      about: '清洁家园',
    },
    {
      atMs: at('2026-01-01T03:00:00'),
      kind: 'expired',
      points: -12,
      borne: 0,
      balance: 57,
      place: '槐树湾村信用基金',
      about: '',
    },
    { atMs: at('2025-03-05T10:00:00'), kind: 'carried', points: 69, borne: 0, balance: 69, place: '', about: '' },
  ],
  objection: { days: 30, villageDays: 7, townDays: 15 },
};
