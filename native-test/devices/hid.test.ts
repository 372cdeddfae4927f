import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { inputFields } from '../../electron/devices/hid-descriptor.ts';
import { machineHid } from '../../electron/devices/hid-input.ts';
import { openHidScale } from '../../electron/devices/hid-scale.ts';
import { takeScanReport, type PartialScan } from '../../electron/devices/hid-scan-report.ts';
import { openHidScanner } from '../../electron/devices/hid-scanner.ts';
import type { DeviceIdentity } from '../../electron/devices/input.ts';
import { openStripeReader } from '../../electron/devices/stripe-reader.ts';
import { stripeLayout, trackTwoOf } from '../../electron/devices/stripe-report.ts';
import { aimScanner, laterAimScanner, magtekReader, plainScanner, stripeReader, usbScale } from './hid-reports.ts';
import { type Listened, listenTo } from './listened.ts';
import { type ReplayHid, replayHid } from './replay-hid.ts';

const EAN = '6901028180559';
const [SCANNER, STRIPE, SCALE] = [0x8c, 0x8e, 0x8d];

const open: { close: () => unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const identity = (change: Partial<DeviceIdentity> = {}): DeviceIdentity => ({
  vendorId: 0x1eab,
  productId: 0x0d10,
  serialNumber: null,
  path: 'hidraw0',
  ...change,
});

async function scannerOn(hid: ReplayHid, which: DeviceIdentity = identity()): Promise<Listened> {
  const listened = listenTo((tell, world) => openHidScanner({ identity: which }, tell, world, hid));
  open.push(listened.device);
  await listened.until('a state', () => listened.states().length > 0);
  return listened;
}

// The layouts, as pure functions.

const codesOf = (...reports: readonly Uint8Array[]): string[] => {
  let partial: PartialScan = null;
  return reports.flatMap((report, at) => {
    const taken = takeScanReport(partial, report, at * 10);
    ({ partial } = taken);
    return taken.code === null ? [] : [taken.code];
  });
};

const LONG = `01069010281805591726123110${'A'.repeat(20)}\u001d21${'B'.repeat(20)}`;

test('a scanner’s report gives its code, with the AIM identifier where it sends one', () => {
  expect(codesOf(aimScanner.report(']E0', EAN))).toEqual([`]E0${EAN}`]);
  expect(codesOf(plainScanner.report(EAN))).toEqual([EAN]);
  expect(codesOf(aimScanner.report(']C1', LONG.slice(0, 56), true), aimScanner.report(']C1', LONG.slice(56)))).toEqual([
    `]C1${LONG}`,
  ]);
  expect(codesOf(plainScanner.report(LONG.slice(0, 56), true), plainScanner.report(LONG.slice(56)))).toEqual([LONG]);
});

test('an identifier one byte later is found, and one that was set up as part of the code is taken as one', () => {
  expect(codesOf(laterAimScanner.report(']E0', EAN))).toEqual([`]E0${EAN}`]);
  const long = [laterAimScanner.report(']C1', LONG.slice(0, 56), true), laterAimScanner.report(']C1', LONG.slice(56))];
  expect(codesOf(...long)).toEqual([`]C1${LONG}`]);
  expect(codesOf(plainScanner.report(`]E0${EAN}`))).toEqual([`]E0${EAN}`]);
  const whole = `]C1${LONG}`;
  expect(codesOf(plainScanner.report(whole.slice(0, 56), true), plainScanner.report(whole.slice(56)))).toEqual([whole]);
});

test('a code whose rest did not come is dropped, and does not stand before the next', () => {
  const [first, next] = [plainScanner.report(LONG.slice(0, 56), true), plainScanner.report(EAN)];
  const partial = takeScanReport(null, first, 0).partial;
  expect(takeScanReport(partial, next, 201)).toEqual({ partial: null, code: EAN });
});

test('reports that are none give no code', () => {
  for (const report of [
    new Uint8Array(),
    plainScanner.report(EAN).subarray(0, 40),
    Uint8Array.from([0x03, ...plainScanner.report(EAN).subarray(1)]),
    Uint8Array.from([0x02, 57, ...plainScanner.report(EAN).subarray(2)]),
    plainScanner.report(''),
  ]) {
    expect(codesOf(report)).toEqual([]);
  }
});

test('whatever reports come, nothing throws and every code is text that a scanner sent', () => {
  const report = fc.oneof(
    fc.uint8Array({ maxLength: 70 }),
    fc
      .tuple(fc.stringMatching(/^[ -~]{1,56}$/), fc.boolean())
      .map(([text, goesOn]) => plainScanner.report(text, goesOn)),
    fc
      .tuple(fc.stringMatching(/^[ -~]{0,56}$/), fc.boolean())
      .map(([text, goesOn]) => aimScanner.report(']Q1', text, goesOn)),
    fc
      .tuple(fc.stringMatching(/^[ -~]{0,56}$/), fc.boolean())
      .map(([text, goesOn]) => laterAimScanner.report(']Q1', text, goesOn)),
  );
  fc.assert(
    fc.property(fc.array(report, { maxLength: 30 }), (reports) => {
      for (const code of codesOf(...reports)) expect(code.length).toBeLessThanOrEqual(200);
    }),
  );
});

test('track 2 is found where the descriptor, the maker or its signs put it', () => {
  const track = ';6217000012345678=25121010000?';
  const layout = stripeLayout(inputFields(stripeReader.descriptor), false);
  expect(layout).toEqual({ kind: 'fields', reportId: 1, lengthAt: 2, dataAt: 36, dataLength: 32 });
  expect(trackTwoOf(stripeReader.report(track), layout)).toBe(track);
  expect(trackTwoOf(magtekReader.report(track), stripeLayout([], true))).toBe(track);
  expect(trackTwoOf(magtekReader.report(track, true), stripeLayout([], true))).toBeNull();
  expect(trackTwoOf(stripeReader.report(track).subarray(36), stripeLayout([], false))).toBe(track);
  expect(trackTwoOf(stripeReader.report(';62170000'), layout)).toBeNull();
});

test('no descriptor and no report of a stripe reader throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ maxLength: 400 }), (descriptor, report) => {
      const changed = stripeReader.descriptor.map((byte, at) => descriptor[at] ?? byte);
      for (const layout of [stripeLayout(inputFields(changed), false), stripeLayout([], true)])
        trackTwoOf(report, layout);
    }),
  );
});

