import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { audit } from '../resources/audit/verify.mjs';
import { type AuditedShop, openAuditedShop } from './audited-shop.ts';

let shop: AuditedShop;
let place: string;
beforeAll(async () => {
  shop = await openAuditedShop();
  place = mkdtempSync(join(tmpdir(), 'one-card-export-'));
});
afterAll(async () => {
  await shop.close();
  rmSync(place, { recursive: true, force: true });
});

test('a whole export is sound', async () => {
  const folder = join(place, 'whole');
  expect(await shop.client.exportTo({ folder, from: null, to: null })).toMatchObject({ kind: 'exported' });
  const found = audit((name) => readFileSync(join(folder, name)));
  expect(found.faults).toEqual([]);
});
