import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tagBytes } from '../electron/devices/tspl.ts';
import type { ShelfTag } from '../shared/devices.ts';
import { photograph } from './browser.ts';
import { chromium, groupNeeding } from './prerequisite.ts';
import { type DrawnLabel, interpretLabels, labelsHtml } from './tspl-interpreter.ts';

/** Shelf tags as a label printer would print them. */

const rice: ShelfTag = {
  name: '五湖长粒香大米 东北圆粒珍珠米家庭实惠装真空包装',
  spec: '10kg',
  unit: '袋',
  priceFen: 5_990,
  per: 'piece',
  code: '6901028180559',
};
const SIZES = ['40x30', '60x40'] as const;

function labelOf(tag: ShelfTag, size: (typeof SIZES)[number]): DrawnLabel {
  const [label, ...others] = interpretLabels(tagBytes(tag, size));
  if (label === undefined || others.length > 0) throw new Error('a tag is one label');
  return label;
}

function textsOf({ parts }: DrawnLabel): string[] {
  return parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
}

test.each(SIZES)('a tag of %s says name, spec, price and code, one below the other', (size) => {
  const label = labelOf(rice, size);
  const texts = textsOf(label);
  expect(texts.slice(0, -2).join('')).toContain('五湖长粒香大米 东北圆粒珍');
  expect(texts.slice(-2)).toEqual(['10kg', '￥59.90/袋']);
  expect(label.parts.at(-1)).toMatchObject({ kind: 'code', type: 'EAN13', data: '6901028180559' });
  const tops = label.parts.map(({ y }) => y);
  expect(tops).toEqual(tops.toSorted((one, other) => one - other));
});

test('the bars stand in the middle, as wide as the tag has room for with blank at both sides', () => {
  const barsOn = (size: (typeof SIZES)[number]) => {
    const { widthDots, parts } = labelOf(rice, size);
    const code = parts.at(-1);
    if (code?.kind !== 'code') throw new Error('a tag ends in its bars');
    expect(Math.abs(code.x * 2 + code.width - widthDots)).toBeLessThanOrEqual(1);
    return code.narrow;
  };
  expect(SIZES.map(barsOn)).toEqual([2, 3]);
});

test('a short name is printed large, a long one on two lines, and no word of letters is torn', () => {
  const nameOf = (name: string) =>
    labelOf({ ...rice, name, spec: '' }, '40x30')
      .parts.slice(0, -2)
      .map((part) => (part.kind === 'text' ? [part.text, part.scale] : []));
  expect(nameOf('五花肉')).toEqual([['五花肉', 2]]);
  expect(nameOf('53度飞天酱香型白酒')).toEqual([['53度飞天酱香型白酒', 1]]);
  expect(nameOf('Extra Long English Product Name')).toEqual([
    ['Extra Long English', 1],
    ['Product Name', 1],
  ]);
});

test.each([
  ['13 digits with their check digit', '6901028180559', 'EAN13'],
  ['13 digits without', '6901028180550', '128'],
  ['8 digits with their check digit', '96385074', 'EAN8'],
  ['a shop code', '10901', '128'],
  ['letters', 'AB-12', '128'],
])('the bars of %s', (_case, code, type) => {
  expect(labelOf({ ...rice, code }, '40x30').parts.at(-1)).toMatchObject({ kind: 'code', type, data: code });
});

test('a code that no bars of this size can hold is printed in figures', () => {
  const code = 'A'.repeat(30);
  expect(textsOf(labelOf({ ...rice, code }, '40x30')).at(-1)).toBe('A'.repeat(25));
  expect(labelOf({ ...rice, code }, '60x40').parts.at(-1)).toMatchObject({ kind: 'code', type: '128', narrow: 1 });
});

test('weighed goods name their unit of weight, and a price that fills the tag comes before it', () => {
  const priceOf = (tag: Partial<ShelfTag>) => textsOf(labelOf({ ...rice, ...tag }, '40x30')).at(-1);
  expect(priceOf({ per: 'jin', unit: '斤', priceFen: 1_580 })).toBe('￥15.80/斤');
  expect(priceOf({ per: 'kg', unit: '公斤', priceFen: 2_360 })).toBe('￥23.60/公斤');
  expect(priceOf({ priceFen: 99_999_999 })).toBe('￥999999.99');
});

test('whatever a name holds, it stays on the label, covers nothing and becomes no command', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ maxLength: 80 }));
  fc.assert(
    fc.property(text, text, text, text, fc.integer({ min: 0, max: 99_999_999 }), (name, spec, unit, code, priceFen) => {
      for (const size of SIZES) labelOf({ name, spec, unit, code, priceFen, per: 'piece' }, size);
    }),
  );
});

describe('the interpreter is strict', () => {
  const whole = Buffer.from(tagBytes(rice, '40x30')).toString('latin1');
  test.each([
    ['an unknown command', whole.replace('CLS', 'BEEP')],
    ['a label that is not cleared', whole.replace('CLS\r\n', '')],
    ['a label that is not printed', whole.replace('PRINT 1,1\r\n', '')],
    ['a command without its end', whole.slice(0, -2)],
    ['text over the edge', whole.replace('TEXT 10,', 'TEXT 200,')],
    ['text on other text', whole.replace('TEXT 10,62', 'TEXT 10,40')],
    ['bars over the edge', whole.replace('BARCODE 65,', 'BARCODE 200,')],
    ['bars without blank beside them', whole.replace('BARCODE 65,', 'BARCODE 10,')],
    ['a wrong check digit', whole.replace('6901028180559', '6901028180558')],
    ['half a character', whole.replace('\r\nTEXT', '\u00ce\r\nTEXT')],
  ])('about %s', (_case, bytes) => {
    expect(bytes).not.toBe(whole);
    expect(() => interpretLabels(Buffer.from(bytes, 'latin1'))).toThrow(/./);
  });
});

groupNeeding('a picture of tags', chromium, (browser) => {
  test.each(SIZES)('of %s is drawn from the bytes alone', (size) => {
    const folder = process.env['PICTURES'] ?? mkdtempSync(join(tmpdir(), 'till-tags-'));
    const picture = join(folder, `tags-${size}.png`);
    const tags: ShelfTag[] = [
      rice,
      { ...rice, name: '五花肉', spec: '散装', unit: '斤', per: 'jin', priceFen: 1_580, code: '10901' },
      { ...rice, name: '散养土鸡蛋', spec: '散称', unit: '公斤', per: 'kg', priceFen: 2_360, code: '96385074' },
      { ...rice, name: '53度飞天酱香型白酒', spec: '500ml 礼盒装', unit: '瓶', priceFen: 149_900, code: 'AB-12345678' },
      { ...rice, name: 'Extra Long English Product Name', spec: '330ml*24', priceFen: 99_999_999, code: '长城' },
      { ...rice, name: '盐', spec: '', unit: '包', priceFen: 250 },
    ];
    const sheet = labelsHtml(tags.map((tag) => labelOf(tag, size)));
    photograph(
      browser,
      sheet,
      picture,
      size === '40x30' ? { width: 1_344, height: 1_500 } : { width: 1_984, height: 1_330 },
    );
    expect(statSync(picture).size).toBeGreaterThan(20_000);
    if (process.env['PICTURES'] === undefined) rmSync(folder, { recursive: true, force: true });
  });
});
