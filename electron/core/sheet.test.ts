import excel from 'exceljs';
import fc from 'fast-check';
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

test('a workbook with a cell in its very last corner is read at once, and its rows keep their numbers', async () => {
  const workbook = new excel.Workbook();
  const sheet = workbook.addWorksheet('商品');
  sheet.addRow(['条码', '品名']);
  sheet.getCell(1_048_576, 16_384).value = '角落';
  const read = await readSheet(Buffer.from(await workbook.xlsx.writeBuffer()));
  if (read.kind === 'refused') throw new Error(read.reason);
  expect([read.rows.length, read.rows[0], read.rows[5], read.rows.at(-1)?.at(-1)]).toEqual([
    1_048_576,
    ['条码', '品名'],
    [],
    '角落',
  ]);
});

test('any bytes, and any file with some of its bytes changed, are rows of whole texts or refused by name', async () => {
  const workbook = new excel.Workbook();
  workbook.addWorksheet('商品').addRows([
    ['条码', '品名', '售价'],
    ['6901234567892', '面包', 5.1],
  ]);
  const files = [
    Buffer.from(await workbook.xlsx.writeBuffer()),
    Buffer.from(TEXT),
    iconv.encode(TEXT, 'gbk'),
    iconv.encode(TEXT, 'utf16-le', { addBOM: true }),
    iconv.encode(TEXT, 'utf16-be', { addBOM: true }),
  ];
  const changed = fc
    .record({ file: fc.nat(), cut: fc.nat(), edits: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }) })
    .map(({ file, cut, edits }) => {
      const bytes = Buffer.from(files[file % files.length] ?? []);
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
      return cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
    });
  const withMark = fc
    .tuple(fc.constantFrom('504b0304', 'fffe', 'feff', 'efbbbf', ''), fc.uint8Array({ maxLength: 200 }))
    .map(([mark, bytes]) => Buffer.concat([Buffer.from(mark, 'hex'), bytes]));
  await fc.assert(
    fc.asyncProperty(fc.oneof(changed, withMark), async (bytes) => {
      const read = await readSheet(bytes);
      if (read.kind === 'refused') expect(['unreadableFile', 'empty']).toContain(read.reason);
      else for (const cell of read.rows.flat()) expect(cell.isWellFormed()).toBe(true);
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? '100') },
  );
});
