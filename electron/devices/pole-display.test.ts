import iconv from 'iconv-lite';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CustomerFigure } from '../../shared/devices.ts';
import { displayBytes, figureWords, ledDigits, poleDisplay } from './pole-display.ts';

const LAMPS = ['', '单价', '合计', '收款', '找零'] as const;

/** An LED display of eight digits: throws on every byte that it does not know. */
function led(bytes: Uint8Array): { digits: string; lamp: string } {
  let rest = [...bytes];
  const shown = { digits: '', lamp: '' };
  while (rest.length > 0) {
    const [first, second, third] = rest;
    if (first === 0x0c) {
      shown.digits = '';
      rest = rest.slice(1);
    } else if (first === 0x1b && second === 0x40) rest = rest.slice(2);
    else if (first === 0x1b && second === 0x73) {
      const lamp = LAMPS[(third ?? 0) - 0x30];
      if (lamp === undefined) throw new Error('unknown lamp');
      shown.lamp = lamp;
      rest = rest.slice(3);
    } else if (first === 0x1b && second === 0x51 && third === 0x41) {
      const end = rest.indexOf(0x0d);
      const text = String.fromCharCode(...rest.slice(3, end));
      if (end < 0 || !/^[\d.-]+$/.test(text) || text.replace('.', '').length > 8) throw new Error(`not shown: ${text}`);
      shown.digits = text;
      rest = rest.slice(end + 1);
    } else throw new Error(`unknown byte ${String(first)}`);
  }
  return shown;
}

/** A display of two lines of twenty columns, by either command set. */
function twoLines(bytes: Uint8Array): [string, string] {
  const lines: [string, string] = ['', ''];
  let rest = Buffer.from(bytes);
  while (rest.length > 0) {
    const line = (at: number, from: number, behind: number): void => {
      if (rest.length < from + 20 + behind) throw new Error('a line cut short');
      lines[at] = iconv.decode(rest.subarray(from, from + 20), 'gbk').trimEnd();
      if (lines[at].includes('\ufffd')) throw new Error('half a character');
      rest = rest.subarray(from + 20 + behind);
    };
    if (rest[0] === 0x0c) {
      lines.splice(0, 2, '', '');
      rest = rest.subarray(1);
    } else if (rest[0] === 0x1b && rest[1] === 0x51 && (rest[2] === 0x41 || rest[2] === 0x42)) {
      if (rest[23] !== 0x0d) throw new Error('a line without its end');
      line(rest[2] - 0x41, 3, 1);
    } else if (rest[0] === 0x1f && rest[1] === 0x24 && rest[2] === 1 && (rest[3] === 1 || rest[3] === 2)) {
      line(rest[3] - 1, 4, 0);
    } else throw new Error(`unknown byte ${String(rest[0])}`);
  }
  return lines;
}

const price: CustomerFigure = { what: 'price', amountFen: 1_250, name: '五湖长粒香大米10kg装' };

test.each<[CustomerFigure, string, string]>([
  [price, '12.50', '单价'],
  [{ what: 'total', amountFen: 5, name: '' }, '0.05', '合计'],
  [{ what: 'received', amountFen: 10_000, name: '' }, '100.00', '收款'],
  [{ what: 'change', amountFen: 0, name: '' }, '0.00', '找零'],
  [{ what: 'total', amountFen: 999_999, name: '' }, '9999.99', '合计'],
  [{ what: 'total', amountFen: 1_000_000, name: '' }, '--------', '合计'],
  [{ what: 'none', amountFen: 0, name: '' }, '', ''],
])('eight digits show %o as %s under %s', (figure, digits, lamp) => {
  expect(led(displayBytes('led8', false, figure))).toEqual({ digits, lamp });
});

test.each(['cd5220', 'epson'] as const)(
  'two lines of %s show goods and price, in Chinese where the display can',
  (kind) => {
    expect(twoLines(displayBytes(kind, true, price))).toEqual(['五湖长粒香大米10kg装', '单价           12.50']);
    expect(twoLines(displayBytes(kind, false, price))).toEqual(['10kg', 'PRICE          12.50']);
    expect(twoLines(displayBytes(kind, true, { what: 'change', amountFen: 250, name: '' }))).toEqual([
      '',
      '找零            2.50',
    ]);
    expect(twoLines(displayBytes(kind, true, { what: 'none', amountFen: 0, name: '' }))).toEqual(['', '']);
  },
);

test('no name breaks a line, whatever is in it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.integer({ min: 0, max: 9_999_999_999 }),
      (name, amountFen) => {
        for (const kind of ['cd5220', 'epson'] as const) {
          for (const gbk of [true, false]) twoLines(displayBytes(kind, gbk, { what: 'price', amountFen, name }));
        }
        led(displayBytes('led8', false, { what: 'price', amountFen, name }));
        expect(ledDigits(amountFen).replace('.', '').length).toBeLessThanOrEqual(8);
      },
    ),
  );
});

/** An LED display on a line that is out, in, or as slow as the test makes it. */
function display() {
  const written: string[] = [];
  const pending: ((isWritten: boolean) => void)[] = [];
  const heard: boolean[] = [];
  let due: (() => void)[] = [];
  let lose = (): void => {};
  const pole = poleDisplay(
    (lost) => {
      lose = lost;
      return {
        write: (bytes) => {
          written.push(led(bytes).digits);
          return new Promise((resolve) => pending.push(resolve));
        },
        close: () => {},
      };
    },
    { protocol: 'led8', gbk: false },
    (isThere) => heard.push(isThere),
    (_delayMs, task) => {
      due.push(task);
      return () => (due = due.filter((one) => one !== task));
    },
  );
  const turn = async (isWritten: boolean): Promise<void> => {
    pending.shift()?.(isWritten);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const wait = (): void => {
    for (const task of due.splice(0)) task();
  };
  return { pole, written, heard, turn, wait, lose: () => lose(), waiting: () => due.length };
}

test('a slow display is given the newest figure and none of those that were overtaken', async () => {
  const { pole, written, turn } = display();
  await turn(true);
  for (const amountFen of [100, 200, 300]) void pole.show({ what: 'price', amountFen, name: '' });
  await turn(true);
  expect(written).toEqual(['', '1.00', '3.00']);
});

test('a display that is not there is known at once, and shows what the till shows by the time it is', async () => {
  const { pole, written, heard, turn, wait } = display();
  await turn(false);
  expect(heard).toEqual([false]);
  const tried = pole.show({ what: 'total', amountFen: 100, name: '' });
  await turn(false);
  expect(await tried).toBe(false);
  void pole.show({ what: 'total', amountFen: 250, name: '' });
  await turn(false);
  wait();
  await turn(true);
  expect([written.at(-1), heard.at(-1)]).toEqual(['2.50', true]);
});

test('a display that is pulled out is missed before the next figure, and shows it again when it is back', async () => {
  const { pole, written, heard, turn, wait, lose, waiting } = display();
  await turn(true);
  void pole.show({ what: 'total', amountFen: 250, name: '' });
  await turn(true);
  lose();
  expect(heard.at(-1)).toBe(false);
  wait();
  await turn(true);
  expect([written.slice(1), heard.at(-1), waiting()]).toEqual([['2.50', '2.50'], true, 0]);
  pole.close();
  lose();
  expect(waiting()).toBe(0);
});

test('a simulated display says what it shows', () => {
  expect(figureWords({ what: 'price', amountFen: 250, name: '盐' })).toBe('盐 单价 2.50');
  expect(figureWords({ what: 'none', amountFen: 0, name: '' })).toBe('');
});
