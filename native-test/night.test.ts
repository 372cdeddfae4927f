import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientOf, currentScreen } from '../electron/till-client.ts';
import { readScans, replay } from '../electron/replay.ts';
import { newId } from '../electron/host-world.ts';
import type { NightReport } from '../shared/till-contract.ts';
import { groupNeeding, reference } from './prerequisite.ts';
import { command, goods, openTestShop, openTill, restartTown, sell, type TestShop } from './shop.ts';

/** Town and till must agree to the fen and the point, and say so with the same numbers. */
function expectMatched(report: NightReport): void {
  expect(report.breaks).toEqual([]);
  expect(report.state).toBe('matched');
  expect(report.town).toEqual(report.till);
}

async function expectSound(shop: TestShop): Promise<void> {
  expect((await shop.client.verify()).state).toBe('sound');
  const rebuilt = await shop.client.rebuild();
  expect(rebuilt.tables.filter((table) => !table.identical)).toEqual([]);
}

describe('a night', () => {
  let shop: TestShop;
  let card: string;
  beforeAll(async () => {
    shop = await openTestShop();
    card = shop.facts.cards[0] ?? '';
  });
  afterAll(() => shop.close());

  test('a first contact brings policy, members and points that this till may spend', async () => {
    await command(shop.client, { kind: 'scan', code: goods.oil.code, source: 'scanner' });
    await command(shop.client, { kind: 'scan', code: card, source: 'card' });
    const { sale, status } = await currentScreen(shop.client);
    expect(status.town).toBe('reachable');
    expect(sale.member?.pointsRefused).toBeNull();
    expect(sale.member?.spendable).toBeGreaterThan(0);
    expect(sale.member?.mask).toMatch(/^.\*\*$/);
    await command(shop.client, { kind: 'voidSale', reason: 'test' });
  });

  test('a day of sales, points, a refund and a cash move closes matched', async () => {
    const paid = await sell(shop.client, {
      codes: [goods.oil.code, goods.salt.code, goods.salt.code],
      card,
      points: 20,
    });
    expect(paid.pointsUsed).toBe(20);
    await sell(shop.client, { codes: [goods.smoke.code] });
    await command(shop.client, { kind: 'moveCash', id: newId(), direction: 'out', amountFen: 500, reason: '买垃圾袋' });
    await command(shop.client, {
      kind: 'refund',
      id: newId(),
      receipt: paid.receipt.number,
      lines: [{ line: 1, quantity: 1, goods: 'shelf' }],
      reason: 'quality',
      approval: null,
    });
    const report = await shop.client.night();
    expectMatched(report);
    expect(report.till).toMatchObject({ sales: 2, refunds: 1, pointsSpent: 20 });
    expect(report.uploaded).toBeGreaterThan(0);
    await expectSound(shop);
  });

  test('a second run of the same night finds the same day matched and doubles nothing', async () => {
    const first = (await shop.client.nights({ limit: 1 }))[0];
    const again = await shop.client.night();
    expectMatched(again);
    expect(again.till).toEqual(first?.till);
    expect(again.businessDay).toBe(first?.businessDay);
  });

  test('an answer of settle lost, then more sales: the next night hears both statements and matches the newer day', async () => {
    await sell(shop.client, { codes: [goods.salt.code], card, points: 1 });
    shop.line.fault = (call) => (call === 'settle' ? 'dropAnswer' : 'pass');
    expect((await shop.client.night()).state).toBe('pending');
    shop.line.fault = null;
    await sell(shop.client, { codes: [goods.oil.code] });
    await sell(shop.client, { codes: [goods.oil.code] });
    const healed = await shop.client.night();
    expectMatched(healed);
    expect(healed.till).toMatchObject({ sales: 2, pointsSpent: 0 });
  });

  test('the town killed during the night at each step: the next try ends matched', async () => {
    for (const step of ['hello', 'upload', 'settle'] as const) {
      await sell(shop.client, { codes: [goods.salt.code], card, points: 1 });
      let killed = false;
      shop.line.fault = (call) => {
        if (call === step && !killed) {
          killed = true;
          process.kill(shop.town.pid, 'SIGKILL');
        }
        return 'pass';
      };
      const cut = await shop.client.night();
      expect(killed).toBe(true);
      expect(cut.state).toBe('pending');
      shop.line.fault = null;
      shop.town = await restartTown(shop);
      await shop.core.close();
      shop.core = openTill(shop.folder, shop.town.url, shop.line, shop.log);
      shop.client = clientOf(shop.core.router);
      expectMatched(await shop.client.night());
    }
    await expectSound(shop);
  });

  test('peers A5, A10: a day without the town sells on, spends what it holds, and matches when it is back, nothing changed', async () => {
    shop.line.fault = () => 'drop';
    const paid = await sell(shop.client, { codes: [goods.oil.code], card, points: 2 });
    expect(paid.pointsUsed).toBe(2);
    expect((await shop.client.night()).state).toBe('pending');
    await sell(shop.client, { codes: [goods.salt.code] });
    const papers = async (): Promise<unknown[]> =>
      (await shop.client.receipts({ day: null, text: '', limit: 9 })).map((sold) => ({ ...sold, unsent: null }));
    const before = await papers();
    shop.line.fault = null;
    expectMatched(await shop.client.night());
    expect(await papers()).toEqual(before);
  });

  test('everything returned leaves drawer and stock as before the sale', async () => {
    const before = await shop.client.item({ item: 'item-oil' });
    const paid = await sell(shop.client, { codes: [goods.oil.code], card, points: 3 });
    const spendable = paid.spendableAfter ?? 0;
    await command(shop.client, {
      kind: 'refund',
      id: newId(),
      receipt: paid.receipt.number,
      lines: [{ line: 0, quantity: 1, goods: 'shelf' }],
      reason: 'quality',
      approval: null,
    });
    const after = await shop.client.item({ item: 'item-oil' });
    expect(after?.stock).toBe(before?.stock);
    await command(shop.client, { kind: 'scan', code: card, source: 'card' });
    expect((await currentScreen(shop.client)).sale.member?.spendable).toBe(spendable + 3);
    await command(shop.client, { kind: 'removeMember' });
    expectMatched(await shop.client.night());
  });
});

/** A newcomer waits for the tests, a machine that checks a change has time for every sale of the file. */
const CI = process.env['CI'] === 'true';
const TAKEN = CI ? 'the whole file' : 'its first thousand scans';

groupNeeding('the sales of a real supermarket', reference('data/sales-sample.csv'), (file) => {
  test(`${TAKEN} replayed through a cashier’s commands, then reconciled: matched, to the fen and the point`, async () => {
    const shop = await openTestShop();
    try {
      const scans = readScans(readFileSync(file, 'utf8'))?.scans ?? [];
      expect(scans).toHaveLength(4_772);
      const taken = CI ? scans : scans.slice(0, 1_000);
      const done = await replay(shop.client, taken, {
        newId,
        managerPin: shop.facts.manager.pin,
        cards: shop.facts.cards,
      });
      if (done.kind === 'refused') throw new Error(`row ${done.row}: ${done.command} ${done.reason}`);
      expect(done.report.lines).toBe(taken.length);
      expect(done.report.pointsSpent).toBeGreaterThan(0);
      const report = await shop.client.night();
      expectMatched(report);
      expect(report.till).toMatchObject({
        sales: done.report.sales,
        totalFen: done.report.totalFen,
        pointsSpent: done.report.pointsSpent,
      });
      await expectSound(shop);
    } finally {
      await shop.close();
    }
  }, 600_000);
});
