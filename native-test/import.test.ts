import { readFileSync } from 'node:fs';
import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import { hasRightCheckDigit } from '../shared/barcode.ts';
import { createCatalogue } from '../electron/core/catalogue.ts';
import { importItems } from '../electron/core/import.ts';
import { openTestTill } from '../electron/core/test-till.ts';
import { groupNeeding, reference } from './prerequisite.ts';

groupNeeding("a real shop's list of goods", reference('data/catalog-sample.csv'), (file) => {
  const bytes = readFileSync(file);
  const lines = bytes.toString('utf8').trim().split(/\r?\n/);

  test('what can be sold comes in, the rest is named, and a second run changes nothing', async () => {
    const till = openTestTill();
    const catalogue = createCatalogue(till);
    const first = await importItems(till, catalogue, { fileName: 'catalog-sample.csv', bytes });
    expect(first.kind).toBe('imported');
    if (first.kind !== 'imported') return;
    expect(first).toMatchObject({ read: lines.length - 1, updated: 0, unchanged: 0 });
    expect(first.imported).toBe(first.read - first.rejected.length);
    expect(first.rejected.map((row) => row.reason)).toEqual(first.rejected.map(() => 'wrongCheckDigit'));
    // Every rejected row is one that no scanner could ever read, and none of that kind came in.
    const unreadable = lines
      .map((line, index) => ({ row: index + 1, code: line.split(',')[0] ?? '' }))
      .filter(({ row, code }) => row > 1 && /^\d{12,14}$/.test(code) && !hasRightCheckDigit(code));
    expect(first.rejected.map(({ row, code }) => ({ row, code }))).toEqual(unreadable);

    expect(catalogue.byCode('01000003')).toMatchObject({ name: '冠群芳甘蔗白糖', per: 'piece', priceFen: 500 });
    expect(catalogue.byCode('lb000002')).toMatchObject({ name: '物料方便袋' });
    expect(catalogue.byPlu('00102')).toMatchObject({ name: '西红柿', per: 'kg', priceFen: 400 });
    expect(
      catalogue.stockRows({ text: '', only: 'unpriced', category: null, offset: 0, limit: 1 }).total,
    ).toBeGreaterThan(1500);
    expect(catalogue.search('GQFGZBT', 5)[0]?.code).toBe('01000003');

    const records = till.records('itemChange').length;
    const second = await importItems(till, catalogue, { fileName: 'catalog-sample.csv', bytes });
    expect(second).toEqual({ ...first, imported: 0, unchanged: first.imported });
    expect(till.records('itemChange')).toHaveLength(records);
    till.close();
  });

  test('the same list in GBK gives the same catalogue', async () => {
    const till = openTestTill();
    const catalogue = createCatalogue(till);
    const gbk = iconv.encode(bytes.toString('utf8'), 'gb18030');
    const report = await importItems(till, catalogue, { fileName: 'catalog-sample.csv', bytes: gbk });
    expect(report).toMatchObject({ kind: 'imported', read: lines.length - 1 });
    expect(catalogue.byCode('01000004')?.name).toBe('刀削面');
    till.close();
  });
});
