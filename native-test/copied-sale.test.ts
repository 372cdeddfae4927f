import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coreOn, goods, openTestCore, scan } from '../electron/core/test-core.ts';

test('baskets that came with a copied folder, open and held, are other sales there', async () => {
  const till = await openTestCore();
  await till.ask(scan(goods.salt.code));
  await till.ask({ kind: 'hold' });
  await till.ask(scan(goods.bread.code));
  await till.ask(scan(goods.salt.code));
  const before = await till.screen();
  await till.core.close();
  const elsewhere = mkdtempSync(join(tmpdir(), 'one-card-copy-'));
  cpSync(join(till.folder, 'data'), join(elsewhere, 'data'), { recursive: true });

  const same = coreOn(till.folder, till.world.clock.nowMs());
  expect((await same.screen()).sale.id).toBe(before.sale.id);
  const copy = coreOn(elsewhere, till.world.clock.nowMs());
  const after = await copy.screen();
  expect(after.sale.lines).toHaveLength(2);
  expect(after.held).toHaveLength(1);
  expect(after.sale.id).not.toBe(before.sale.id);
  expect(after.held[0]?.sale).not.toBe(before.held[0]?.sale);
  await copy.close();
  await same.close();
});
