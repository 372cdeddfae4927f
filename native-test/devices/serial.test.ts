import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { takeFrames } from '../../electron/devices/frames.ts';
import type { DeviceIdentity } from '../../electron/devices/input.ts';
import type { ScaleProtocol } from '../../electron/devices/scale-protocols.ts';
import {
  DEFAULT_SERIAL,
  machineSerial,
  type SerialPorts,
  type SerialSettings,
} from '../../electron/devices/serial-input.ts';
import { openSerialScale } from '../../electron/devices/serial-scale.ts';
import { codeAt, openSerialScanner, type ScanEnding } from '../../electron/devices/serial-scanner.ts';
import { weightNow } from '../../electron/devices/weight-reading.ts';
import { groupNeeding } from '../prerequisite.ts';
import { type Listened, listenTo } from './listened.ts';
import { type Cable, newCable, socat } from './pty.ts';

const EAN = '6901028180559';

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function cable(): Promise<Cable> {
  const made = await newCable();
  open.push({ close: made.remove });
  return made;
}

const at = (path: string): DeviceIdentity => ({ vendorId: null, productId: null, serialNumber: null, path });

async function scannerOn(path: string, ending: ScanEnding): Promise<Listened> {
  const listened = listenTo((tell, world) =>
    openSerialScanner({ identity: at(path), serial: DEFAULT_SERIAL, ending }, tell, world),
  );
  open.push(listened.device);
  await listened.until('the scanner is ready', () => listened.states().includes('ready'));
  return listened;
}

async function scaleOn(path: string, protocol: ScaleProtocol, ports: SerialPorts = machineSerial): Promise<Listened> {
  const listened = listenTo((tell, world) => openSerialScale({ protocol, identity: at(path) }, tell, world, ports));
  open.push(listened.device);
  await listened.until('the scale is ready', () => listened.states().includes('ready'));
  return listened;
}

/** A frame of the OS2 as its manual builds it. */
function os2(text: string): Buffer {
  const body = Buffer.from(`\u0001\u0002${text}`, 'latin1');
  const sum = body.reduce((xor, byte) => xor ^ byte, 0);
  return Buffer.concat([body, Buffer.of(sum, 3, 4, 0)]);
}

groupNeeding('a scanner on a serial port', socat, () => {
  for (const [ending, suffix] of [
    ['cr', '\r'],
    ['lf', '\n'],
    ['crlf', '\r\n'],
    ['none', ''],
  ] as const) {
    test(`that ends its codes with ${ending} gives each of them once, however it is cut`, async () => {
      const line = await cable();
      const scanner = await scannerOn(line.path, ending);
      line.send(`]E0${EAN}`.slice(0, 7));
      line.send(`]E0${EAN}${suffix}`.slice(7));
      await scanner.until('the first code', () => scanner.codes().length === 1);
      line.send(`]C101069010281805591010\u001d3103000500${suffix}`);
      await scanner.until('the second code', () => scanner.codes().length === 2);
      expect(scanner.codes()).toEqual([`]E0${EAN}`, ']C101069010281805591010\u001d3103000500']);
    });
  }

  test('that is unplugged is missing, and gives codes again when it is back, without half of the last', async () => {
    const line = await cable();
    const scanner = await scannerOn(line.path, 'cr');
    line.send('69010281');
    await scanner.until('half a code', () => scanner.events.some((event) => event.kind === 'raw'));
    await line.unplug();
    await scanner.until('it is missing', () => scanner.states().at(-1) === 'missing notPluggedIn');
    await line.plugIn();
    await scanner.until('it is back', () => scanner.states().at(-1) === 'ready');
    line.send(`${EAN}\r`);
    await scanner.until('a code', () => scanner.codes().length === 1);
    expect(scanner.codes()).toEqual([EAN]);
    expect(scanner.states()).toEqual(['ready', 'missing notPluggedIn', 'ready']);
  });

  test('that breaks off in a code leaves nothing in front of the next', async () => {
    const line = await cable();
    const scanner = await scannerOn(line.path, 'cr');
    line.send('690102818');
    await scanner.until('it is given up', () => scanner.log.length === 1);
    line.send(`${EAN}\r`);
    await scanner.until('a code', () => scanner.codes().length === 1);
    expect(scanner.codes()).toEqual([EAN]);
    expect(scanner.log.join()).not.toContain('690102818');
  });

  test('that sends noise gives no code but what can be one, and goes on', async () => {
    const line = await cable();
    const scanner = await scannerOn(line.path, 'cr');
    line.send(Buffer.alloc(2_000, 0x41));
    line.send('\r\r\u0000\r');
    line.send(`${'9'.repeat(500)}\r${EAN}\r`);
    await scanner.until('a code', () => scanner.codes().includes(EAN));
    expect(scanner.codes()).toEqual([EAN]);
  });

  test('beside another gives its own codes only', async () => {
    const [line, other] = [await cable(), await cable()];
    const [scanner, beside] = [await scannerOn(line.path, 'cr'), await scannerOn(other.path, 'cr')];
    for (let part = 0; part < EAN.length; part += 1) {
      line.send(EAN.charAt(part));
      other.send('6921168509256'.charAt(part));
    }
    line.send('\r');
    other.send('\r');
    await scanner.until('both codes', () => scanner.codes().length + beside.codes().length === 2);
    expect([scanner.codes(), beside.codes()]).toEqual([[EAN], ['6921168509256']]);
  });

  test('that another driver has open says so, and comes when that lets go', async () => {
    const line = await cable();
    const first = await scannerOn(line.path, 'cr');
    const second = listenTo((tell, world) =>
      openSerialScanner({ identity: at(line.path), serial: DEFAULT_SERIAL, ending: 'cr' }, tell, world),
    );
    open.push(second.device);
    await second.until('it is in use', () => second.states().at(-1) === 'failed inUse');
    first.device.close();
    await second.until('it is free', () => second.states().at(-1) === 'ready');
  });
});

