import { parse } from 'csv-parse/sync';
import iconv from 'iconv-lite';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type CodeRules, cardPatternOf, hasRightCheckDigit, parseCode } from '../shared/barcode.ts';
import { perSchema } from '../shared/item.ts';
import { cardStateSchema, memberStateSchema, standingWishSchema } from '../shared/member.ts';
import { policySchema } from '../shared/policy.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

const wholeNumber = z.string().regex(/^\d+$/).transform(Number);
const yuan = z
  .string()
  .regex(/^\d+\.\d{2}$/)
  .transform((text) => Number(text.replace('.', '')));
const itemRow = z.strictObject({
  code: z.string().regex(/^\d+$/),
  name: z.string().min(1),
  category: z.string().min(1),
  spec: z.string().min(1),
  unit: z.string().min(1),
  per: perSchema,
  price_yuan: yuan,
  discountable: z.enum(['0', '1']),
  cost_yuan: yuan,
  low_stock: wholeNumber,
  shelf_life_days: z.union([z.literal(''), wholeNumber]),
  initial_stock: wholeNumber,
  plu: z.string(),
});
const items = z.array(itemRow).parse(parse(read('demo/items.csv'), { columns: true }));

const id = z.string().regex(/^[0-9a-f]{32}$/);
const town = z
  .strictObject({
    town: z.strictObject({ id: z.string(), name: z.string() }),
    shop: z.strictObject({ id: z.string(), name: z.string(), address: z.string(), hotline: z.string() }),
    villages: z.array(z.strictObject({ id: z.string(), name: z.string(), fund: z.string() })),
    operators: z.array(
      z.strictObject({
        id,
        staffCode: z.string(),
        name: z.string(),
        role: z.enum(['cashier', 'manager']),
        demoPin: z.string().regex(/^\d{4,6}$/),
      }),
    ),
    foreignCards: z.array(z.strictObject({ token: z.string(), town: z.string() })),
    notices: z.array(
      z.strictObject({
        id,
        title: z.string(),
        text: z.string(),
        village: z.string().nullable(),
        days: z.int(),
        onReceipt: z.boolean(),
        by: z.string(),
      }),
    ),
    members: z.array(
      z.strictObject({
        id,
        name: z.string(),
        village: z.string(),
        stars: z.int().min(0).max(5),
        standingWish: standingWishSchema,
        state: memberStateSchema,
        cards: z.array(
          z.strictObject({
            id,
            token: z.string(),
            lastFour: z.string(),
            state: cardStateSchema,
            expiresOn: z.iso.date().nullable(),
          }),
        ),
        lots: z.array(
          z.strictObject({
            id,
            issuerVillage: z.string(),
            fund: z.string(),
            points: z.int().min(1),
            earnedDaysAgo: z.int().min(0).max(350),
            note: z.string().min(1).max(100),
          }),
        ),
      }),
    ),
  })
  .parse(JSON.parse(read('demo/town.json')));

const policy = policySchema.parse(JSON.parse(read('policy-default.json')));
const codeRules: CodeRules = {
  scaleLabels: policy.scaleLabels,
  cardPattern: cardPatternOf(policy.card.prefix),
  today: '2026-03-01',
};

/** Columns on a receipt: Chinese characters and full-width signs take two. */
function columnsOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + (character <= '~' ? 1 : 2), 0);
}

/** Printers with the small font have GB2312 and nothing beyond; both bytes tell. */
function isGb2312(text: string): boolean {
  return Array.from(text).every((character) => {
    if (character <= '~') return true;
    const bytes = iconv.encode(character, 'gbk');
    const [high = 0, low = 0] = bytes;
    return bytes.length === 2 && high >= 0xa1 && high <= 0xf7 && low >= 0xa1;
  });
}

const repeated = (texts: readonly string[]): string[] => texts.filter((text, index) => texts.indexOf(text) !== index);

test('the shop carries at least 2,000 items in at least 25 categories', () => {
  expect(items.length).toBeGreaterThanOrEqual(2000);
  expect(new Set(items.map((item) => item.category)).size).toBeGreaterThanOrEqual(25);
});

test('no code and no name with its spec stands twice', () => {
  expect(repeated(items.map((item) => item.code))).toEqual([]);
  expect(repeated(items.map((item) => `${item.name} ${item.spec}`))).toEqual([]);
});

