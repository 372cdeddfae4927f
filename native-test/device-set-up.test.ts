import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDemo } from '../electron/demo-shop.ts';
import { currentScreen } from '../electron/till-client.ts';
import { type Counter, look, openCounter, scan, startShop, type StartedShop } from './browser.ts';
import { type Cable, newCable, socat } from './devices/pty.ts';
import { chromium, groupNeedingAll } from './prerequisite.ts';
import { interpretLabels } from './tspl-interpreter.ts';

const facts = readDemo(fileURLToPath(new URL('..', import.meta.url)));

/** A frame of an OS2 scale as its manual builds it. */
function os2(text: string): Buffer {
  const body = Buffer.from(`\u0001\u0002${text}`, 'latin1');
  return Buffer.concat([
    body,
    Buffer.of(
      body.reduce((xor, byte) => xor ^ byte, 0),
      3,
      4,
      0,
    ),
  ]);
}

groupNeedingAll('the set-up page of a counter, in a real browser', [chromium, socat], ([program = '']) => {
  let shop: StartedShop;
  let counter: Counter;
  let page: Page;
  const cables: Cable[] = [];
  const repeating: NodeJS.Timeout[] = [];
  const cable = async (): Promise<Cable> => {
    const made = await newCable();
    cables.push(made);
    return made;
  };

  beforeAll(async () => {
    shop = await startShop();
    counter = await openCounter(program);
    page = counter.page;
    await shop.client.send({ kind: 'signIn', pin: facts.manager.pin });
    await shop.client.send({ kind: 'openShift', shift: 'shift-of-devices', floatFen: 0 });
    await page.goto(shop.till.replace('/#', '/back-office/#'));
    await page.getByRole('button', { name: '设备', exact: true }).click();
  });
  afterAll(async () => {
    for (const timer of repeating) clearInterval(timer);
    await counter?.close();
    await shop?.stop();
    for (const one of cables) await one.remove();
  });

  const open = (name: string): Promise<void> => page.getByRole('tab', { name }).click();
  const panel = (): Locator => page.getByRole('tabpanel');
  const shown = (text: string | RegExp): Promise<void> => panel().getByText(text).first().waitFor();
  const pick = async (label: string, option: string): Promise<void> => {
    await panel().getByLabel(label).click();
    await page.locator('.ant-select-item-option').filter({ hasText: option }).locator('visible=true').click();
  };
  const see = async (name: string): Promise<void> => {
    for (const { sideways } of await look(page, name)) expect(sideways, name).toBe(0);
  };
  const typePort = async (path: string): Promise<void> => {
    await panel()
      .getByLabel(/输入路径/)
      .fill(path);
  };
  const sale = async () => (await currentScreen(shop.client)).sale;

  test('what is plugged in is listed, and says where it is set up', async () => {
    await page.getByRole('heading', { name: '设备' }).waitFor();
    await panel().locator('.found, p').first().waitFor();
    await see('50-devices-all');
  });

  test('a scanner on a cable shows its bytes and its code, rings up nothing, and comes back after it was unplugged', async () => {
    const line = await cable();
    await open('扫码枪');
    await typePort(line.path);
    await panel().getByRole('button', { name: '选用', exact: true }).last().click();
    await shown('扫码枪好用');
    line.send(']E06901028180559\r');
    await shown('刚才收到：]E06901028180559');
    await shown(/5d 45 30 36 39/);
    await see('51-devices-scanner');
    await line.unplug();
    await shown('扫码枪没有插好');
    await line.plugIn();
    await shown('扫码枪好用');
    await pick('码的结尾', '换行 LF');
    await expect.poll(async () => (await shop.client.devices())?.settings.scanners).toMatchObject([{ ending: 'lf' }]);
    await shown('扫码枪好用');
    line.send('6921168509256\n');
    await shown('刚才收到：6921168509256');
    await shown(/36 39 32 31 31 36 38/);
    await panel().getByLabel('每个码前面加的').fill('-');
    await panel().getByRole('button', { name: '保存' }).click();
    await expect.poll(async () => (await currentScreen(shop.client)).counter.wedge.prefix).toBe('-');
    await scan(page, '-12');
    await shown('刚才收到：12');
    await see('51-devices-scanner-prefix');
    await panel().getByLabel('每个码前面加的').fill('');
    await panel().getByRole('button', { name: '保存' }).click();
    await expect.poll(async () => (await currentScreen(shop.client)).counter.wedge.prefix).toBe('');
    expect((await sale()).lines).toEqual([]);
  });

  test('a card is only shown here, whoever reads it, and a reader learns how its numbers are printed', async () => {
    await open('读卡器');
    await shown('不会刷进收银台的单子');
    const { cards = [] } = (await shop.client.demo()) ?? {};
    const token = cards.find(({ label }) => /星/.test(label))?.token ?? '';
    await shop.client.send({ kind: 'simulate', act: { what: 'card', token } });
    await shown(`读到 ${token}`);
    await shown(/是会员 .*的卡，能用/);
    expect((await sale()).member).toBeNull();
    await scan(page, '0040856634');
    await shown('读到 0040856634');
    await shown('店里没有这个号码的会员卡');
    await see('52-devices-reader');
    await panel().getByLabel('卡面上印的').fill('111,27706');
    await panel().getByRole('button', { name: '学', exact: true }).click();
    await shown('已学会：读卡器读出 0040856634 这样的号码，换算成 111,27706 这样的去找会员');
    await shown('换算成 111,27706');
    await see('53-devices-reader-learned');
    await panel().getByRole('button', { name: '不换算了' }).click();
    await shown('现在读出什么就按什么找会员');
    expect((await currentScreen(shop.client)).counter.cardNumber).toBeNull();
    expect((await sale()).member).toBeNull();
  });

  test('a scale on a cable weighs here, and weighs more where its range is set larger', async () => {
    const line = await cable();
    await open('秤');
    await panel().getByRole('button', { name: '不用了' }).click();
    await typePort(line.path);
    await panel().getByRole('button', { name: '选用', exact: true }).last().click();
    await shown('串口秤');
    let weight = 'S 01.234kg';
    repeating.push(setInterval(() => line.send(os2(weight)), 100));
    await shown('（1234 克）');
    await shown(/01 02 53 20/);
    await see('54-devices-scale');
    weight = 'S 42.000kg';
    await shown('--');
    await pick('最大称量', '60 公斤');
    await shown('（42000 克）');
    await pick('看秤的说明书', '托利多');
    await shown('秤没有读数');
  });

  test('a display on a cable is tried, and a shelf tag is printed over another', async () => {
    const [pole, printer] = [await cable(), await cable()];
    await open('客显');
    await pick('怎么接的', '串口');
    await typePort(pole.path);
    await panel().getByLabel('指令').focus();
    await panel().getByRole('button', { name: '保存' }).click();
    await page.getByText('已保存').first().waitFor();
    await panel().getByRole('button', { name: '显示合计 12.34' }).click();
    await expect.poll(() => pole.received().toString('latin1')).toContain('\u001bQA12.34\r');
    await see('55-devices-display');
    await open('标签打印机');
    await pick('怎么接的', '串口');
    await typePort(printer.path);
    await panel().getByRole('button', { name: '打一张样签' }).focus();
    await panel().getByRole('button', { name: '保存' }).click();
    await expect.poll(async () => (await shop.client.devices())?.settings.labels.kind).toBe('serial');
    await panel().getByRole('button', { name: '打一张样签' }).click();
    await expect.poll(() => printer.received().includes('PRINT 1,1\r\n')).toBe(true);
    expect(interpretLabels(printer.received())).toHaveLength(1);
    await see('56-devices-labels');
  });

  test('a printer without paper says so here, and what is recorded becomes a file without a number in it', async () => {
    await open('打印机和钱箱');
    await shop.client.send({ kind: 'simulate', act: { what: 'printer', state: 'paperOut' } });
    await shown('打印机没有纸了');
    await panel().getByRole('button', { name: '打一张样张' }).click();
    await page.getByText('打一张样张：没有成').waitFor();
    await see('57-devices-printer');
    await open('录制');
    await panel().getByRole('button', { name: '开始录制' }).click();
    await shown('正在录');
    cables[0]?.send('6901028180559\n');
    await shown(/已有 [1-9]\d* 段数据/);
    await panel().getByRole('button', { name: '停下' }).click();
    await shown('停下了');
    // Looking for what is plugged in goes on behind the recording.
    const { devices = [] } = (await shop.client.findDevices()) ?? {};
    await expect
      .poll(async () => (await shop.client.deviceRecording())?.split('"plugged"').length)
      .toBe(devices.length + 1);
    await see('58-devices-record');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      panel().getByRole('button', { name: '存成文件' }).click(),
    ]);
    const text = readFileSync(await download.path(), 'utf8');
    expect(text).toContain('"cards":"masked"');
    for (const { name } of devices) expect(text).toContain(JSON.stringify(name));
    expect(text).toContain(Buffer.from('0000000000000\n').toString('hex'));
    expect(text).not.toContain(Buffer.from('6901028180559').toString('hex'));
  });

  test('a counter marked 模拟 runs out of paper, says so before the customer pays, and prints once it has some', async () => {
    await page.goto(shop.till);
    const strip = page.getByRole('navigation', { name: '模拟设备' });
    await strip.getByText('模拟', { exact: true }).waitFor();
    await strip.getByRole('button', { name: '设备…' }).click();
    const hands = page.getByRole('region', { name: '模拟设备' });
    await hands.getByText('模拟', { exact: true }).waitFor();
    await hands.getByRole('button', { name: '缺纸' }).click();
    await strip.getByRole('button').first().click();
    await expect.poll(async () => (await sale()).lines.length).toBe(1);
    // Enter before the page shows the line would pay for nothing.
    await page.getByRole('table', { name: '商品' }).locator('tbody tr').waitFor();
    await page.keyboard.press('Enter');
    const paying = page.getByRole('dialog', { name: /付款/ });
    await paying.getByText('打印机没有纸了').waitFor();
    await hands.getByRole('button', { name: '拉开' }).click();
    await paying.getByText('钱箱还开着').waitFor();
    for (const overflow of await look(page, '59-paper-out')) expect(overflow).toEqual({ sideways: 0, down: 0 });
    const waiting = async () => (await currentScreen(shop.client)).status.slipsWaiting;
    await shop.client.send({ kind: 'pay', sale: (await sale()).id });
    await expect.poll(waiting).toBe(1);
    expect((await currentScreen(shop.client)).phase).toBe('paid');
    await look(page, '60-paper-out-paid');
    await hands.getByRole('button', { name: '正常' }).click();
    await shop.client.send({ kind: 'printWaiting' });
    await expect.poll(waiting).toBe(0);
  });

  test('nothing was written to the console and nobody else was asked for anything', () => {
    expect([counter.faults, counter.strangers]).toEqual([[], []]);
  });
});