groupNeeding('a scale on a serial port', socat, () => {
  test('OS2 by itself: stable weights count, moving and broken ones do not', async () => {
    const line = await cable();
    const scale = await scaleOn(line.path, 'os2Active');
    line.send(Buffer.of(0xff, 0x01, 0x33));
    line.send(os2('U 01.200kg'));
    const broken = os2('S 09.999kg');
    broken[8] = 0x30;
    line.send(broken);
    line.send(os2('S 01.234kg').subarray(0, 7));
    line.send(os2('S 01.234kg').subarray(7));
    line.send(os2('S 99.999kg'));
    line.send(os2('S-00.020kg'));
    line.send(os2('S 00.500kg'));
    await scale.until('the last weight', () => scale.weights().at(-1) === 500);
    expect(scale.weights()).toEqual([1234, null, null, 500]);
    scale.device.zero?.();
    scale.device.tare?.();
    await scale.until('zero and tare', () => line.received().length === 10);
    expect(line.received().toString('latin1')).toBe('<ZK>\t<TK>\t');
  });

  test('OS2 when asked: it is greeted, answers, and is asked for each weight', async () => {
    const line = await cable();
    line.onReceived((bytes) => {
      for (const byte of bytes) {
        if (byte === 0x05) line.send(Buffer.of(0x06));
        if (byte === 0x11) line.send(os2('S 00.735kg').subarray(0, 15));
      }
    });
    const scale = await scaleOn(line.path, 'os2Passive');
    await scale.until('two weights', () => scale.weights().length >= 2);
    expect(new Set(scale.weights())).toEqual(new Set([735]));
  });

  test('大华: stable after half a second of equal readings', async () => {
    const line = await cable();
    const scale = await scaleOn(line.path, 'dahua');
    let sent = 0;
    const timer = setInterval(() => line.send(sent++ < 3 ? '00731\n\r' : '00735\n\r'), 100);
    open.push({ close: () => clearInterval(timer) });
    await scale.until('a stable weight', () => scale.weights().length > 0);
    expect(scale.weights()[0]).toBe(735);
    expect(scale.events.filter((event) => event.kind === 'weight').length).toBeGreaterThanOrEqual(9);
  });

  test('Toledo 8217 on 7E1: asked, weighed, moving, over its range, tared', async () => {
    const line = await cable();
    const answers = ['\u0002?A\r', '\u000201.234\r', '\u0002?B\r', '\u000200.500N\r'];
    line.onReceived((bytes) => {
      for (const byte of bytes) {
        const answer = byte === 0x57 ? (answers.shift() ?? '\u000200.500N\r') : '';
        if (answer !== '') line.send(answer);
      }
    });
    // A pty has neither speed nor parity, so that they are seen where they are asked for.
    const asked: SerialSettings[] = [];
    const ports: SerialPorts = {
      ...machineSerial,
      open: (path, settings, on) => {
        asked.push(settings);
        return machineSerial.open(path, settings, on);
      },
    };
    const scale = await scaleOn(line.path, 'toledo', ports);
    expect(asked).toEqual([{ baudRate: 9_600, dataBits: 7, parity: 'even', stopBits: 1 }]);
    await scale.until('the last answer', () => scale.weights().at(-1) === 500);
    expect(scale.weights().slice(0, 4)).toEqual([null, 1234, null, 500]);
    scale.device.tare?.();
    await scale.until('the tare', () => line.received().includes('T'));
  });

  test('that goes silent says so and has no weight, and is ready again with the next', async () => {
    const line = await cable();
    const scale = await scaleOn(line.path, 'os2Active');
    line.send(os2('S 01.234kg'));
    await scale.until('a weight', () => scale.weights().length === 1);
    const last = scale.events.findLast((event) => event.kind === 'weight');
    const reading = last?.kind === 'weight' ? last.reading : null;
    expect(weightNow(reading, (reading?.atMs ?? 0) + 900)).toBe(1234);
    expect(weightNow(reading, (reading?.atMs ?? 0) + 1_001)).toBeNull();
    await scale.until('it is silent', () => scale.states().at(-1) === 'failed silent');
    expect(scale.weights().at(-1)).toBeNull();
    line.send(os2('S 00.100kg'));
    await scale.until('it speaks again', () => scale.states().at(-1) === 'ready');
  });

  test('that is pulled out while it sends is missing each time, and weighs on when it is back', async () => {
    const line = await cable();
    const scale = await scaleOn(line.path, 'os2Active');
    // Whether bytes are just being read when the line hangs up is chance, and both ways it must be heard.
    for (let pulls = 1; pulls <= 6; pulls += 1) {
      const sending = setInterval(() => line.send(os2('U 01.234kg').subarray(0, 9)), 2);
      await pause(30);
      clearInterval(sending);
      await line.unplug();
      await scale.until('it is missing', () => scale.states().at(-1) === 'missing notPluggedIn');
      await line.plugIn();
      await scale.until('it is back', () => scale.states().at(-1) === 'ready');
      line.send(os2('S 00.500kg'));
      await scale.until('a weight', () => scale.weights().length === pulls);
    }
    expect(new Set(scale.weights())).toEqual(new Set([500]));
  });
});

