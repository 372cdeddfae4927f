import { expect, test } from 'vitest';
import type { Status } from '../../shared/till-contract.ts';
import { fitting, lightsOf } from './lights.ts';

const NOW_MS = Date.parse('2026-03-02T02:26:00Z');

const calm: Status = {
  nowMs: NOW_MS,
  town: 'reachable',
  townHeardMs: NOW_MS - 3_000,
  unsent: 0,
  quarantined: 0,
  snapshotAsOfMs: NOW_MS - 3_600_000,
  termEndMs: NOW_MS + 3_600_000,
  printer: 'ready',
  slipsWaiting: 0,
  drawer: 'closed',
  drawerForgotten: false,
  scale: 'ready',
  otherDevices: [],
  simulated: false,
  poleDisplay: null,
  weightGrams: null,
  diskFreeBytes: 80_000_000_000,
  clock: 'good',
  clockOffMs: 0,
  night: 'matched',
  catalogueVersion: 1,
  policyVersion: 1,
};

test('on a good day every light is good, and the unsent count is there all the same', () => {
  const lights = lightsOf(calm, NOW_MS, 'open');
  expect(lights.every((light) => light.level === 'good')).toBe(true);
  expect(lights.map((light) => light.text)).toContain('未上传 0');
});

test('records that wait are a warning only while the town cannot be reached', () => {
  const level = (status: Status) => lightsOf(status, NOW_MS, 'open').find((light) => light.id === 'unsent')?.level;
  expect(level({ ...calm, unsent: 4 })).toBe('good');
  expect(level({ ...calm, unsent: 4, town: 'unreachable' })).toBe('warn');
});

test('a wrong key, a lost core and a broken printer are bad', () => {
  const lights = lightsOf({ ...calm, town: 'wrongKey', printer: 'fault' }, NOW_MS, 'lost');
  expect(lights.filter((light) => light.level === 'bad').map((light) => light.id)).toEqual(['core', 'town', 'printer']);
});

test('when not all fit the worst come first and what is left out is counted', () => {
  const all = lightsOf(
    {
      ...calm,
      town: 'unreachable',
      unsent: 2,
      quarantined: 1,
      printer: 'fault',
      scale: 'missing',
      clock: 'suspect',
      night: 'pending',
      diskFreeBytes: 1,
    },
    NOW_MS,
    'open',
  );
  const shown = fitting(all);
  expect(shown).toHaveLength(6);
  expect(shown[0]?.level).toBe('bad');
  expect(shown.at(-1)?.text).toBe(`另 ${all.length - 5} 项`);
});

test('good lights are left out in silence when bad ones need the room', () => {
  const all = lightsOf({ ...calm, quarantined: 1, clock: 'suspect' }, NOW_MS, 'open');
  const shown = fitting(all);
  expect(shown.slice(0, 2).every((light) => light.level === 'bad')).toBe(true);
  expect(shown.some((light) => light.id === 'hidden')).toBe(false);
});

test('whatever is the matter says what it means and what to do, and is told by a word and not by its colour', () => {
  const troubled: Partial<Status>[] = [
    { town: 'unreachable', unsent: 3 },
    { town: 'notEnrolled' },
    { town: 'wrongKey', quarantined: 1 },
    { printer: 'missing', scale: 'missing' },
    { printer: 'fault', clock: 'off', clockOffMs: 300_000 },
    { clock: 'suspect', diskFreeBytes: 5_000_000 },
    { night: 'pending', termEndMs: NOW_MS - 1 },
    { night: 'breaks' },
  ];
  for (const trouble of troubled) {
    const lights = lightsOf({ ...calm, ...trouble }, NOW_MS, 'lost').filter((light) => light.level !== 'good');
    expect(lights.length).toBeGreaterThan(1);
    for (const light of lights) {
      expect(light.means).not.toBe('');
      expect(light.todo).not.toBe('');
      expect(light.quiet).toBe(false);
    }
  }
  const good = lightsOf(calm, NOW_MS, 'open').map((light) => light.text);
  const bad = lightsOf({ ...calm, town: 'unreachable', printer: 'fault', scale: 'missing' }, NOW_MS, 'open');
  for (const light of bad.filter((one) => one.level !== 'good')) expect(good).not.toContain(light.text);
});

