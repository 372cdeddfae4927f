import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDemo } from '../electron/demo-shop.ts';
import { checkDigit } from '../shared/barcode.ts';
import { type Counter, openCounter, scan, startShop, type StartedShop } from './browser.ts';
import { chromium, groupNeeding } from './prerequisite.ts';

const facts = readDemo(fileURLToPath(new URL('..', import.meta.url)));
const pieces = facts.itemCodes.filter((code) => facts.rows.find((row) => row.code === code)?.per === 'piece');
/** No item of the shop has it. */
const UNKNOWN = `299999999999${checkDigit('299999999999')}`;

groupNeeding('the sounds of the till, in a real browser', chromium, (program) => {
  let shop: StartedShop;
  let counter: Counter;

  beforeAll(async () => {
    shop = await startShop();
    counter = await openCounter(program);
    // What is really played to its end, and not what was asked for.
    await counter.page.addInitScript(() => {
      const played: string[] = [];
      Object.assign(window, { played });
      const known = new WeakSet<HTMLMediaElement>();
      const { value } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'play') ?? {};
      const play = value as (this: HTMLMediaElement) => Promise<void>;
      HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
        const name = /(\w+)[^/]*\.wav$/.exec(new URL(this.src).pathname)?.[1] ?? this.src;
        if (!known.has(this)) this.addEventListener('ended', () => played.push(name));
        known.add(this);
        return play.call(this);
      };
    });
    await shop.client.send({ kind: 'signIn', pin: facts.cashier.pin });
    await shop.client.send({ kind: 'openShift', shift: 'shift-of-sounds', floatFen: 0 });
    await counter.page.goto(shop.till);
    await counter.page.getByText('扫第一件商品开始').waitFor();
  });
  afterAll(async () => {
    await counter?.close();
    await shop?.stop();
  });

  const played = (): Promise<unknown> => counter.page.evaluate('window.played');
  const forget = (): Promise<unknown> => counter.page.evaluate('void window.played.splice(0)');
  const linesShown = (lines: number): Promise<void> =>
    counter.page
      .locator('.lines tbody tr')
      .nth(lines - 1)
      .waitFor();
  const quiet = (): Promise<void> => counter.page.waitForTimeout(1_500);

  test('an item, a code that nobody knows, a payment and a card each have their own sound', async () => {
    const { page } = counter;
    await quiet();
    await forget();
    await scan(page, pieces[0] ?? '');
    await linesShown(1);
    await expect.poll(played).toEqual(['good']);
    await scan(page, UNKNOWN);
    await expect.poll(played).toEqual(['good', 'bad']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('+');
    await page.getByRole('dialog', { name: /付款/ }).waitFor();
    // At the pace of a hand: keys as quick as a scanner's are no payment.
    await page.waitForTimeout(300);
    await page.keyboard.press('Enter');
    await page.getByText('已收款').first().waitFor();
    await expect.poll(played).toEqual(['good', 'bad', 'paid']);
    await page.keyboard.press('Enter');
    await page.getByText('扫第一件商品开始').waitFor();
    await scan(page, facts.strip[0]?.token ?? '');
    await expect.poll(played).toEqual(['good', 'bad', 'paid', 'card']);
  });

  test('a till that was muted by hand says all of it without a sound, until it is asked to sound again', async () => {
    const { page } = counter;
    const turn = async (words: string): Promise<void> => {
      await page.keyboard.press('F4');
      await page.getByRole('dialog').getByText('设置', { exact: true }).click();
      await page.getByText(words).click();
      await page.getByText(words).waitFor({ state: 'detached' });
      await page.keyboard.press('Escape');
    };
    await turn('声音：开着，静音');
    await quiet();
    await forget();
    await scan(page, pieces[1] ?? '');
    await linesShown(1);
    await scan(page, UNKNOWN);
    await page.getByText(UNKNOWN).first().waitFor();
    await quiet();
    expect(await played()).toEqual([]);
    await turn('声音：静音，打开');
    await scan(page, pieces[2] ?? '');
    await expect.poll(played).toEqual(['good']);
  });
});
