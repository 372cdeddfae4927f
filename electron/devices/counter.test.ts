import { expect, test } from 'vitest';
import { type DeviceSettings, NO_DEVICES, SIMULATED_DEVICES } from '../../shared/device-set-up.ts';
import type { DeviceEvent } from '../../shared/devices.ts';
import { openCounter } from './counter.ts';

function counter(save: (settings: DeviceSettings) => void = () => {}) {
  const devices = openCounter(NO_DEVICES, { log: () => {}, save, about: {} });
  const events: DeviceEvent[] = [];
  devices.listen((event) => events.push(event));
  return { devices, events, setUp: devices.setUp };
}

test('devices that are set up anew work at once, for whoever held the counter before', async () => {
  const kept: DeviceSettings[] = [];
  const { devices, events, setUp } = counter((settings) => kept.push(settings));
  expect([devices.printer, devices.scale, devices.simulated]).toEqual(['missing', 'missing', false]);
  await setUp?.save(SIMULATED_DEVICES);
  expect(kept).toEqual([SIMULATED_DEVICES]);
  expect(setUp?.settings()).toEqual(SIMULATED_DEVICES);
  expect([devices.scale, devices.simulated]).toEqual(['ready', true]);
  expect(events).toContainEqual({ kind: 'changed' });
  devices.simulate({ what: 'code', code: '6901028180559' });
  expect(events.at(-1)).toEqual({ kind: 'code', code: '6901028180559' });
  devices.close();
});

test('settings that cannot be kept change nothing', async () => {
  const { devices, setUp } = counter(() => {
    throw new Error('the disk is full');
  });
  await expect(setUp?.save(SIMULATED_DEVICES)).rejects.toThrow('the disk is full');
  expect([devices.simulated, setUp?.settings()]).toEqual([false, NO_DEVICES]);
  devices.close();
});

test.each(['receipt', 'drawer', 'display', 'tag'] as const)(
  'trying the %s says whether there was one',
  async (what) => {
    const { devices, setUp } = counter();
    expect(await setUp?.try(what)).toBe('failed');
    await setUp?.save(SIMULATED_DEVICES);
    expect(await setUp?.try(what)).toBe('done');
    devices.close();
  },
);

test('what is plugged in is listed, and what this machine cannot list is left out', async () => {
  const { devices, setUp } = counter();
  const found = await setUp?.found();
  expect(Object.keys(found ?? {})).toEqual(['devices', 'queues', 'paths']);
  devices.close();
});
