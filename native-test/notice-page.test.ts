import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDemo } from '../electron/demo-shop.ts';
import { fileURLToPath } from 'node:url';
import { type Counter, look, openCounter, overflowOf, startShop, type StartedShop } from './browser.ts';
import { chromium, groupNeeding } from './prerequisite.ts';

const facts = readDemo(fileURLToPath(new URL('..', import.meta.url)));

groupNeeding("the town's notices on the customer page, in a real browser", chromium, (program) => {
  let shop: StartedShop;
  let counter: Counter;
  const board = () => counter.page.locator('.notice-board');
  /** A till asks its town at once when the network is back, and need not be waited for. */
  const hearTown = async (): Promise<void> => {
    await shop.client.send({ kind: 'simulateNetwork', connected: false });
    await shop.client.send({ kind: 'simulateNetwork', connected: true });
  };

  beforeAll(async () => {
    shop = await startShop();
    counter = await openCounter(program);
    const { client } = shop;
    await client.send({ kind: 'signIn', pin: facts.cashier.pin });
    await client.send({ kind: 'openShift', shift: 'shift-of-notices', floatFen: 0 });
    // Only the page's own timers: a turn takes longer than a test should.
    await counter.page.clock.install();
    await counter.page.goto(shop.till.replace('/#', '/customer-display/#'));
  });
  afterAll(async () => {
    await counter.close();
    await shop.stop();
  });

  test('an idle page shows one after the other, large and whole at every size', async () => {
    await board().getByText('信用积分，当钱花').waitFor();
    for (const { sideways, down } of await look(counter.page, '40-notice')) expect([sideways, down]).toEqual([0, 0]);
    await counter.page.clock.fastForward(14_000);
    await board().getByText('周六清理河道').waitFor();
    await board().getByText('槐树湾村', { exact: true }).waitFor();
    await counter.page.clock.fastForward(14_000);
    await board().getByText('信用积分，当钱花').waitFor();
  });

  test('the first line of a sale takes the page, and an empty basket gives it back', async () => {
    const [code = ''] = facts.itemCodes;
    await shop.client.send({ kind: 'scan', code, source: 'scanner' });
    await counter.page.getByText('请核对商品').waitFor();
    expect(await board().count()).toBe(0);
    await shop.client.send({ kind: 'voidSale', reason: 'x' });
    await board().waitFor();
  });

  test('what staff writes is previewed, hangs on the page soon, and is gone when staff ends it', async () => {
    const town = await counter.page.context().newPage();
    await town.goto(shop.town);
    await town.locator('input[type=password]').fill(/密码 password (\S+)/.exec(shop.said.join('\n'))?.[1] ?? '');
    await town.keyboard.press('Enter');
    await town.getByRole('button', { name: '公告' }).click();
    const hang = town.getByRole('button', { name: '挂上公告' });
    await town.getByPlaceholder('如：周六清理河道').fill('字'.repeat(17));
    await town.getByText('标题要有，最多 16 个字').waitFor();
    await town.getByPlaceholder('如：周六清理河道').fill('门店早七点开');
    expect(await hang.isDisabled()).toBe(true);
    await town.getByPlaceholder('姓名').fill('王干事');
    await town.locator('.board-preview').getByText('门店早七点开').waitFor();
    await look(town, '41-notice-console');
    expect((await overflowOf(town)).sideways).toBe(0);
    await hang.click();
    const row = town.getByRole('row').filter({ hasText: '门店早七点开' });
    await row.getByText('正在显示').waitFor();
    await hearTown();
    const dots = board().getByRole('img', { name: /共 3 条/ });
    await dots.waitFor({ timeout: 60_000 });
    await row.getByRole('button', { name: '结束' }).click();
    await town.locator('.ant-popconfirm').getByRole('button', { name: '结束' }).click();
    await row.getByText('提前结束').waitFor();
    await hearTown();
    await board()
      .getByRole('img', { name: /共 2 条/ })
      .waitFor({ timeout: 60_000 });
    await town.close();
  });

  test('nothing was written to the console and nobody else was asked for anything', () => {
    expect([counter.faults, counter.strangers]).toEqual([[], []]);
  });
});