test('every barcode has a right check digit, and EAN-13, EAN-8 and UPC-A are all on the shelf', () => {
  const barcodes = items.map((item) => item.code).filter((code) => code.length !== 5);
  expect(barcodes.filter((code) => !hasRightCheckDigit(code))).toEqual([]);
  expect(barcodes.filter((code) => code.length === 13 && !/^69\d/.test(code))).toEqual([]);
  expect([...new Set(barcodes.map((code) => code.length))].sort((a, b) => a - b)).toEqual([8, 12, 13]);
});

test('every code, when scanned, is read as that item and as nothing else first', () => {
  const strange = items.filter((item) => {
    const first = parseCode(item.code, codeRules).readings[0];
    if (first.kind === 'gtin') return !first.lookups.includes(item.code);
    return first.kind !== 'internal' || first.code !== item.code;
  });
  expect(strange.map((item) => item.code)).toEqual([]);
});

test('weighed goods have a five-digit PLU that is their code; pieces have none', () => {
  const weighed = items.filter((item) => item.per !== 'piece');
  expect(weighed.filter((item) => item.plu !== item.code || !/^\d{5}$/.test(item.plu))).toEqual([]);
  expect(items.filter((item) => item.per === 'piece' && item.plu !== '')).toEqual([]);
  expect(new Set(items.map((item) => item.per))).toEqual(new Set(['piece', 'jin', 'kg']));
  const categories = new Set(weighed.map((item) => item.category));
  for (const category of ['蔬菜', '水果', '肉类', '蛋类', '水产', '粮油', '干货'])
    expect(categories).toContain(category);
});

test('prices are between a dime and a thousand yuan, and above their cost', () => {
  expect(items.filter((item) => item.price_yuan < 10 || item.price_yuan > 100_000)).toEqual([]);
  expect(items.filter((item) => item.cost_yuan < 1 || item.cost_yuan >= item.price_yuan)).toEqual([]);
});

test('names fit a receipt line and every character is one that a GB2312 printer has', () => {
  expect(items.filter((item) => columnsOf(item.name) > 40).map((item) => item.name)).toEqual([]);
  expect(items.filter((item) => !isGb2312(item.name + item.spec + item.unit)).map((item) => item.name)).toEqual([]);
});

test('some stock is low at the start, but most is not', () => {
  const low = items.filter((item) => item.initial_stock <= item.low_stock).length;
  expect(low).toBeGreaterThan(10);
  expect(low).toBeLessThan(items.length / 20);
});

test('the policy excludes categories that the shop has, and those items are never discountable', () => {
  const categories = new Set(items.map((item) => item.category));
  for (const category of [
    ...policy.discount.excludedCategories,
    ...policy.points.excludedCategories,
    ...policy.refund.sameDayCategories,
    ...policy.adultCategories,
  ]) {
    expect(categories).toContain(category);
  }
  const excluded = new Set(policy.discount.excludedCategories);
  expect(items.filter((item) => excluded.has(item.category) && item.discountable === '1')).toEqual([]);
});

test('a shopping bag is to be had', () => {
  expect(items.some((item) => item.category === '购物袋' && item.per === 'piece')).toBe(true);
});

