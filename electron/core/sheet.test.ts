import excel from 'exceljs';
import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import { readSheet } from './sheet.ts';

const TEXT = '条码,品名,售价\r\n6901234567892,"面包, 老",5.00\r\n\r\nLB000002,袋"大",0.30\r\n';
const ROWS = [['条码', '品名', '售价'], ['6901234567892', '面包, 老', '5.00'], [''], ['LB000002', '袋"大"', '0.30']];

test.each([
  ['UTF-8', Buffer.from(TEXT)],
  ['UTF-8 with a mark', Buffer.from(`\ufeff${TEXT}`)],
  ['GBK', iconv.encode(TEXT, 'gbk')],
  ['GB18030', iconv.encode(TEXT, 'gb18030')],
  ['UTF-16 with a mark', iconv.encode(TEXT, 'utf16-le', { addBOM: true })],
  ['old Macintosh line ends', Buffer.from(TEXT.replaceAll('\r\n', '\r'))],
])('a list in %s is read', async (_, bytes) => {
  expect(await readSheet(bytes)).toEqual({ kind: 'sheet', rows: ROWS });
});

test.each([
  ['tabs', '\t'],
  ['semicolons', ';'],
  ['bars', '|'],
])('a list parted by %s is read', async (_, delimiter) => {
  const bytes = Buffer.from(`条码${delimiter}品名\n123456${delimiter}"甲,乙"\n`);
  expect(await readSheet(bytes)).toEqual({
    kind: 'sheet',
    rows: [
      ['条码', '品名'],
      ['123456', '甲,乙'],
    ],
  });
});

test('a quote that is never closed costs no row', async () => {
  const sheet = await readSheet(Buffer.from('code,name\nAA001,"六寸盘\nAA002,碗\n'));
  expect(sheet).toMatchObject({
    rows: [
      ['code', 'name'],
      ['AA001', '"六寸盘'],
      ['AA002', '碗'],
    ],
  });
});

test('what is no list is refused, and so is one without anything in it', async () => {
  const refused = { kind: 'refused', reason: 'unreadableFile' };
  expect(await readSheet(Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0, 0, 0]))).toEqual(
    refused,
  );
  expect(await readSheet(Uint8Array.from([0x50, 0x4b, 3, 4, 1, 2, 3]))).toEqual(refused);
  expect(await readSheet(Buffer.from('<html><table><tr><td>条码</td></tr></table></html>'))).toEqual(refused);
  expect(await readSheet(Buffer.from('\n , \n'))).toEqual({ kind: 'refused', reason: 'empty' });
  expect(await readSheet(new Uint8Array())).toEqual({ kind: 'refused', reason: 'empty' });
});

test('cells of a workbook keep their digits', async () => {
  const workbook = new excel.Workbook();
  workbook.addWorksheet('空');
  const sheet = workbook.addWorksheet('商品');
  sheet.addRow(['条码', '品名', '售价']);
  sheet.addRow([6901234567892, { richText: [{ text: '面' }, { text: '包' }] }, 5.1]);
  sheet.addRow(['00102', '西红柿', { formula: '1+1', result: 2.5 }]);
  sheet.addRow([102, '茄子', 0.1 + 0.2]);
  sheet.getCell('A4').numFmt = '00000';
  sheet.addRow([Number('12345678901234567890'), '太长', true]);
  const bytes = Buffer.from(await workbook.xlsx.writeBuffer());
  expect(await readSheet(bytes)).toEqual({
    kind: 'sheet',
    rows: [
      ['条码', '品名', '售价'],
      ['6901234567892', '面包', '5.1'],
      ['00102', '西红柿', '2.5'],
      ['00102', '茄子', '0.3'],
      ['1.23456789012346e+19', '太长', '1'],
    ],
  });
});
