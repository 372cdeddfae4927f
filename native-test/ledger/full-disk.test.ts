import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  clientOfOpened,
  coreOn,
  goods,
  makeFolder,
  pins,
  scan,
  screenOf,
  type TestCore,
  tryCore,
} from '../../electron/core/test-core.ts';
import { hostClock } from '../../electron/host-world.ts';
import type { Screen } from '../../shared/till-contract.ts';
import { mountSmallDisk, type SmallDisk, smallDisk } from './full-disk.ts';
import { groupNeeding } from '../prerequisite.ts';

groupNeeding('a full disk', smallDisk, () => {
  let disk: SmallDisk;
  let till: TestCore;
  let folder: string;
  const diskFull = { kind: 'refused', reason: 'diskFull' };

  beforeAll(async () => {
    disk = mountSmallDisk(8);
    folder = makeFolder(Date.now(), disk.folder);
    till = coreOn(folder, Date.now(), { clock: hostClock });
    await till.ask({ kind: 'signIn', pin: pins.manager });
    await till.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 20_000 });
  });
  afterAll(async () => {
    disk.free();
    await till.core.close();
    disk.unmount();
  });

  /** Waits until the till that stopped goes on by itself. */
  const recovered = async (): Promise<Screen> => {
    for await (const screen of await till.client.watch()) if (screen.stopped === null) return screen;
    throw new Error('the core ended its screens');
  };
  const sales = () => till.records().filter((record) => record.kind === 'sale');

  test('refuses the scan that finds no room, shows why, keeps what it acknowledged, and goes on by itself', async () => {
    disk.fill();
    let taken = 0;
    for (;;) {
      const answer = await till.send(scan(goods.bread.code));
      if (answer.kind === 'refused') {
        expect(answer).toEqual(diskFull);
        break;
      }
      taken += 1;
      expect(taken).toBeLessThan(200);
    }
    const screen = await till.screen();
    expect([screen.phase, screen.stopped]).toEqual(['stopped', 'diskFull']);
    expect(screen.stoppedDetail).not.toBe('');
    expect(screen.shopName).toBe('店');
    for (const command of [scan(goods.salt.code), { kind: 'startPay' }, { kind: 'signOut' }] as const)
      expect(await till.send(command)).toEqual(diskFull);
    disk.free();
    const again = await recovered();
    expect(again.phase).toBe('selling');
    expect(again.sale.lines.map((line) => line.quantity)).toEqual(taken === 0 ? [] : [taken]);
    await till.ask(scan(goods.salt.code));
    await till.ask({ kind: 'startPay' });
    await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
    expect(sales()).toHaveLength(1);
    expect(sales()[0]?.body['totalFen']).toBe(taken * 500 + 250);
    await till.ask({ kind: 'nextSale' });
  });

  // Invariant 30.
  test('refuses the payment that finds no room; what was answered as paid is paid, the rest stands open and is paid once', async () => {
    const paid: string[] = sales().map((sale) => sale.id);
    let refusedSale = '';
    for (let round = 0; refusedSale === ''; round += 1) {
      await till.ask(scan(goods.bread.code));
      await till.ask({ kind: 'startPay' });
      const { id } = (await till.screen()).sale;
      // Without a byte free a payment may still find room in what the log had taken before.
      disk.fill();
      const answer = await till.send({ kind: 'pay', sale: id });
      disk.free();
      if (answer.kind === 'done') {
        paid.push(id);
        await recovered();
        await till.ask({ kind: 'nextSale' });
        expect(round).toBeLessThan(20);
      } else {
        expect(answer).toEqual(diskFull);
        refusedSale = id;
      }
    }
    const screen = await recovered();
    const recorded = sales().map((sale) => sale.id);
    expect(recorded.slice(0, paid.length)).toEqual(paid);
    if (recorded.includes(refusedSale)) expect(screen.sale.id).not.toBe(refusedSale);
    else expect(screen).toMatchObject({ phase: 'paying', sale: { id: refusedSale } });
    await till.ask({ kind: 'pay', sale: refusedSale });
    expect(sales().filter((sale) => sale.id === refusedSale)).toHaveLength(1);
    expect(await till.client.verify()).toMatchObject({ state: 'sound', incarnations: 1 });
    expect((await till.client.rebuild()).identical).toBe(true);
  });

  test('at the start is a page, not a crash, and with room again the till opens with everything', async () => {
    await till.ask({ kind: 'nextSale' });
    await till.ask(scan(goods.bread.code));
    const records = till.records().length;
    await till.core.close();
    disk.fill();
    const { opened } = tryCore(folder, { clock: hostClock }, Date.now());
    expect(opened).toMatchObject({ kind: 'refused', reason: 'diskFull' });
    const client = clientOfOpened(opened);
    expect((await screenOf(client)).stopped).toBe('diskFull');
    expect(await client.send({ kind: 'startPay' })).toEqual(diskFull);
    disk.free();
    till = coreOn(folder, Date.now(), { clock: hostClock });
    expect(till.records()).toHaveLength(records);
    expect((await till.screen()).sale.lines).toHaveLength(1);
    expect(await till.client.verify()).toMatchObject({ state: 'sound', incarnations: 1 });
  });
});
