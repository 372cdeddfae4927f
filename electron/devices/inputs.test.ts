import { expect, test } from 'vitest';
import type { DeviceEvent } from '../../shared/devices.ts';
import type { DeviceSettings } from '../../shared/device-set-up.ts';
import type { InputDevice, Tell } from './input.ts';
import { openInputs } from './inputs.ts';
import { createRecorder, maskedHex } from './recorder.ts';

const usb = (productId: number) => ({
  vendorId: 0x1eab,
  productId,
  serialNumber: null,
  path: `/dev/hidraw${productId}`,
});

const settings: Pick<DeviceSettings, 'scanners' | 'cardReaders' | 'scale'> = {
  scanners: [
    { kind: 'hid', identity: usb(1) },
    { kind: 'hid', identity: usb(2) },
  ],
  cardReaders: [{ kind: 'pcsc', reader: 'ACR122U 00 00', reading: { kind: 'uid' } }],
  scale: { kind: 'hid', identity: usb(3) },
};

/** Inputs whose devices say what the test makes them say. */
function counter() {
  let nowMs = 0;
  const due: (() => void)[] = [];
  const tells: Tell[] = [];
  const events: DeviceEvent[] = [];
  const closed: number[] = [];
  const driver = (tell: Tell): InputDevice => {
    const at = tells.push(tell) - 1;
    return {
      close: () => void closed.push(at),
      ...(at === 3 ? { tare: () => tell({ kind: 'weight', reading: null }) } : {}),
    };
  };
  const recorder = createRecorder({ system: 'test' }, () => nowMs);
  const inputs = openInputs(
    settings,
    { nowMs: () => nowMs, wallMs: () => 1_000 + nowMs, later: (_, task) => (due.push(task), () => {}), log: () => {} },
    { event: (event) => events.push(event), raw: recorder.take },
    {
      scanner: (_, tell) => driver(tell),
      cardReader: (_, tell) => driver(tell),
      scale: (_, tell) => driver(tell),
    },
  );
  const [first, second, reader, scale] = tells as [Tell, Tell, Tell, Tell];
  const pass = (milliseconds: number): void => {
    nowMs += milliseconds;
    for (const task of due.splice(0)) task();
  };
  return {
    inputs,
    events,
    closed,
    recorder,
    first,
    second,
    reader,
    scale,
    pass,
    weigh: (weightGrams: number) => scale({ kind: 'weight', reading: { weightGrams, isStable: true, atMs: nowMs } }),
  };
}

const ready = { kind: 'state', state: 'ready', why: '' } as const;

test('codes of two scanners and cards come out in the order in which they were read', () => {
  const { events, first, second, reader } = counter();
  first({ kind: 'code', code: 'a' });
  second({ kind: 'code', code: 'b' });
  reader({ kind: 'card', token: 'c' });
  first({ kind: 'code', code: 'd' });
  expect(events.filter(({ kind }) => kind !== 'changed')).toEqual([
    { kind: 'code', code: 'a' },
    { kind: 'code', code: 'b' },
    { kind: 'card', token: 'c' },
    { kind: 'code', code: 'd' },
  ]);
});

test('of two scanners the one that does not work is told, until both do', () => {
  const { inputs, first, second, reader } = counter();
  first(ready);
  second({ kind: 'state', state: 'failed', why: 'notAllowed' });
  reader(ready);
  expect(inputs.others()).toEqual([
    { role: 'scanner', state: 'failed', why: 'notAllowed' },
    { role: 'cardReader', state: 'ready', why: '' },
  ]);
  second(ready);
  expect(inputs.others()[0]).toEqual({ role: 'scanner', state: 'ready', why: '' });
});

test('a weight is there while it is fresh, leaves the screen by itself, and is gone with its scale', () => {
  const { inputs, events, scale, pass, weigh } = counter();
  expect(inputs.scaleState()).toBe('silent');
  scale(ready);
  weigh(735);
  expect([inputs.weightGrams(), inputs.scaleState()]).toEqual([735, 'ready']);
  pass(200);
  const told = events.length;
  pass(900);
  expect(inputs.weightGrams()).toBeNull();
  expect(events.length).toBe(told + 1);
  weigh(740);
  scale({ kind: 'state', state: 'missing', why: 'notPluggedIn' });
  expect([inputs.weightGrams(), inputs.scaleState()]).toEqual([null, 'silent']);
});

