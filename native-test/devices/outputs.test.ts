import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openCounter } from '../../electron/devices/counter.ts';
import { openDevices } from '../../electron/devices/devices.ts';
import { type DeviceSettings, NO_DEVICES } from '../../shared/device-set-up.ts';
import type { Devices, ShelfTag } from '../../shared/devices.ts';
import { groupNeeding } from '../prerequisite.ts';
import { interpretLabels } from '../tspl-interpreter.ts';
import { type Cable, newCable, socat } from './pty.ts';

/** Pole displays and label printers at the end of a line. */

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function cable(): Promise<Cable> {
  const made = await newCable();
  closers.push(made.remove);
  return made;
}

const at = (path: string) => ({ vendorId: null, productId: null, serialNumber: null, path });
const stateOf = ({ others }: Pick<Devices, 'others'>): string =>
  others.map(({ state, why }) => `${state} ${why}`).join();
const textOf = (line: Cable): string => line.received().toString('latin1');

const display = (path: string, protocol: 'led8' | 'cd5220' | 'epson'): DeviceSettings => ({
  ...NO_DEVICES,
  display: { kind: 'serial', identity: at(path), baudRate: 9_600, protocol, gbk: true },
});

groupNeeding('a pole display on a serial line', socat, () => {
  test('that is pulled out is missed before anything is shown, and shows what the till shows when it is back', async () => {
    const line = await cable();
    const devices = openDevices(display(line.path, 'led8'));
    closers.push(devices.close);
    expect(await devices.tryDisplay({ what: 'total', amountFen: 1_250, name: '' })).toBe(true);
    await expect.poll(() => textOf(line)).toContain('\u001bs2\u001bQA12.50\r');
    await line.unplug();
    await expect.poll(() => stateOf(devices), { timeout: 10_000 }).toBe('missing notPluggedIn');
    devices.show({ what: 'change', amountFen: 350, name: '' });
    await line.plugIn();
    await expect.poll(() => textOf(line), { timeout: 10_000 }).toContain('\u001bs4\u001bQA3.50\r');
    expect(stateOf(devices)).toBe('ready ');
  });

  test.each([
    ['cd5220', '\u000c\u001bQA'],
    ['epson', '\u000c\u001f$\u0001\u0001'],
  ] as const)('that speaks %s is cleared and written', async (protocol, head) => {
    const line = await cable();
    const devices = openDevices(display(line.path, protocol));
    closers.push(devices.close);
    expect(await devices.tryDisplay({ what: 'total', amountFen: 1_250, name: '苹果' })).toBe(true);
    await expect.poll(() => textOf(line)).toContain(head);
    await expect.poll(() => textOf(line)).toContain('12.50');
  });

  test('that is set up while a sale is open shows its figure at once', async () => {
    const line = await cable();
    const devices = openCounter(NO_DEVICES, { log: () => {}, save: () => {}, about: {} });
    closers.push(devices.close);
    devices.show({ what: 'total', amountFen: 1_250, name: '' });
    await devices.setUp?.save(display(line.path, 'led8'));
    await expect.poll(() => textOf(line)).toContain('\u001bQA12.50\r');
  });
});

test('a display that is nowhere is known to be missing before the first figure, and cannot be tried', async () => {
  const devices = openDevices(display('/dev/no-such-port', 'led8'));
  closers.push(devices.close);
  await expect.poll(() => stateOf(devices)).toBe('missing notPluggedIn');
  expect(await devices.tryDisplay({ what: 'total', amountFen: 1, name: '' })).toBe(false);
});

const tag: ShelfTag = { name: '苹果', spec: '', unit: '斤', priceFen: 480, per: 'jin', code: '10901' };

test('a label printer on the network prints one tag after the other, and is failed while it is off', async () => {
  const taken: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('data', (bytes: Buffer) => taken.push(bytes));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const devices = openDevices({
    ...NO_DEVICES,
    labels: { kind: 'network', host: '127.0.0.1', port, size: '40x30' },
  });
  closers.push(devices.close);
  const printed = await Promise.all([devices.printTag(tag), devices.printTag({ ...tag, name: '梨' })]);
  expect(printed).toEqual(['printed', 'printed']);
  const names = interpretLabels(Buffer.concat(taken)).map(({ parts }) =>
    parts[0]?.kind === 'text' ? parts[0].text : '',
  );
  expect(names).toEqual(['苹果', '梨']);
  server.close();
  await once(server, 'close');
  expect(await devices.printTag(tag)).toBe('failed');
  expect(stateOf(devices)).toBe('failed broken');
});