test('a port that is none is missing', async () => {
  const none = listenTo((tell, world) =>
    openSerialScanner({ identity: at('/dev/no-such-port'), serial: DEFAULT_SERIAL, ending: 'cr' }, tell, world),
  );
  open.push(none.device);
  await none.until('it is missing', () => none.states().at(-1) === 'missing notPluggedIn');
});

test('whatever bytes a serial scanner sends and however they are cut, each code is what stood between two endings', () => {
  const codes = fc.array(fc.stringMatching(/^[!-~]{1,40}$/), { minLength: 1, maxLength: 6 });
  const ending = fc.constantFrom(['cr', '\r'] as const, ['lf', '\n'] as const, ['crlf', '\r\n'] as const);
  fc.assert(
    fc.property(codes, ending, fc.array(fc.nat({ max: 50 }), { maxLength: 8 }), (sent, [kind, suffix], cuts) => {
      let rest = Buffer.from(sent.map((code) => code + suffix).join(''));
      let pending: Uint8Array = new Uint8Array();
      const taken: string[] = [];
      for (const length of [...cuts, rest.length]) {
        const next = takeFrames(pending, rest.subarray(0, length), codeAt(kind));
        ({ pending } = next);
        rest = rest.subarray(length);
        taken.push(...next.frames.map((frame) => Buffer.from(frame).toString()));
      }
      expect([taken, pending.length]).toEqual([sent, 0]);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 6 }), ending, (pieces, [kind]) => {
      let pending: Uint8Array = new Uint8Array();
      for (const piece of pieces) ({ pending } = takeFrames(pending, piece, codeAt(kind)));
      expect(pending.length).toBeLessThanOrEqual(2_000);
    }),
  );
});

test('of two adapters that are alike each driver takes its own, also when one is not there', async () => {
  const plugged = new Set(['/dev/ttyUSB0']);
  const held = new Set<string>();
  const ports: SerialPorts = {
    held,
    list: async () =>
      [...plugged].map((path) => ({
        identity: { vendorId: 0x1a86, productId: 0x7523, serialNumber: null, path },
        line: 'serial',
        name: path,
        proposal: null,
      })),
    open: async (path) => {
      if (held.has(path)) throw new Error('Cannot lock port');
      held.add(path);
      return { write: () => {}, close: () => held.delete(path) };
    },
  };
  const adapter = (path: string): DeviceIdentity => ({ ...at(path), vendorId: 0x1a86, productId: 0x7523 });
  const scale = listenTo((tell, world) =>
    openSerialScale({ protocol: 'dahua', identity: adapter('/dev/ttyUSB1') }, tell, world, ports),
  );
  const scanner = listenTo((tell, world) =>
    openSerialScanner({ identity: adapter('/dev/ttyUSB0'), serial: DEFAULT_SERIAL, ending: 'cr' }, tell, world, ports),
  );
  open.push(scale.device, scanner.device);
  await scanner.until('it is ready', () => scanner.states().at(-1) === 'ready');
  await scale.until('it is missing', () => scale.states().at(-1) === 'missing notPluggedIn');
  plugged.add('/dev/ttyUSB4');
  await scale.until('it is ready', () => scale.states().at(-1) === 'ready');
  expect([scanner.states(), [...held]]).toEqual([['ready'], ['/dev/ttyUSB0', '/dev/ttyUSB4']]);
});
