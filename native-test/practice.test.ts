import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReadOnly } from '../electron/core/ledger/database.ts';
import { type DemoFacts, readDemo } from '../electron/demo-shop.ts';
import { openDevices } from '../electron/devices/devices.ts';
import { hostWorld, newId } from '../electron/host-world.ts';
import { openPracticeRoom } from '../electron/practice-room.ts';
import { practiceFolder, tillFolder } from '../electron/shop-folder.ts';
import { clientOf, currentScreen } from '../electron/till-client.ts';
import { SIMULATED_DEVICES } from '../shared/device-set-up.ts';
import { type Counter, look, openCounter, smallButtons, startShop, type StartedShop, typeByHand } from './browser.ts';
import { chromium, groupNeeding } from './prerequisite.ts';
import { command, goods, openTestShop, openTill, sell } from './shop.ts';

/**
 * A trainee's first hour at the till that `npm start` opens, with a sale of the real one left standing. The tests build on
 * each other.
 */
const demo: DemoFacts = readDemo(fileURLToPath(new URL('..', import.meta.url)));
const [bread = '', second = ''] = demo.itemCodes;

describe('practice beside a till with a town', () => {
  test('the night of the till matches meanwhile, and the town hears of nothing that was practised', async () => {
    const shop = await openTestShop();
    try {
      const { cards } = shop.facts;
      const [card = ''] = cards;
      await command(shop.client, { kind: 'signOut' });
      await shop.core.close();
      const room = openPracticeRoom({
        folder: practiceFolder(shop.folder),
        counter: openDevices(SIMULATED_DEVICES),
        worldOf: (parts) => hostWorld({ ...parts, town: null, demo: null, log: () => {} }),
        log: (line) => void shop.log.push(line),
      });
      const world = { devices: room.counter, practice: room.practice };
      shop.core = openTill(shop.folder, shop.town.url, shop.line, shop.log, world);
      shop.client = clientOf(shop.core.router);
      const pages = clientOf(room.moveIn(shop.core));
      const { pin } = shop.facts.manager;
      await command(pages, { kind: 'signIn', pin });
      await sell(pages, { codes: [goods.oil.code], card, points: 1 });
      await command(pages, { kind: 'nextSale' });
      await command(pages, { kind: 'scan', code: goods.salt.code, source: 'scanner' });
      const before = textsOf(shop.folder);

      await command(pages, { kind: 'startPractice' });
      await command(pages, { kind: 'openShift', shift: newId(), floatFen: 0 });
      const paid = await sell(pages, { codes: [goods.oil.code, goods.salt.code], card, points: 5 });
      expect(paid).toMatchObject({ pointsUsed: 5, receipt: { practice: true } });
      expect(textsOf(shop.folder)).toEqual(before);

      // What a scheduler or a command line starts is the till's own night.
      const report = await shop.client.night();
      expect(report).toMatchObject({ state: 'matched', till: { sales: 1, pointsSpent: 1 } });
      expect(report.town).toEqual(report.till);
      const after = textsOf(shop.folder);
      expect(after.slice(0, before.length)).toEqual(before);
      expect(after.slice(before.length).join('\n')).not.toContain('练习');

      await command(pages, { kind: 'endPractice' });
      await command(pages, { kind: 'signIn', pin });
      expect((await currentScreen(pages)).sale.lines.map(({ code }) => code)).toEqual([goods.salt.code]);
      expect((await pages.verify()).state).toBe('sound');
      await room.close();
    } finally {
      await shop.close();
    }
  });
});

/** The exact text of every record of the till's own journal. */
function textsOf(folder: string): string[] {
  const database = openReadOnly(join(tillFolder(folder), 'ledger.sqlite'));
  try {
    return database
      .prepare<[], { text: string }>('SELECT text FROM journal ORDER BY n')
      .all()
      .map(({ text }) => text);
  } finally {
    database.close();
  }
}