// The drivers, over replayed reports.

test('a scanner that is pulled out and put into another port is found by its make', async () => {
  const hid = replayHid();
  hid.plugIn({ path: 'hidraw0', usagePage: SCANNER });
  const scanner = await scannerOn(hid);
  hid.replay('hidraw0', plainScanner.report(EAN));
  hid.replay('hidraw0', plainScanner.report('half a code', true));
  hid.unplug('hidraw0');
  hid.plugIn({ path: 'hidraw7', usagePage: SCANNER });
  await scanner.until('it is back', () => scanner.states().length === 3);
  hid.replay('hidraw7', plainScanner.report(EAN));
  expect(scanner.codes()).toEqual([EAN, EAN]);
  expect(scanner.states()).toEqual(['ready', 'missing notPluggedIn', 'ready']);
});

test('a keyboard of the same maker and another scanner are left alone', async () => {
  const hid = replayHid();
  hid.plugIn({ path: 'hidraw0', usagePage: 0x01, usage: 6 });
  hid.plugIn({ path: 'hidraw1', usagePage: SCANNER, productId: 0x0c10 });
  expect((await scannerOn(hid)).states()).toEqual(['missing notPluggedIn']);
});

test('two scanners that are alike are opened by one driver each, wherever they are, and keep their codes apart', async () => {
  const hid = replayHid();
  hid.plugIn({ path: 'hidraw5', usagePage: SCANNER });
  hid.plugIn({ path: 'hidraw6', usagePage: SCANNER });
  const [one, other] = await Promise.all([
    scannerOn(hid, identity({ path: 'hidraw0' })),
    scannerOn(hid, identity({ path: 'hidraw1' })),
  ]);
  for (const each of [one, other]) await each.until('it is ready', () => each.states().at(-1) === 'ready');
  expect([...hid.held].toSorted()).toEqual(['hidraw5', 'hidraw6']);
  hid.replay('hidraw5', plainScanner.report(LONG.slice(0, 56), true));
  hid.replay('hidraw6', plainScanner.report(EAN));
  hid.replay('hidraw5', plainScanner.report(LONG.slice(56)));
  expect([...one.codes(), ...other.codes()].toSorted()).toEqual([LONG, EAN].toSorted());
});

