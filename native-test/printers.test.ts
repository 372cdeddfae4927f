import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SerialPort } from 'serialport';
import { afterEach, describe, expect, test } from 'vitest';
import { openDevices, type OpenDevices } from '../electron/devices/devices.ts';
import { receiptTicket } from '../electron/devices/escpos.ts';
import { isQueueName, queuePrinter, spoolerOf } from '../electron/devices/queue-printer.ts';
import { type DrawerSettings, NO_DEVICES, type PrinterSettings } from '../shared/device-set-up.ts';
import { sampleSale } from '../shared/receipt-sample.ts';
import { interpret } from './escpos-interpreter.ts';
import { groupNeeding } from './prerequisite.ts';
import { layCable, socat } from './pty.ts';
import { type Sensors, type SoftwarePrinter, softwarePrinter } from './software-printer.ts';

/** Receipt printers on every sort of line, with sensors that say what they are told. */

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'till-printers-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const SENSED: DrawerSettings = { pin: 2, openWhen: 'high' };
const whole = receiptTicket(sampleSale, 48).bytes;

function counter(printer: PrinterSettings): OpenDevices {
  const devices = openDevices({ ...NO_DEVICES, printer }, { rowMs: 5 });
  closers.push(devices.close);
  return devices;
}

/** Waits until the till knows this of its printer. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries += 1) {
    if (tries > 500) throw new Error('it never came to that');
    await wait(10);
  }
}

type Line = (printer: SoftwarePrinter) => Promise<PrinterSettings>;

const overNetwork: Line = async (printer) => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => socket.write(printer.take(bytes)));
    socket.on('end', () => socket.end());
    closers.push(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return {
    kind: 'network',
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    columns: 48,
    drawer: SENSED,
  };
};

function behaviour(open: Line): void {
  const set = async (sensors: Partial<Sensors>) => {
    const printer = softwarePrinter(sensors);
    return { printer, devices: counter(await open(printer)) };
  };

  test.each<[string, Partial<Sensors>, string]>([
    ['well', {}, 'ready'],
    ['near the end of its roll', { paper: 'low' }, 'paperLow'],
    ['out of paper', { paper: 'out' }, 'paperOut'],
    ['open', { cover: 'open' }, 'coverOpen'],
    ['jammed', { cutter: 'jammed' }, 'cutterJam'],
    ['silent', { answers: 'never' }, 'unknown'],
    ['talking nonsense', { answers: 'garbage' }, 'unknown'],
  ])('is known to be %s before anything is printed', async (_case, sensors, state) => {
    const { devices, printer } = await set(sensors);
    devices.lookAtPrinter();
    if (state === 'unknown') await wait(700);
    await until(() => devices.printer === state);
    expect(printer.printed()).toHaveLength(0);
  });

  test.each<[string, Partial<Sensors>]>([
    ['without paper', { paper: 'out' }],
    ['with an open cover', { cover: 'open' }],
    ['with a jammed cutter', { cutter: 'jammed' }],
  ])('%s it is sent nothing, and prints the whole receipt once that is mended', async (_case, sensors) => {
    const { devices, printer } = await set(sensors);
    expect(await devices.print(sampleSale)).toBe('failed');
    expect(printer.printed()).toHaveLength(0);
    Object.assign(printer.sensors, { paper: 'in', cover: 'closed', cutter: 'free' });
    expect(await devices.print(sampleSale)).toBe('printed');
    expect(printer.printed()).toEqual(Uint8Array.from(whole));
  });

  test('that runs out of paper in the middle has failed, and prints all of it again on the new roll', async () => {
    const { devices, printer } = await set({});
    printer.runOutAfter(200);
    expect(await devices.print(sampleSale)).toBe('failed');
    expect(devices.printer).toBe('paperOut');
    printer.printed();
    printer.newRoll();
    expect(await devices.print({ ...sampleSale, copy: true })).toBe('printed');
    const rows = interpret(printer.printed(), 48);
    expect(rows[0]).toMatchObject({ kind: 'line', text: '【重打】' });
    expect(rows).toContainEqual({ kind: 'qr', data: sampleSale.number });
    expect(rows.at(-1)).toEqual({ kind: 'cut' });
  });

  test('that never answers is believed and still prints', async () => {
    const { devices, printer } = await set({ answers: 'never' });
    expect(await devices.print(sampleSale)).toBe('printed');
    // They have left the till; the other end of the line takes them a moment later.
    await until(() => printer.waiting() === whole.length);
    expect(printer.printed()).toEqual(Uint8Array.from(whole));
    expect(await devices.openDrawer()).toBe('opened');
    expect(devices.drawer).toBe('unknown');
  });

  test('a kicked drawer that opens is open, and one that stays shut has failed', async () => {
    const { devices, printer } = await set({});
    await until(() => devices.drawer === 'closed');
    expect(await devices.openDrawer()).toBe('opened');
    expect(devices.drawer).toBe('open');
    printer.sensors.drawer = 'shut';
    printer.sensors.kickOpens = false;
    expect(await devices.openDrawer()).toBe('failed');
    expect(devices.drawer).toBe('closed');
  });
}

describe('a printer on the network that answers', () => behaviour(overNetwork));

groupNeeding('a printer on a serial line', socat, (program) => {
  const overSerial: Line = async (printer) => {
    const cable = await layCable(program, newFolder());
    closers.push(cable.pull);
    plugIn(cable.device, printer);
    return settingsOf(cable.till);
  };
  const settingsOf = (path: string): PrinterSettings => ({
    kind: 'serial',
    identity: { vendorId: null, productId: null, serialNumber: null, path },
    baudRate: 19_200,
    columns: 48,
    drawer: SENSED,
  });
  const plugIn = (path: string, printer: SoftwarePrinter): void => {
    const port = new SerialPort({ path, baudRate: 19_200 });
    port.on('error', () => {});
    port.on('data', (bytes: Buffer) => port.write(Buffer.from(printer.take(bytes))));
    closers.push(() => port.isOpen && port.close(() => {}));
  };
  behaviour(overSerial);

  test('that is unplugged is gone, and prints again when it is back', async () => {
    const folder = newFolder();
    const printer = softwarePrinter();
    const first = await layCable(program, folder);
    plugIn(first.device, printer);
    const devices = counter(settingsOf(first.till));
    expect(await devices.print(sampleSale)).toBe('printed');
    first.pull();
    await wait(100);
    expect(await devices.print(sampleSale)).toBe('failed');
    expect(devices.printer).toBe('gone');
    expect(await devices.openDrawer()).toBe('failed');
    printer.printed();
    const second = await layCable(program, folder);
    closers.push(second.pull);
    plugIn(second.device, printer);
    expect(await devices.print({ ...sampleSale, copy: true })).toBe('printed');
    expect(interpret(printer.printed(), 48).at(-1)).toEqual({ kind: 'cut' });
  });
});

describe('a printer behind a queue of the system', () => {
  test('is handed every byte, and has failed when the spooler says so', async () => {
    const file = join(newFolder(), 'job.bin');
    const printer = queuePrinter({
      name: 'XP-58',
      spooler: () => ({ program: 'sh', words: ['-c', 'cat > "$0"', file], asFile: false }),
    });
    expect(await printer.write(whole, null)).toBe('written');
    expect(new Uint8Array(readFileSync(file))).toEqual(Uint8Array.from(whole));
    const refusing = queuePrinter({ name: 'XP-58', spooler: () => ({ program: 'false', words: [], asFile: false }) });
    expect(await refusing.write(whole, null)).toBe('failed');
    const absent = queuePrinter({ name: 'XP-58', spooler: () => ({ program: '/none', words: [], asFile: false }) });
    expect(await absent.write(whole, null)).toBe('failed');
    expect(printer.look).toBeNull();
  });

  test('is handed a file where the spooler takes one, and nothing of it is left lying about', async () => {
    const folder = newFolder();
    const copy = join(folder, 'copy.sh');
    writeFileSync(copy, '#!/bin/sh\ncat "$1" > "$2"\necho "$1" > "$2.from"\n');
    chmodSync(copy, 0o755);
    const to = join(folder, 'job.bin');
    const printer = queuePrinter({
      name: 'XP-58',
      spooler: (_platform, _name, file) => ({ program: copy, words: [file, to], asFile: true }),
    });
    expect(await printer.write(whole, null)).toBe('written');
    expect(new Uint8Array(readFileSync(to))).toEqual(Uint8Array.from(whole));
    expect(() => readFileSync(readFileSync(`${to}.from`, 'utf8').trim())).toThrow('ENOENT');
  });

  test.each([
    ['XP-58', true],
    ['POS printer 2', true],
    ['小票机', true],
    ['', false],
    ['-o', false],
    ['a & calc', false],
    ['a|b', false],
    ['\\\\server\\a', false],
  ])('the name %j is a queue: %s', async (name, isQueue) => {
    expect(isQueueName(name)).toBe(isQueue);
    if (isQueue) return;
    const never = (): never => {
      throw new Error('no program may be started for it');
    };
    expect(await queuePrinter({ name, spooler: never }).write(whole, null)).toBe('failed');
  });

  test('the words of each system name the queue and raw bytes', () => {
    expect(spoolerOf('linux', 'XP-58', '/f')).toEqual({
      program: 'lp',
      words: ['-s', '-d', 'XP-58', '-o', 'raw'],
      asFile: false,
    });
    expect(spoolerOf('win32', 'XP-58', 'C:\\t.bin').words).toEqual([
      '/d',
      '/c',
      'copy',
      '/b',
      'C:\\t.bin',
      '\\\\localhost\\XP-58',
    ]);
  });
});
