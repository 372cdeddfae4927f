import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoFacts, readDemo } from '../electron/demo-shop.ts';
import { currentScreen } from '../electron/till-client.ts';
import { type Counter, look, openCounter, scan, startShop, type StartedShop, typeByHand } from './browser.ts';
import { chromium, groupNeeding } from './prerequisite.ts';

/**
 * 查积分 in a real browser, with the town of the demo shop behind it: what a villager hears who comes only to ask, who has
 * just paid, and who asks while the town is cut off. The tests build on each other.
 */

const demo: DemoFacts = readDemo(fileURLToPath(new URL('..', import.meta.url)));
const [card, other] = demo.strip;
const [goods] = demo.itemCodes.filter((code) => demo.rows.find((row) => row.code === code)?.per === 'piece');

groupNeeding('查积分', chromium, (program) => {
  let shop: StartedShop;
  let counter: Counter;
  let page: Page;

  beforeAll(async () => {
    shop = await startShop();
    counter = await openCounter(program);
    page = counter.page;
  });
  afterAll(async () => {
    await counter?.close();
    await shop?.stop();
  });

  const screen = () => currentScreen(shop.client);
  const dialog = (): Locator => page.getByRole('dialog', { name: '查积分' });
  const movements = (): Locator =>
    dialog()
      .getByRole('table', { name: /最近变动/ })
      .locator('tbody tr');
  const strip = (): Locator => page.getByRole('navigation', { name: '模拟设备' });
  const said = (text: string | RegExp): Promise<void> => page.getByRole('status').getByText(text).first().waitFor();
  const see = async (name: string): Promise<void> => {
    for (const overflow of await look(page, name)) expect(overflow, name).toEqual({ sideways: 0, down: 0 });
  };
  const payWithPoints = async (token: string): Promise<void> => {
    await scan(page, goods ?? '');
    await scan(page, token);
    await expect.poll(async () => (await screen()).sale.member?.spendable ?? 0).toBeGreaterThan(0);
    await page.keyboard.press('+');
    await page.getByRole('dialog', { name: /付款/ }).waitFor();
    await page.keyboard.press('q');
    await expect.poll(async () => (await screen()).pay?.pointsUsed ?? 0).toBeGreaterThan(0);
    await page.keyboard.press('Enter');
    await page.getByText('已收款').waitFor();
  };
  const empty = (): Promise<void> => page.getByText('扫第一件商品开始').waitFor();

  test('whoever comes only to ask is told what they have and what moved it, gets it on paper, and buys nothing', async () => {
    await page.goto(shop.till);
    await page.getByLabel('收银员或店长密码').waitFor();
    await typeByHand(page, demo.cashier.pin);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '开班' }).waitFor();
    await typeByHand(page, '200');
    await page.keyboard.press('Enter');
    await empty();
    await page.keyboard.press('F9');
    await dialog().getByText('请顾客刷卡或扫卡').waitFor();
    await scan(page, card?.token ?? '');
    await movements().first().waitFor();
    const { member } = (await screen()).sale;
    expect(member).not.toBeNull();
    for (const row of await movements().all()) expect(await row.innerText()).toMatch(/加分[^]*\+\d/);
    expect(await movements().first().innerText()).toContain(String(member?.townPoints));
    await dialog().getByText('不作付款凭证').waitFor();
    await dialog()
      .getByText(/公示后 30 天内/)
      .waitFor();
    await see('balance-1-asked');
    await page.keyboard.press('r');
    await said(/打印/);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await empty();
    await expect.poll(async () => (await screen()).sale.member).toBeNull();
  });

  test('whoever has just paid with points asks at the paid page, and the purchase stands first', async () => {
    await payWithPoints(card?.token ?? '');
    const { paid } = await screen();
    await see('balance-2-paid');
    await page.keyboard.press('F9');
    await movements().first().waitFor();
    const [first, second] = await movements().allInnerTexts();
    expect(first).toMatch(new RegExp(`消费[^]*${paid?.receipt.number}[^]*−${paid?.pointsUsed}`));
    expect(second).toContain('加分');
    await see('balance-3-spent');
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await page.getByText('已收款').waitFor();
    await page.waitForTimeout(500);
    await page.keyboard.press('Enter');
    await empty();
  });

  test('while the town is cut off the till says so, and lists what it knows itself', async () => {
    await strip().getByRole('button', { name: '断开' }).click();
    await page.getByText('镇上未连').waitFor();
    await page.getByRole('button', { name: /^查积分/ }).click();
    await scan(page, other?.token ?? '');
    await dialog().getByText('镇上连不上，只列本机记录').waitFor();
    await dialog().getByText('没有变动').waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await empty();
    await payWithPoints(other?.token ?? '');
    await page.keyboard.press('F9');
    await dialog().getByText('镇上连不上，只列本机记录').waitFor();
    const { paid, sale } = await screen();
    const [first, ...others] = await movements().allInnerTexts();
    expect(others).toEqual([]);
    const balance = sale.member?.townPoints;
    expect(first).toMatch(new RegExp(`消费[^]*${paid?.receipt.number}[^]*−${paid?.pointsUsed}\\s+${balance}$`));
    await see('balance-4-town-cut');
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await strip().getByRole('button', { name: '恢复' }).click();
    await page.getByText('镇上未连').waitFor({ state: 'detached' });
    expect(counter.faults).toEqual([]);
    expect(counter.strangers).toEqual([]);
  });

  test('staff sees the same at the town, when somebody objects', async () => {
    const password = /密码 password (\S+)/.exec(shop.said.join('\n'))?.[1] ?? '';
    const town = await page.context().newPage();
    await town.goto(shop.town);
    await town.locator('input[type=password]').fill(password);
    await town.keyboard.press('Enter');
    await town.getByText('会员和卡').first().click();
    await town
      .getByRole('button', { name: /的积分变动$/ })
      .first()
      .click();
    await town
      .getByRole('dialog', { name: /积分变动/ })
      .getByText('加分')
      .first()
      .waitFor();
    await look(town, 'balance-5-console');
    await town.close();
  });
});