test('peers B18: the town counts as reachable by its answer, and the header says how long ago', () => {
  const town = (status: Status) => lightsOf(status, NOW_MS, 'open').find((light) => light.id === 'town');
  expect(town(calm)?.text).toBe('镇上 刚刚');
  expect(town({ ...calm, town: 'unreachable', townHeardMs: NOW_MS - 7_200_000 })).toMatchObject({
    level: 'warn',
    text: '镇上未连 · 2 小时前',
  });
});

test('a clock and a disk that are well stand on the page of the lights and leave the header alone', () => {
  const lights = lightsOf(calm, NOW_MS, 'open');
  expect(lights.filter((light) => light.quiet).map((light) => light.id)).toEqual(['clock', 'disk']);
  expect(fitting(lights).some((light) => light.quiet)).toBe(false);
});

test.each<[string, Partial<Status>, string, string, string]>([
  ['no printer', { printer: 'missing' }, 'printer', 'warn', '无打印机'],
  ['a printer of which nothing can be known', { printer: 'blind' }, 'printer', 'good', '打印机'],
  ['a printer that does not answer', { printer: 'unknown' }, 'printer', 'warn', '打印机没回音'],
  ['little paper', { printer: 'paperLow' }, 'printer', 'warn', '纸快用完'],
  ['no paper', { printer: 'paperOut' }, 'printer', 'bad', '打印机缺纸'],
  ['an open cover', { printer: 'coverOpen' }, 'printer', 'bad', '打印机盖开着'],
  ['a jammed cutter', { printer: 'cutterJam' }, 'printer', 'bad', '切刀卡住'],
  ['a printer off line', { printer: 'offline' }, 'printer', 'bad', '打印机离线'],
  ['a printer that is gone', { printer: 'gone' }, 'printer', 'bad', '打印机连不上'],
  ['receipts that wait', { slipsWaiting: 2 }, 'slips', 'warn', '待补打 2'],
  ['an open drawer', { drawer: 'open' }, 'drawer', 'warn', '钱箱开着'],
  ['a forgotten drawer', { drawer: 'open', drawerForgotten: true }, 'drawer', 'bad', '钱箱没关'],
  ['no scale', { scale: 'missing' }, 'scale', 'warn', '无秤'],
  ['a scale that says nothing', { scale: 'silent' }, 'scale', 'bad', '秤没信号'],
  [
    'a scanner that is not plugged in',
    { otherDevices: [{ role: 'scanner', state: 'missing', why: 'notPluggedIn' }] },
    'scanner',
    'warn',
    '扫码枪没插好',
  ],
  [
    'a reader whose trouble these words do not know',
    { otherDevices: [{ role: 'cardReader', state: 'failed', why: 'somethingNew' }] },
    'cardReader',
    'warn',
    '读卡器故障',
  ],
])('%s is said in words', (_case, change, id, level, text) => {
  const light = lightsOf({ ...calm, ...change }, NOW_MS, 'open').find((one) => one.id === id);
  expect([light?.level, light?.text]).toEqual([level, text]);
});

test('a display that works keeps out of the header, and what is simulated says so', () => {
  const other = { role: 'display', state: 'ready', why: '' } as const;
  const lights = lightsOf({ ...calm, simulated: true, otherDevices: [other] }, NOW_MS, 'open');
  expect(lights.find((light) => light.id === 'display')?.quiet).toBe(true);
  for (const id of ['printer', 'scale', 'display']) {
    expect(lights.find((light) => light.id === id)?.means).toContain('模拟');
  }
});