test('a Honeywell is told to send codes instead of keys', async () => {
  const hid = replayHid();
  hid.plugIn({ path: 'hidraw0', vendorId: 0x0c2e, usagePage: SCANNER });
  const scanner = await scannerOn(hid, identity({ vendorId: 0x0c2e }));
  hid.replay('hidraw0', aimScanner.report(']E0', EAN));
  expect([scanner.codes(), hid.features()]).toEqual([[`]E0${EAN}`], ['fe01']]);
});

test('a listener that throws breaks no driver', async () => {
  const hid = replayHid();
  hid.plugIn({ path: 'hidraw0', usagePage: SCANNER });
  const log: string[] = [];
  const device = openHidScanner(
    { identity: identity() },
    () => {
      throw new Error('a bug of the listener');
    },
    { nowMs: () => 0, later: () => () => {}, log: (line) => log.push(line) },
    hid,
  );
  open.push(device);
  await new Promise(setImmediate);
  hid.replay('hidraw0', plainScanner.report(EAN));
  expect(log.join()).toContain('(code): a bug of the listener');
});

for (const [name, vendorId, usagePage, descriptor, report] of [
  ['by its descriptor', 0x1234, STRIPE, stripeReader.descriptor, stripeReader.report(';9800000012345=2512?')],
  ['of MagTek', 0x0801, 0xff00, undefined, magtekReader.report(';9800000012345=2512?')],
  ['without a descriptor', 0x1234, STRIPE, undefined, stripeReader.report(';9800000012345=2512?').subarray(36)],
] as const) {
  test(`a stripe reader ${name} gives the card’s number and nothing behind it`, async () => {
    const hid = replayHid();
    hid.plugIn({ path: 'hidraw0', vendorId, usagePage, ...(descriptor === undefined ? {} : { descriptor }) });
    const reader = listenTo((tell, world) => openStripeReader({ identity: identity({ vendorId }) }, tell, world, hid));
    open.push(reader.device);
    await reader.until('it is ready', () => reader.states().at(-1) === 'ready');
    await new Promise(setImmediate);
    hid.replay('hidraw0', report);
    expect(reader.cards()).toEqual(['9800000012345']);
    expect(reader.log.join()).not.toContain('98000');
  });
}

test('a USB scale weighs, moves, is out of range, and is missing when pulled out', async () => {
  const hid = replayHid();
  hid.plugIn({ path: 'hidraw0', usagePage: SCALE });
  const scale = listenTo((tell, world) => openHidScale({ identity: identity() }, tell, world, hid));
  open.push(scale.device);
  await scale.until('it is ready', () => scale.states().at(-1) === 'ready');
  for (const report of [
    usbScale.report(3, 500),
    usbScale.report(4, 735),
    usbScale.report(6, 0),
    usbScale.report(4, 40_000),
  ]) {
    hid.replay('hidraw0', report);
  }
  expect(scale.weights()).toEqual([735, null, null]);
  hid.unplug('hidraw0');
  expect(scale.states().at(-1)).toBe('missing notPluggedIn');
});

test('the machine’s own HID library loads, lists, and names a device that is not there', async () => {
  expect(Array.isArray(await machineHid.list())).toBe(true);
  await expect(machineHid.open('/dev/no-such-hid', { report: () => {}, lost: () => {} })).rejects.toThrow(
    /no-such-hid/,
  );
  expect(machineHid.held.size).toBe(0);
});
