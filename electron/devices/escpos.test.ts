import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawerKick, receiptTicket, TicketBuilder } from './escpos.ts';
import { sampleSale } from '../../shared/receipt-sample.ts';

function lineOf(text: string) {
  const builder = new TicketBuilder(32);
  builder.row({ kind: 'text', text, align: 'left', bold: false, size: 1 });
  const { bytes, missing } = builder.ticket();
  return { hex: Buffer.from(bytes).toString('hex'), missing };
}

const START = '1b401c26';

test('a ticket is initialised and switched to Chinese once, at its start', () => {
  const hex = Buffer.from(receiptTicket(sampleSale, 32).bytes).toString('hex');
  expect(hex.startsWith(START)).toBe(true);
  expect(hex.split('1b40')).toHaveLength(2);
  expect(hex.split('1c26')).toHaveLength(2);
});

test('Chinese is GBK, and the yuan sign is the full-width one that GBK has', () => {
  expect(lineOf('信用惠民超市')).toEqual({ hex: `${START}d0c5d3c3bbddc3f1b3accad00a`, missing: 0 });
  expect(lineOf('￥3.50')).toEqual({ hex: `${START}a3a4332e35300a`, missing: 0 });
  expect(lineOf('¥3.50')).toEqual({ hex: `${START}a3a4332e35300a`, missing: 0 });
});

test.each([
  ['an emoji', '糖😀', 1],
  ['a character of GB18030 alone', '㐂', 1],
  ['the euro, a single byte in GBK', '€', 1],
  ['a control character', 'a\u001b@', 1],
  ['a lone surrogate', '\ud800', 1],
  ['plain text', 'abc 米', 0],
])('what the printer has no shape for is a counted square: %s', (_case, text, missing) => {
  expect(lineOf(text).missing).toBe(missing);
});

test('no text can become a command: after the start only text bytes and the line end remain', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const bytes = Buffer.from(lineOf(text).hex, 'hex').subarray(4);
      expect(bytes.at(-1)).toBe(0x0a);
      for (let index = 0; index < bytes.length - 1; index += 1) {
        const byte = bytes[index] ?? 0;
        if (byte >= 0x81) index += 1;
        else expect(byte >= 0x20 && byte <= 0x7e).toBe(true);
      }
    }),
  );
});

test('style is sent where it changes and not again', () => {
  const builder = new TicketBuilder(32);
  const bold = { kind: 'text', text: 'a', align: 'center', bold: true, size: 2 } as const;
  builder.row(bold);
  builder.row(bold);
  builder.row({ kind: 'text', text: 'b', align: 'left', bold: false, size: 1 });
  builder.row({ kind: 'feed', lines: 2 });
  builder.row({ kind: 'cut' });
  expect(Buffer.from(builder.ticket().bytes).toString('hex')).toBe(
    `${START}1b61011b45011d2111610a610a1b61001b45001d2100620a1b64021d564200`,
  );
});

test('a QR code is model 2, stored with its length and printed', () => {
  const builder = new TicketBuilder(32);
  builder.qr('T01-1-9');
  expect(Buffer.from(builder.ticket().bytes).toString('hex')).toBe(
    `${START}1b61011d286b0400314132001d286b03003143061d286b03003145311d286b0a003150305430312d312d391d286b0300315130`,
  );
});

test('the drawer opens on pin 2, or on pin 5, with a pulse of 50 ms', () => {
  expect(Buffer.from(drawerKick(2)).toString('hex')).toBe('1b700019fa');
  expect(Buffer.from(drawerKick(5)).toString('hex')).toBe('1b700119fa');
});