test('three villages and sixty members of all stars, most of whom wish to spend nothing unasked', () => {
  expect(town.villages).toHaveLength(3);
  expect(town.members).toHaveLength(60);
  expect(new Set(town.members.map((member) => member.stars))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  expect(repeated(town.members.map((member) => member.name))).toEqual([]);
  const villages = new Set(town.villages.map((village) => village.id));
  expect(town.members.filter((member) => !villages.has(member.village))).toEqual([]);
  expect(town.members.filter((member) => member.standingWish === 'none').length).toBeGreaterThan(45);
  expect(new Set(town.members.map((member) => member.standingWish))).toEqual(new Set(standingWishSchema.options));
});

test('every card number is read as a card and nothing else, and each ends as its last four say', () => {
  const cards = town.members.flatMap((member) => member.cards);
  const tokens = [...cards.map((card) => card.token), ...town.foreignCards.map((card) => card.token)];
  expect(repeated(tokens)).toEqual([]);
  expect(tokens.filter((token) => !hasRightCheckDigit(token))).toEqual([]);
  expect(tokens.filter((token) => parseCode(token, codeRules).readings[0].kind !== 'cardToken')).toEqual([]);
  expect(cards.filter((card) => !card.token.endsWith(card.lastFour) || card.lastFour.length !== 4)).toEqual([]);
});

test('no member has two active cards; a lost one with its successor, a blocked, a replaced, an expired are there', () => {
  const states = town.members.map((member) => member.cards.map((card) => card.state));
  expect(states.filter((cards) => cards.filter((state) => state === 'active').length > 1)).toEqual([]);
  expect(states).toContainEqual(['lost', 'active']);
  expect(states.flat()).toEqual(expect.arrayContaining(['blocked', 'replaced']));
  expect(town.members.some((member) => member.cards.some((card) => card.expiresOn !== null))).toBe(true);
  expect(new Set(town.members.map((member) => member.state))).toContain('suspended');
  expect(new Set(town.members.map((member) => member.state))).toContain('withdrawn');
  expect(town.foreignCards).toHaveLength(1);
});

test('balances lie between 0 and 1500, in lots whose fund is that of their issuing village', () => {
  const balances = town.members.map((member) => member.lots.reduce((sum, lot) => sum + lot.points, 0));
  expect(Math.min(...balances)).toBe(0);
  expect(Math.max(...balances)).toBeGreaterThan(300);
  expect(Math.max(...balances)).toBeLessThanOrEqual(1500);
  expect(town.members.filter((member) => member.lots.length > 1).length).toBeGreaterThan(20);
  const fundOf = new Map(town.villages.map((village) => [village.id, village.fund]));
  const lots = town.members.flatMap((member) => member.lots);
  expect(lots.filter((lot) => fundOf.get(lot.issuerVillage) !== lot.fund)).toEqual([]);
  expect(town.members.some((member) => member.lots.some((lot) => lot.issuerVillage !== member.village))).toBe(true);
});

test('no two things in the town share an id; two cashiers and a manager can log in', () => {
  const lots = town.members.flatMap((member) => member.lots);
  const cards = town.members.flatMap((member) => member.cards);
  expect(repeated([...town.members, ...cards, ...lots, ...town.operators].map((thing) => thing.id))).toEqual([]);
  expect(town.operators.map((operator) => operator.role)).toEqual(['cashier', 'cashier', 'manager']);
  expect(repeated(town.operators.map((operator) => operator.staffCode))).toEqual([]);
});

/** Of a sound of 16-bit samples: how long, how loud at its loudest, and how high it begins and ends (crossings a second). */
function heard(name: string): { seconds: number; peak: number; begins: number; ends: number } {
  const bytes = readFileSync(new URL(`sounds/${name}.wav`, import.meta.url));
  const rate = bytes.readUInt32LE(24);
  const samples = Array.from({ length: (bytes.length - 44) >> 1 }, (_, index) => bytes.readInt16LE(44 + 2 * index));
  const piece = Math.round(rate / 20);
  const pitchOf = (part: readonly number[]): number =>
    (part.filter((sample, index) => sample > 0 && (part[index - 1] ?? 1) <= 0).length * rate) / part.length;
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return {
    seconds: samples.length / rate,
    peak,
    begins: pitchOf(samples.slice(0, piece)),
    ends: pitchOf(samples.slice(-piece)),
  };
}

test('good, warning, bad, card, paid and manager are as loud as each other and told apart by height and length', () => {
  const names = ['good', 'warn', 'bad', 'card', 'paid', 'manager'];
  const all = names.map((name) => ({ name, ...heard(name) }));
  expect(new Set(all.map((one) => one.peak)).size).toBe(1);
  const far = (a: number, b: number): boolean => Math.max(a, b) / Math.min(a, b) > 1.18;
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      const apart = far(one.begins, other.begins) || far(one.ends, other.ends) || far(one.seconds, other.seconds);
      expect(apart, `${one.name} and ${other.name}`).toBe(true);
    }
  }
  const [good, , bad] = all;
  expect(bad?.begins ?? 0).toBeLessThan((good?.begins ?? 0) / 3);
  expect(bad?.seconds ?? 0).toBeGreaterThan(3 * (good?.seconds ?? 1));
});

test('the beeps are short uncompressed sounds and the icons are square pictures', () => {
  for (const name of ['good', 'warn', 'bad', 'card', 'paid', 'manager']) {
    const bytes = readFileSync(new URL(`sounds/${name}.wav`, import.meta.url));
    expect(bytes.toString('latin1', 0, 4)).toBe('RIFF');
    expect(bytes.length).toBeLessThan(20_000);
  }
  for (const size of [256, 512]) {
    const bytes = readFileSync(new URL(`icons/icon-${size}.png`, import.meta.url));
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([size, size]);
  }
});