groupNeeding('practice', chromium, (program) => {
  let shop: StartedShop;
  let counter: Counter;
  let page: Page;
  let standing: string;

  beforeAll(async () => {
    shop = await startShop();
    counter = await openCounter(program);
    page = counter.page;
  });
  afterAll(async () => {
    await counter?.close();
    await shop?.stop();
  });

  const lines = (): Locator => page.getByRole('table', { name: '商品' }).locator('tbody tr');
  const bar = (): Locator => page.getByRole('note', { name: '练习' });
  const strip = (): Locator => page.getByRole('navigation', { name: '模拟设备' });
  const receipt = (): Locator => page.getByLabel('小票', { exact: true });
  const see = async (on: Page, name: string): Promise<void> => {
    for (const overflow of await look(on, name)) expect(overflow, name).toEqual({ sideways: 0, down: 0 });
  };
  const more = async (label: string): Promise<void> => {
    await page.getByRole('button', { name: '更多' }).click();
    const tiles = page.getByRole('dialog', { name: '更多' }).getByRole('button');
    await tiles.filter({ has: page.getByText(label, { exact: true }) }).click();
  };
  const signIn = async (): Promise<void> => {
    await typeByHand(page, demo.cashier.pin);
    await page.keyboard.press('Enter');
  };
  const openShift = async (): Promise<void> => {
    await page.getByRole('heading', { name: '开班' }).waitFor();
    await typeByHand(page, '200');
    await page.keyboard.press('Enter');
    await page.getByText('扫第一件商品开始').waitFor();
  };
  const ringUp = async (code: string): Promise<void> => {
    const before = await lines().count();
    await typeByHand(page, code);
    await page.keyboard.press('Enter');
    await expect.poll(() => lines().count(), { timeout: 20_000 }).toBe(before + 1);
  };
  /** Everything of the real till that practice must not touch: its records, how many wait, and its open sale. */
  const realTill = async (): Promise<string> => {
    const hash = createHash('sha256');
    for (const text of textsOf(shop.folder)) hash.update(text);
    return hash.update(readFileSync(join(tillFolder(shop.folder), 'open-sale.log'))).digest('hex');
  };

  test('practice is entered from 更多 with a sale standing, and the page is another one, in words and stripes', async () => {
    await page.goto(shop.till);
    await page.getByLabel('收银员或店长密码').waitFor();
    await signIn();
    await openShift();
    await ringUp(bread);
    standing = await realTill();
    await page.getByRole('button', { name: '更多' }).click();
    await see(page, 'practice-01-more');
    await page.keyboard.press('Escape');
    await more('练习');
    await bar().getByText('练习中 · 不算数').waitFor();
    await page.getByRole('heading', { name: '开班' }).waitFor();
    await see(page, 'practice-02-open-shift');
    await openShift();
    expect(existsSync(practiceFolder(shop.folder))).toBe(true);
    expect(await smallButtons(page, '.practice-bar button', 44)).toEqual([]);
  });

  test('goods, a card and its points go the way they go at the till, and the receipt says what it is', async () => {
    await ringUp(bread);
    await ringUp(second);
    await strip().getByRole('button', { name: '刷', exact: true }).click();
    await page.getByText('本店现在可用').first().waitFor();
    await see(page, 'practice-03-selling');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: /付款/ }).waitFor();
    await see(page, 'practice-04-paying');
    await page.keyboard.press('Enter');
    await receipt().waitFor();
    const text = await receipt().innerText();
    expect(text.match(/不是销售凭证/g)).toHaveLength(2);
    expect(text).toContain('练习-1-000001');
    expect(text).not.toContain('退货凭此单');
    await see(page, 'practice-05-paid');
  });

  test('the customer page and the back office say so, too', async () => {
    const customer = await page.context().newPage();
    await customer.goto(shop.till.replace('/#', '/customer-display/index.html#'));
    await customer.getByText('练习 · 不算数').waitFor();
    await see(customer, 'practice-06-customer-paid');
    await page.bringToFront();
    await page.keyboard.press('Enter');
    await page.getByText('扫第一件商品开始').waitFor();
    await ringUp(bread);
    await customer.getByText('请核对商品').waitFor();
    await see(customer, 'practice-07-customer-serving');
    await customer.close();
    const office = await page.context().newPage();
    await office.goto(shop.till.replace('/#', '/back-office/index.html#'));
    await office.getByRole('note', { name: '练习' }).waitFor();
    await look(office, 'practice-08-office');
    await office.close();
  });

  test('a reload stays in practice; large letters, dialogs and the evening have room beside its frame', async () => {
    await page.reload();
    await bar().waitFor();
    await expect.poll(() => lines().count()).toBe(1);
    await more('设置');
    await page.getByRole('dialog').getByText('大字').first().click();
    await page.keyboard.press('Escape');
    await see(page, 'practice-09-large');
    // The keys are a list of their own: that it need not be scrolled shows by its last row.
    expect(await page.locator('.keys').evaluate((keys) => keys.scrollHeight - keys.clientHeight)).toBe(0);
    await more('结账关机');
    await page
      .getByRole('heading', { name: /点钱|交班|结账/ })
      .first()
      .waitFor();
    await see(page, 'practice-10-count');
    await page.keyboard.press('Escape');
  });

  test('a command line asks the real till, whoever practises', async () => {
    expect(await currentScreen(shop.client)).toMatchObject({ practice: false, phase: 'locked' });
    expect((await currentScreen(shop.client)).sale.lines).toHaveLength(1);
  });

  test('the end of it shows the locked till, and behind its PIN the sale that stood there; no record was made', async () => {
    await bar().getByRole('button', { name: '结束练习' }).click();
    await page.getByRole('heading', { name: /锁/ }).waitFor();
    await expect.poll(() => bar().count()).toBe(0);
    expect(await realTill()).toBe(standing);
    await see(page, 'practice-11-back');
    await signIn();
    await expect.poll(() => lines().count()).toBe(1);
    await expect.poll(() => existsSync(practiceFolder(shop.folder))).toBe(false);
  });

  test('a core that is killed while somebody practises comes back as the locked till', async () => {
    await more('练习');
    await bar().waitFor();
    const { pid } = JSON.parse(readFileSync(join(tillFolder(shop.folder), 'holder.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await page.getByRole('heading', { name: /锁/ }).waitFor();
    expect(await bar().count()).toBe(0);
    await signIn();
    await expect.poll(() => lines().count()).toBe(1);
    expect(existsSync(practiceFolder(shop.folder))).toBe(false);
  });

  test('nothing on the way was an error of the page or a request to a stranger', () => {
    // A socket of the core that was killed is the only thing that may have failed.
    expect(counter.faults.filter((fault) => !fault.includes('WebSocket'))).toEqual([]);
    expect(counter.strangers).toEqual([]);
  });
});
