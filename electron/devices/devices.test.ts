import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { NO_DEVICES, SIMULATED_DEVICES } from '../../shared/device-set-up.ts';
import { openDevices } from './devices.ts';
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

const tag = { name: '米', spec: '', unit: '袋', priceFen: 100, per: 'piece', code: '6901234567892' } as const;

test('a shop without devices prints nothing, says so, and still has a till', async () => {
  const devices = openDevices(NO_DEVICES);
  expect(devices.printer).toBe('missing');
  expect(devices.scale).toBe('missing');
  expect(await devices.print(sampleSale)).toBe('failed');
  expect(await devices.openDrawer()).toBe('failed');
  expect(devices.weightGrams()).toBeNull();
  devices.simulate({ what: 'weight', weightGrams: 735 });
  expect(devices.weightGrams()).toBeNull();
  expect(await devices.printTag(tag)).toBe('failed');
  devices.close();
});

test('a simulated counter holds what it printed and weighs what is put on it', async () => {
  const devices = openDevices({
    ...NO_DEVICES,
    printer: { kind: 'simulated', columns: 48 },
    scale: { kind: 'simulated' },
  });
  expect([devices.printer, devices.scale, devices.simulated]).toEqual(['unknown', 'ready', true]);
  expect(await devices.print(sampleSale)).toBe('printed');
  expect(await devices.openDrawer()).toBe('opened');
  expect(devices.printouts()).toEqual([
    { receipt: sampleSale, bytes: receiptTicket(sampleSale, 48).bytes, text: paperText(sampleSale, 48) },
  ]);
  expect(devices.printer).toBe('ready');
  devices.simulate({ what: 'weight', weightGrams: 735 });
  expect(devices.weightGrams()).toBe(735);
});

test('a simulated printer with a folder leaves bytes and text there, the copy beside the first', async () => {
  const folder = join(newFolder(), 'receipts');
  const devices = openDevices({ ...NO_DEVICES, printer: { kind: 'simulated', columns: 32, folder } });
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
  const devices = openDevices({ ...NO_DEVICES, printer: { kind: 'file', path, columns: 32 } });
  expect(devices.printer).toBe('blind');
  const outcomes = await Promise.all([devices.openDrawer(), devices.print(sampleSale), devices.print(sampleRefund)]);
  expect(outcomes).toEqual(['opened', 'printed', 'printed']);
  expect(readFileSync(path)).toEqual(
    Buffer.concat([drawerKick(2), receiptTicket(sampleSale, 32).bytes, receiptTicket(sampleRefund, 32).bytes]),
  );
});

test('an unplugged printer fails and leaves no file where its device was', async () => {
  const folder = newFolder();
  const logged: string[] = [];
  const devices = openDevices(
    { ...NO_DEVICES, printer: { kind: 'file', path: join(folder, 'lp0'), columns: 32 } },
    { log: (line) => logged.push(line) },
  );
  expect(await devices.print(sampleSale)).toBe('failed');
  expect(readdirSync(folder)).toEqual([]);
  expect(logged).toEqual(['slip T01-1-000123: the printer did not take it']);
});

test('a receipt that cannot be laid out fails, is logged, and the next one prints', async () => {
  const logged: string[] = [];
  const settings = { ...NO_DEVICES, printer: { kind: 'simulated', columns: 32 } } as const;
  const devices = openDevices(settings, { log: (line) => logged.push(line) });
  const outcomes = await Promise.all([devices.print({ ...sampleSale, totalFen: 0.5 }), devices.print(sampleSale)]);
  expect(outcomes).toEqual(['failed', 'printed']);
  expect(logged).toHaveLength(1);
});

test('squares in place of unknown characters are counted in the log, without what the receipt says', async () => {
  const logged: string[] = [];
  const settings = { ...NO_DEVICES, printer: { kind: 'simulated', columns: 32 } } as const;
  const devices = openDevices(settings, { log: (line) => logged.push(line) });
  await devices.print({ ...sampleSale, shopAddress: '㐂😀街' });
  expect(logged).toEqual(['slip T01-1-000123: 2 characters printed as a square']);
});

test('what a simulated counter reads comes as events, in the order of the hand', () => {
  const devices = openDevices(SIMULATED_DEVICES);
  const heard: unknown[] = [];
  const stop = devices.listen((event) => heard.push(event));
  devices.simulate({ what: 'code', code: '6901234567892' });
  devices.simulate({ what: 'card', token: '9800000000018' });
  stop();
  devices.simulate({ what: 'code', code: 'nobody hears it' });
  expect(heard).toEqual([
    { kind: 'code', code: '6901234567892' },
    { kind: 'card', token: '9800000000018' },
  ]);
  devices.close();
});

test.each(['paperOut', 'coverOpen'] as const)(
  'a simulated printer that is %s prints nothing until it is well',
  async (state) => {
    const devices = openDevices(SIMULATED_DEVICES);
    devices.simulate({ what: 'printer', state });
    expect(await devices.print(sampleSale)).toBe('failed');
    expect(devices.printer).toBe(state);
    expect(devices.printouts()).toEqual([]);
    devices.simulate({ what: 'printer', state: 'ready' });
    expect(await devices.print(sampleSale)).toBe('printed');
    devices.close();
  },
);

test('a display shows the newest figure, and a label printer takes a tag', async () => {
  const devices = openDevices(SIMULATED_DEVICES);
  devices.show({ what: 'price', amountFen: 250, name: '盐' });
  devices.show({ what: 'total', amountFen: 1_250, name: '' });
  expect(devices.shown()).toBe('合计 12.50');
  expect(await devices.printTag(tag)).toBe('printed');
  expect(devices.others.map(({ role, state }) => [role, state])).toEqual([
    ['display', 'ready'],
    ['labelPrinter', 'ready'],
  ]);
  devices.close();
});
