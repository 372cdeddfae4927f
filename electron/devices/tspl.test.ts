import iconv from 'iconv-lite';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasRightCheckDigit } from '../../shared/barcode.ts';
import type { ShelfTag } from '../../shared/devices.ts';
import { displayWidth } from '../../shared/receipt-layout.ts';
import { tagBytes } from './tspl.ts';

type Drawn = Readonly<
  | { kind: 'text'; x: number; y: number; width: number; height: number; text: string }
  | { kind: 'code'; x: number; y: number; width: number; height: number; type: string; data: string }
>;

/** A label printer of 203 dpi: throws on every command it does not know and on what would stand beside the label. */
function interpretTag(bytes: Uint8Array): Drawn[] {
  const drawn: Drawn[] = [];
  let size = { width: 0, height: 0 };
  let cleared = false;
  let printed = 0;
  const lines = iconv.decode(Buffer.from(bytes), 'gbk').split('\r\n');
  if (lines.pop() !== '') throw new Error('the last command has no end');
  for (const line of lines) {
    const label = /^SIZE (\d+) mm,(\d+) mm$/.exec(line);
    const text = /^TEXT (\d+),(\d+),"TSS24\.BF2",0,([1-3]),\3,"([^"\r\n]*)"$/.exec(line);
    const code = /^BARCODE (\d+),(\d+),"(EAN13|EAN8|128)",(\d+),1,0,([12]),\5,"([ -~]*)"$/.exec(line);
    if (label !== null) size = { width: Number(label[1]) * 8, height: Number(label[2]) * 8 };
    else if (line === 'CLS') cleared = true;
    else if (line === 'PRINT 1,1') printed += 1;
    else if (text !== null) {
      const scale = Number(text[3]);
      const width = displayWidth(text[4] ?? '') * 12 * scale;
      drawn.push({
        kind: 'text',
        x: Number(text[1]),
        y: Number(text[2]),
        width,
        height: 24 * scale,
        text: text[4] ?? '',
      });
    } else if (code !== null) {
      const type = code[3] ?? '';
      const data = code[6] ?? '';
      if (type !== '128' && !hasRightCheckDigit(data)) throw new Error(`no ${type}: ${data}`);
      const symbols = /^\d+$/.test(data) ? Math.ceil(data.length / 2) + (data.length % 2) : data.length;
      const modules = type === 'EAN13' ? 95 : type === 'EAN8' ? 67 : 11 * (symbols + 3) + 2;
      const height = Number(code[4]) + 26;
      drawn.push({
        kind: 'code',
        x: Number(code[1]),
        y: Number(code[2]),
        width: modules * Number(code[5]),
        height,
        type,
        data,
      });
    } else if (line !== 'GAP 2 mm,0 mm' && line !== 'DIRECTION 1') throw new Error(`unknown command: ${line}`);
  }
  if (!cleared || printed !== 1) throw new Error('a label is cleared, drawn and printed once');
  for (const one of drawn) {
    if (one.x + one.width > size.width || one.y + one.height > size.height)
      throw new Error(`off the label: ${JSON.stringify(one)}`);
  }
  return drawn;
}

const rice: ShelfTag = {
  name: '五湖长粒香大米 东北圆粒珍珠米家庭实惠装真空包装',
  spec: '10kg',
  unit: '袋',
  priceFen: 5_990,
  per: 'piece',
  code: '6901028180559',
};

test.each(['40x30', '60x40'] as const)('a tag of %s says name, spec, price and code, one below the other', (size) => {
  const drawn = interpretTag(tagBytes(rice, size));
  const texts = drawn.flatMap((one) => (one.kind === 'text' ? [one.text] : []));
  expect(texts.slice(0, 2).join('')).toContain('五湖长粒香大米');
  expect(texts.at(-2)).toBe('10kg');
  expect(texts.at(-1)).toBe('￥59.90/袋');
  expect(drawn.at(-1)).toMatchObject({ kind: 'code', type: 'EAN13', data: '6901028180559' });
  const bottoms = drawn.map(({ y, height }) => [y, y + height] as const);
  bottoms.slice(1).forEach(([top], index) => expect(top).toBeGreaterThanOrEqual((bottoms[index]?.[1] ?? 0) - 2));
});

test.each([
  ['13 digits with their check digit', '6901028180559', 'EAN13'],
  ['13 digits without', '6901028180550', '128'],
  ['8 digits with their check digit', '96385074', 'EAN8'],
  ['a shop code', '10901', '128'],
  ['letters', 'AB-12', '128'],
])('the bars of %s', (_case, code, type) => {
  expect(interpretTag(tagBytes({ ...rice, code }, '40x30')).at(-1)).toMatchObject({ kind: 'code', type, data: code });
});

test('weighed goods name their unit of weight, and a price that fills the tag comes before it', () => {
  const priceOf = (tag: Partial<ShelfTag>) =>
    interpretTag(tagBytes({ ...rice, ...tag }, '40x30'))
      .flatMap((one) => (one.kind === 'text' ? [one.text] : []))
      .at(-1);
  expect(priceOf({ per: 'jin', unit: '斤', priceFen: 1_580 })).toBe('￥15.80/斤');
  expect(priceOf({ priceFen: 99_999_999 })).toBe('￥999999.99');
});

test('whatever a name holds, it stays on the label and becomes no command', () => {
  const text = fc.string({ unit: 'binary', maxLength: 80 });
  fc.assert(
    fc.property(text, text, text, text, fc.integer({ min: 0, max: 99_999_999 }), (name, spec, unit, code, priceFen) => {
      for (const size of ['40x30', '60x40'] as const) {
        interpretTag(tagBytes({ name, spec, unit, code, priceFen, per: 'piece' }, size));
      }
    }),
  );
});
