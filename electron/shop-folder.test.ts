import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mutated } from '../shared/mutated-sample.ts';
import { readShop, type Shop, writeShop } from './shop-folder.ts';
import { SIMULATED_DEVICES } from '../shared/device-set-up.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'one-card-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const demo: Shop = { demo: true, townUrl: null, furnished: false, devices: SIMULATED_DEVICES };

test('a shop is read as it was written, in a folder made for it', () => {
  const place = join(folder, 'a', 'b');
  writeShop(place, demo);
  expect(readShop(place)).toEqual({ kind: 'shop', shop: demo });
  writeShop(place, { ...demo, furnished: true });
  expect(readShop(place)).toEqual({ kind: 'shop', shop: { ...demo, furnished: true } });
});

test('an absent folder and one with only hidden files are empty', () => {
  expect(readShop(join(folder, 'absent')).kind).toBe('empty');
  writeFileSync(join(folder, '.hidden'), '');
  expect(readShop(folder).kind).toBe('empty');
});

test('a folder with other things in it is never taken for a shop', () => {
  mkdirSync(join(folder, 'photos'));
  expect(readShop(folder)).toMatchObject({ kind: 'refused', reason: 'otherFolder' });
});

test('a file where a folder should be is unreadable', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(readShop(file)).toMatchObject({ kind: 'refused', reason: 'unreadable' });
});

for (const [what, text] of [
  ['half a file', '{"demo":tr'],
  ['a file without the kind of shop', '{"townUrl":null}'],
  ['a town that is no web address', '{"demo":false,"townUrl":"file:///etc/passwd"}'],
  ['a printer of an unknown kind', '{"demo":false,"townUrl":null,"devices":{"printer":{"kind":"other"}}}'],
] as const) {
  test(`${what} is a damaged shop file`, () => {
    writeFileSync(join(folder, 'shop.json'), text);
    expect(readShop(folder)).toMatchObject({ kind: 'refused', reason: 'damagedShopFile' });
  });
}

test('whatever a shop’s file says, it is a shop that can be written again, or refused by name', () => {
  const whole = { ...demo, townUrl: 'http://town.example', backups: { folder: 'x', keep: 7 } };
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.nat(), fc.nat()).map(([at, how]) => Buffer.from(JSON.stringify(mutated(whole, at, how)) ?? '')),
  );
  fc.assert(
    fc.property(content, (bytes) => {
      writeFileSync(join(folder, 'shop.json'), bytes);
      const read = readShop(folder);
      if (read.kind !== 'shop') {
        expect(read).toMatchObject({ kind: 'refused', reason: 'damagedShopFile' });
        return;
      }
      writeShop(folder, read.shop);
      expect(readShop(folder)).toEqual(read);
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? '200') },
  );
});
