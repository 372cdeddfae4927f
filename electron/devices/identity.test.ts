import { expect, test } from 'vitest';
import { claimPlace, findAgain, troubleOf } from './identity.ts';
import type { DeviceIdentity } from './input.ts';

const device = (
  path: string,
  serialNumber: string | null = null,
  productId = 0x0d10,
): { identity: DeviceIdentity } => ({
  identity: { vendorId: 0x1eab, productId, serialNumber, path },
});

test.each([
  ['where it was', device('a'), [device('b'), device('a')], 'a'],
  ['at another port', device('a'), [device('b')], 'b'],
  ['by its serial number, wherever', device('a', 'S1'), [device('a', 'S2'), device('b', 'S1')], 'b'],
  ['not another with the same make but its own serial number', device('a', 'S1'), [device('a', 'S2')], null],
  ['not another product of the maker', device('a'), [device('a', null, 0x0c10)], null],
  ['nothing plugged in', device('a'), [], null],
])('a device is found again: %s', (_case, wanted, found, path) => {
  expect(findAgain(wanted.identity, found)?.identity.path ?? null).toBe(path);
});

test('a port without a make is known by its path only', () => {
  const port = (path: string) => ({ identity: { vendorId: null, productId: null, serialNumber: null, path } });
  expect(findAgain(port('COM1').identity, [port('COM2'), port('COM1')])).toEqual(port('COM1'));
  expect(findAgain(port('COM1').identity, [port('COM2')])).toBeNull();
});

test.each([
  ['Error: No such file or directory, cannot open /dev/ttyUSB0', 'notPluggedIn'],
  ['Opening COM3: File not found', 'notPluggedIn'],
  ['Error Resource temporarily unavailable Cannot lock port', 'inUse'],
  ['Opening COM3: Access denied', 'inUse'],
  ["Failed to open a device with path '/dev/hidraw0': Permission denied", 'notAllowed'],
  ['libpcsclite.so.1: cannot open shared object file: No such file or directory', 'noService'],
  ['spawn udevadm ENOENT', 'noService'],
  ['something else', 'broken'],
])('what a library says means something to a person: %s', (message, trouble) => {
  expect(troubleOf(new Error(message))).toBe(trouble);
});

test('the place of a device that was set up is left to it while a counter opens, and to whoever is there afterwards', () => {
  let nowMs = 0;
  const at = (path: string) =>
    claimPlace({ vendorId: 0x1a86, productId: 0x7523, serialNumber: null, path }, () => nowMs);
  const [isAnothersThanScale, isAnothersThanScanner] = [at('/dev/ttyUSB1'), at('/dev/ttyUSB0')];
  expect([isAnothersThanScale('/dev/ttyUSB0'), isAnothersThanScale('/dev/ttyUSB1')]).toEqual([true, false]);
  expect([isAnothersThanScanner('/dev/ttyUSB0'), isAnothersThanScanner('/dev/ttyUSB7')]).toEqual([false, false]);
  nowMs = 2_000;
  expect(isAnothersThanScale('/dev/ttyUSB0')).toBe(false);
});