test('only what a scale knows by wire is sent to it', () => {
  const { inputs } = counter();
  expect([inputs.tellScale('tare'), inputs.tellScale('zero')]).toEqual([true, false]);
});

test('what was said last is shown with its bytes, and a scale that talks all the time pushes nothing out', () => {
  const { inputs, first, scale, weigh } = counter();
  first({ kind: 'raw', bytes: Uint8Array.of(2, 1, 0x61) });
  first({ kind: 'code', code: 'a' });
  for (let grams = 1; grams < 40; grams += 1) {
    scale({ kind: 'raw', bytes: Uint8Array.of(grams) });
    weigh(grams);
  }
  expect(inputs.heard().map(({ role, parsed, rawHex }) => [role, parsed, rawHex])).toEqual([
    ['scale', '39 g', '27'],
    ['scanner', 'a', '020161'],
  ]);
});

test('every device is closed', () => {
  const { inputs, closed } = counter();
  inputs.close();
  expect(closed.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
});

test('a recording holds times, devices and shapes, and no number unless somebody said so', () => {
  const { recorder, first, reader } = counter();
  expect(recorder.recording()).toBeNull();
  first({ kind: 'raw', bytes: Buffer.from('before it began') });
  recorder.set({ on: true, keepCards: false });
  first({ kind: 'raw', bytes: Buffer.from(']E06901028180559\r') });
  reader({ kind: 'raw', bytes: Uint8Array.of(4, 0xa1, 0xb2, 0xc3) });
  recorder.set({ on: false, keepCards: false });
  first({ kind: 'raw', bytes: Buffer.from('after it ended') });
  const { text, isRunning, lines } = recorder.recording() ?? { text: '', isRunning: true, lines: 0 };
  expect([isRunning, lines]).toEqual([false, 2]);
  const [head, scan, card] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(head).toMatchObject({ system: 'test', cards: 'masked' });
  expect(scan).toMatchObject({ role: 'scanner', device: '1eab:0001' });
  expect(Buffer.from(String(scan?.['hex']), 'hex').toString()).toBe(']E00000000000000\r');
  expect(card).toMatchObject({ role: 'chipReader', device: 'ACR122U 00 00', hex: 'xxxxxxxx' });
  recorder.set({ on: true, keepCards: true });
  const stripe = { line: 'hid', name: 'a reader', proposal: 'stripeReader', identity: usb(4) } as const;
  recorder.plugged(stripe, Uint8Array.of(0x06, 0x8e, 0));
  expect(recorder.recording()?.text).toContain('"proposal":"stripeReader"');
  expect(recorder.recording()?.text).toContain('"descriptor":"068e00"');
  expect(recorder.recording()?.lines).toBe(0);
  reader({ kind: 'raw', bytes: Uint8Array.of(4, 0xa1) });
  expect(recorder.recording()?.text).toContain('"hex":"04a1"');
});

test('what was plugged in belongs to a recording that was stopped before it was found', () => {
  const { recorder } = counter();
  const scanner = { line: 'hid', name: 'a scanner', proposal: 'scanner', identity: usb(4) } as const;
  recorder.plugged(scanner, null);
  expect(recorder.recording()).toBeNull();
  recorder.set({ on: true, keepCards: false });
  recorder.set({ on: false, keepCards: false });
  recorder.plugged(scanner, null);
  expect(recorder.recording()?.text).toContain('"plugged":"hid","name":"a scanner"');
});

test('a stripe keeps its shape and loses name and numbers', () => {
  const masked = maskedHex('stripeReader', Buffer.from('%B6217001234^SUN/LI^2512?;6217001234=2512?'));
  expect(Buffer.from(masked, 'hex').toString()).toBe('%X0000000000^XXX/XX^0000?;0000000000=0000?');
});
