import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type DeviceSettings, openDevices } from './devices.ts';
import { drawerKick, receiptTicket } from './escpos.ts';
import { paperText } from '../../shared/paper.ts';
import { sampleRefund, sampleSale } from '../../shared/receipt-sample.ts';

const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'till-devices-'));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const none = { kind: 'none' } as const;

test('a shop without devices prints nothing, says so, and still has a till', async () => {
  const devices = openDevices({ printer: none, scale: none });
  expect(devices.printer).toBe('missing');
  expect(devices.scale).toBe('missing');
  expect(await devices.print(sampleSale)).toBe('failed');
  expect(await devices.openDrawer()).toBe('failed');
  expect(devices.weightGrams()).toBeNull();
  expect(devices.simulateWeight).toBeUndefined();
  devices.close();
});

test('a simulated counter holds what it printed and weighs what is put on it', async () => {
  const devices = openDevices({ printer: { kind: 'simulated', columns: 48 }, scale: { kind: 'simulated' } });
  expect([devices.printer, devices.scale]).toEqual(['simulated', 'simulated']);
  expect(await devices.print(sampleSale)).toBe('printed');
  expect(await devices.openDrawer()).toBe('opened');
  expect(devices.printouts()).toEqual([
    { receipt: sampleSale, bytes: receiptTicket(sampleSale, 48).bytes, text: paperText(sampleSale, 48) },
  ]);
  devices.simulateWeight?.(735);
  expect(devices.weightGrams()).toBe(735);
});

test('a simulated printer with a folder leaves bytes and text there, the copy beside the first', async () => {
  const folder = join(newFolder(), 'receipts');
  const devices = openDevices({ printer: { kind: 'simulated', columns: 32, folder }, scale: none });
  await devices.print({ ...sampleSale, number: '../T01-1-9' });
  await devices.print({ ...sampleSale, number: '../T01-1-9', copy: true });
  expect(readdirSync(folder).toSorted()).toEqual([
    '___T01-1-9-copy.bin',
    '___T01-1-9-copy.txt',
    '___T01-1-9.bin',
    '___T01-1-9.txt',
  ]);
});

test('a printer behind a path gets receipts and drawer kicks in the order they were asked for', async () => {
  const path = join(newFolder(), 'lp0');
  writeFileSync(path, '');
  const devices = openDevices({ printer: { kind: 'file', path, columns: 32 }, scale: none });
  expect(devices.printer).toBe('ready');
  const outcomes = await Promise.all([devices.openDrawer(), devices.print(sampleSale), devices.print(sampleRefund)]);
  expect(outcomes).toEqual(['opened', 'printed', 'printed']);
  expect(readFileSync(path)).toEqual(
    Buffer.concat([drawerKick, receiptTicket(sampleSale, 32).bytes, receiptTicket(sampleRefund, 32).bytes]),
  );
});

test('an unplugged printer fails and leaves no file where its device was', async () => {
  const folder = newFolder();
  const logged: string[] = [];
  const devices = openDevices(
    { printer: { kind: 'file', path: join(folder, 'lp0'), columns: 32 }, scale: none },
    { log: (line) => logged.push(line) },
  );
  expect(await devices.print(sampleSale)).toBe('failed');
  expect(readdirSync(folder)).toEqual([]);
  expect(logged).toEqual(['receipt T01-1-000123: the printer did not take it']);
});

test('a receipt that cannot be laid out fails, is logged, and the next one prints', async () => {
  const logged: string[] = [];
  const settings: DeviceSettings = { printer: { kind: 'simulated', columns: 32 }, scale: none };
  const devices = openDevices(settings, { log: (line) => logged.push(line) });
  const outcomes = await Promise.all([devices.print({ ...sampleSale, totalFen: 0.5 }), devices.print(sampleSale)]);
  expect(outcomes).toEqual(['failed', 'printed']);
  expect(logged).toHaveLength(1);
});

test('squares in place of unknown characters are counted in the log, without what the receipt says', async () => {
  const logged: string[] = [];
  const settings: DeviceSettings = { printer: { kind: 'simulated', columns: 32 }, scale: none };
  const devices = openDevices(settings, { log: (line) => logged.push(line) });
  await devices.print({ ...sampleSale, shopAddress: '㐂😀街' });
  expect(logged).toEqual(['receipt T01-1-000123: 2 characters printed as a square']);
});
