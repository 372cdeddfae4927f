import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stoppedRouter } from '../electron/core/router.ts';
import { readDemo } from '../electron/demo-shop.ts';
import { serve } from '../electron/serve.ts';
import { currentScreen } from '../electron/till-client.ts';
import type { Command, Screen } from '../shared/till-contract.ts';
import { type Counter, look, openCounter, scan, SIZES, startShop, type StartedShop, typeByHand } from './browser.ts';
import { chromium, groupNeeding } from './prerequisite.ts';

/**
 * What has to hold on every page of the till, from the sign-in to the count of the drawer: the keys in the header do what
 * they say, no key loads the page anew, and nothing that is to be pressed or read is cut off.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const facts = readDemo(root);

/** By which a browser loads a page anew or goes back from it. */
const RELOAD_KEYS = [
  { code: 'F5' },
  { code: 'F5', ctrlKey: true },
  { code: 'KeyR', ctrlKey: true },
  { code: 'KeyR', ctrlKey: true, shiftKey: true },
  { code: 'ArrowLeft', altKey: true },
] as const;

/** 3.50 a bag. */
const CRISPS = '6953294300391';
/** 12.00 a bottle, not for minors. */
const SPIRIT = '6954637300849';
const CARD = '9804476959746';
/** A name as long as some are, dear enough for a sum of seven figures and signs. */
const LONG = '6900000000014';

groupNeeding('every page of the till, in a real browser', chromium, (program) => {
  let shop: StartedShop;
  let counter: Counter;
  let page: Page;
  let customer: Page;

  beforeAll(async () => {
    shop = await startShop();
    counter = await openCounter(program);
    page = counter.page;
    await send({ kind: 'signIn', pin: facts.manager.pin });
    const item = {
      id: 'item-with-a-long-name',
      code: LONG,
      name: '云礁牌特级初榨冷压山茶籽油礼盒装（含赠品小瓶装两支及手提袋）',
      category: '粮油',
      spec: '5L×2桶/礼盒装',
      unit: '盒',
      per: 'piece',
      plu: null,
      priceFen: 123_456,
      clearanceFen: null,
      promotion: null,
      costFen: null,
      discountable: true,
      lowStock: null,
      shelfLifeDays: null,
      initials: '',
    } as const;
    await send({ kind: 'saveItem', id: 'long-name-saved', item });
    await send({ kind: 'signOut' });
    customer = await page.context().newPage();
    await customer.goto(shop.till.replace('/#', '/customer-display/#'));
    await page.bringToFront();
    await page.goto(shop.till);
    await page.getByLabel('收银员或店长密码').waitFor();
  });
  afterAll(async () => {
    await counter?.close();
    await shop?.stop();
  });

  const send = async (command: Command): Promise<void> => {
    expect(await shop.client.send(command)).toEqual({ kind: 'done' });
  };
  const until = <T>(read: (now: Screen) => T, wanted: T): Promise<void> =>
    patient(async () => read(await currentScreen(shop.client))).toEqual(wanted);
  const dialog = (name: string | RegExp): Locator => page.getByRole('dialog', { name });
  const gone = (name: string | RegExp): Promise<void> => dialog(name).waitFor({ state: 'detached' });
  const signIn = async (): Promise<void> => {
    await page.getByLabel('收银员或店长密码').waitFor();
    await typeByHand(page, facts.cashier.pin);
    await page.keyboard.press('Enter');
  };
  const large = async (largeType: boolean): Promise<void> => {
    const { counter: now } = await currentScreen(shop.client);
    await send({ kind: 'saveCounter', counter: { ...now, largeType } });
    await page.locator(`.page[data-large="${String(largeType)}"]`).waitFor();
  };
  /** On this page: no key loads it anew, and those of the header open what they say and leave the keys where they were. */
  const holds = async (more: 'more' | 'nothing more'): Promise<void> => {
    expect(await leftToBrowser(page)).toEqual([]);
    const before = await focused(page);
    for (const [key, title] of [
      ['F1', '按键帮助'],
      ['Shift+F1', '设备和网络'],
      ...(more === 'more' ? [['F4', '更多'] as const] : []),
    ] as const) {
      await page.keyboard.press(key);
      await dialog(title).waitFor();
      expect(await leftToBrowser(page), title).toEqual([]);
      await page.keyboard.press('Escape');
      await gone(title);
      await patient(() => focused(page)).toBe(before);
    }
    if (more !== 'more') {
      await page.keyboard.press('F4');
      expect(await dialog('更多').count()).toBe(0);
    }
  };
  const whole = async (name: string): Promise<void> => {
    for (const overflow of await look(page, `every-${name}`)) expect(overflow, name).toEqual({ sideways: 0, down: 0 });
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await patient(() => cutOff(page), `${name} at ${size.width}`).toEqual([]);
    }
    await page.setViewportSize(SIZES[0]);
  };

  test('peers A11: at the sign-in, the float and the empty basket no key loads the page anew, and F1 helps', async () => {
    await holds('nothing more');
    await signIn();
    await until((now) => now.phase, 'openShift');
    await page.getByRole('heading', { name: '开班' }).waitFor();
    // Nobody has left anything in the drawer yet.
    expect(await page.getByText('上一班留下').count()).toBe(0);
    await holds('more');
    await page.keyboard.press('Enter');
    await until((now) => now.phase, 'selling');
    await page.getByText('扫第一件商品开始').waitFor();
    await holds('more');
  });

  test('there is nothing to void in an empty basket, and nothing to print again before the first sale', async () => {
    await page.keyboard.press('Shift+Delete');
    await page.getByRole('status').getByText('还没有商品').first().waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.keyboard.press('F6');
    await dialog('今日单').getByText('还没有收过款').waitFor();
    expect(await dialog('今日单').getByRole('button', { name: '重打' }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    await gone('今日单');
  });

  test('a long name is read to its end, and a large sum stays inside the customer’s page', async () => {
    for (const code of [LONG, CRISPS, SPIRIT, CARD]) await scan(page, code);
    await until((now) => [now.sale.lines.length, now.sale.member !== null], [3, true]);
    await whole('sale');
    const name = page.locator('.name-text').first();
    expect((await name.boundingBox())?.height).toBeGreaterThan(2 * 17);
    await patient(() => beyond(customer, '.due b', 'aside')).toBe(0);
    for (const size of SIZES) {
      await customer.setViewportSize(size);
      expect(await beyond(customer, '.due b', 'aside'), `${size.width}`).toBe(0);
      expect(await unseen(customer, '.name.long'), `${size.width}`).toBeLessThan(4);
    }
    // Nor does a card with more on it push the keys below it down.
    const payKey = (): Promise<number | undefined> =>
      page.locator('.keys .pay-key').evaluate((key) => Math.round(key.getBoundingClientRect().y));
    const before = await payKey();
    await page.evaluate(() => {
      const write = (selector: string, text: string): void => {
        const node = document.querySelector(selector)?.firstChild;
        if (node !== null && node !== undefined) node.textContent = text;
      };
      write('.card-name small', '大石磨沟村第三居民小组');
      write('.card-tail', '尾号 2786 · 已核对本人 · 密码已核对 · 陈** 代购');
      write('.main-points b', '12345 ');
      write('.card-points > div:nth-child(2)', '镇上总数 · 截至 11-26 03:48');
      write('.card-points > div:nth-child(2) b', '23456 ');
    });
    expect(await payKey()).toBe(before);
    await page.keyboard.press('+');
    await until((now) => now.phase, 'paying');
    await page.keyboard.press('y');
    await until((now) => now.pay?.pointsUsed, 25);
    // What the points take is one of the lines between the sum and what is left to pay.
    const sum = customer.locator('.sum');
    await sum.getByText('积分抵').waitFor();
    expect((await sum.innerText()).split(/\s+/)).toContain('−25.00');
    await page.keyboard.press('b');
    await page.keyboard.press('Escape');
    await until((now) => now.phase, 'selling');
  });

  test('in large letters nothing that is pressed is cut off, on any page and in any dialog', async () => {
    await large(true);
    await whole('large-sale');
    for (const [key, title] of [
      ['F1', '按键帮助'],
      ['F6', '今日单'],
      ['F8', '查价'],
      ['F11', '退货'],
      ['F12', '选商品'],
      ['Shift+F1', '设备和网络'],
      ['*', '改数量'],
      ['/', '改价'],
    ] as const) {
      await page.keyboard.press(key);
      await dialog(title).waitFor();
      await whole(`large-${title}`);
      await page.keyboard.press('Escape');
      await gone(title);
    }
    for (const [key, title] of [
      ['3', '现金存取'],
      ['4', /本班小计/],
      ['7', '日结'],
      ['9', /按键/],
      ['0', /顾客屏/],
    ] as const) {
      await page.keyboard.press('F4');
      await dialog('更多').waitFor();
      await whole('large-more');
      await page.keyboard.press(key);
      await dialog(title).waitFor();
      await whole(`large-more-${key}`);
      await page.keyboard.press('Escape');
      await gone(title);
    }
    await page.keyboard.press('F2');
    await typeByHand(page, CARD.slice(-6));
    await dialog('会员').getByText('挂失 于**').waitFor();
    await whole('large-member');
    await page.keyboard.press('Escape');
    await gone('会员');
    await page.keyboard.press('+');
    await dialog(/付款/).waitFor();
    await whole('large-pay');
    await page.keyboard.press('Enter');
    await until((now) => now.phase, 'paid');
    await whole('large-paid');
    await large(false);
  });

  test('peers A11: at the receipt and in the payment, too', async () => {
    await holds('more');
    await page.keyboard.press('Enter');
    await until((now) => now.phase, 'selling');
    await scan(page, CRISPS);
    await until((now) => now.sale.lines.length, 1);
    await page.keyboard.press('+');
    await until((now) => now.phase, 'paying');
    await page.getByLabel('现金实收').waitFor();
    await holds('more');
    // The cash is typed where it was typed before somebody asked for help.
    await typeByHand(page, '20');
    await until((now) => now.pay?.cashGivenFen, 2_000);
    await page.keyboard.press('Enter');
    await until((now) => now.phase, 'paid');
    await patient(async () => {
      await page.keyboard.press('Enter');
      return (await currentScreen(shop.client)).phase;
    }).toBe('selling');
  });

  test('the pads stay under the finger when a member is found', async () => {
    await page.keyboard.press('F2');
    await dialog('会员').waitFor();
    const places = (): Promise<number[]> =>
      page.evaluate(() => [...document.querySelectorAll('.dialog button')].map((one) => one.getBoundingClientRect().y));
    const [close, ...pads] = await places();
    await typeByHand(page, '000000');
    await dialog('会员').getByText('没有尾号').waitFor();
    expect(await places()).toEqual([close, ...pads]);
    await page.keyboard.press('Escape');
    await gone('会员');
    await page.keyboard.press('F2');
    await typeByHand(page, CARD.slice(-6));
    await dialog('会员').getByText('换卡 于**').waitFor();
    const found = await places();
    expect(pads.every((place) => found.includes(place))).toBe(true);
    await page.keyboard.press('Escape');
    await gone('会员');
  });

  test('a receipt is found by a finger on the pad', async () => {
    const rows = await shop.client.receipts({ day: null, text: '', limit: 10 });
    expect(rows).toHaveLength(2);
    const first = rows.at(-1)?.receipt ?? '';
    await page.getByRole('button', { name: /今日单/ }).click();
    const options = dialog('今日单').getByRole('option');
    await patient(() => options.count()).toBe(2);
    for (const digit of first.slice(-4)) {
      await dialog('今日单').getByRole('group', { name: '数字键盘' }).getByRole('button', { name: digit }).click();
    }
    await patient(() => options.count()).toBe(1);
    expect(await options.innerText()).toContain(first);
    await dialog('今日单').getByRole('button', { name: '清空' }).click();
    await patient(() => options.count()).toBe(2);
    await whole('receipts');
    await page.keyboard.press('Escape');
    await gone('今日单');
  });

  test('a locked screen and the count of the drawer hold as well', async () => {
    await send({ kind: 'lock' });
    await page.getByRole('heading', { name: '屏幕已锁' }).waitFor();
    await holds('nothing more');
    await signIn();
    await until((now) => now.phase, 'selling');
    await send({ kind: 'startCloseShift' });
    await page.getByRole('heading', { name: /交班/ }).waitFor();
    await holds('more');
  });

  test('a slip of the key hands over no empty drawer, and what was counted is kept beside the sum', async () => {
    await page.keyboard.press('+');
    await page.getByText('还没有点钱').waitFor();
    expect((await currentScreen(shop.client)).phase).toBe('closeShift');
    await typeByHand(page, '3');
    const counted = page.getByLabel('点出现金');
    await patient(() => counted.innerText()).toBe('300.00');
    await page.keyboard.press('F2');
    await page.getByLabel('现金总数（元）').waitFor();
    await page.keyboard.press('F2');
    await patient(() => counted.innerText()).toBe('300.00');
    await page.keyboard.press('Escape');
    await until((now) => now.phase, 'selling');
  });

  test('in large letters the count and the evening are whole, too', async () => {
    await large(true);
    await send({ kind: 'startCloseShift', shutDown: true });
    await page.getByText('点好了，结账').waitFor();
    await whole('large-count');
    await typeByHand(page, '0+');
    await until((now) => now.phase, 'evening');
    await page.getByRole('region', { name: '交班单' }).waitFor();
    await whole('large-evening');
    await send({ kind: 'leaveEvening' });
    await large(false);
  });

  test('the customer’s page is not loaded anew by a key either', async () => {
    await customer.bringToFront();
    expect(await leftToBrowser(customer)).toEqual([]);
    expect([counter.faults, counter.strangers]).toEqual([[], []]);
  });

  for (const reason of ['journalDamaged', 'diskFull', 'newerDatabase', 'notAFolder'] as const) {
    test(`a till that is stopped (${reason}) says why, and claims nothing of devices and hour`, async () => {
      const pagesFolder = `${root}/out/pages`;
      const served = await serve({ router: stoppedRouter(reason, 'detail'), pagesFolder, port: 0, log: () => {} });
      try {
        await page.goto(served.tillUrl);
        await page.getByRole('alert').getByText('什么是安全的').waitFor();
        expect(await leftToBrowser(page)).toEqual([]);
        for (const key of ['F1', 'F4']) await page.keyboard.press(key);
        expect(await page.locator('.header').innerText()).toBe('信用惠民超市');
        expect(await page.getByRole('dialog').count()).toBe(0);
        await whole(`stopped-${reason}`);
      } finally {
        await page.goto('about:blank');
        await served.close();
      }
    });
  }
});

/** Those of the keys that the page leaves to the browser. */
function leftToBrowser(page: Page): Promise<unknown[]> {
  return page.evaluate((keys) => {
    const target = document.activeElement ?? document.body;
    return keys.filter((key) =>
      target.dispatchEvent(new KeyboardEvent('keydown', { ...key, bubbles: true, cancelable: true })),
    );
  }, RELOAD_KEYS);
}

/** A machine that has other work answers later. */
function patient<T>(read: () => Promise<T>, message = ''): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout: 20_000, message });
}

/** What has the keys; nothing in particular is the page itself. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const active = document.activeElement;
    return active === null || active === document.body ? 'page' : `${active.tagName}.${active.className}`;
  });
}

/** How far this stands out of the room inside that at the right, in whole pixels. */
function beyond(page: Page, inner: string, outer: string): Promise<number> {
  return page.evaluate(
    ([inner, outer]) => {
      const text = document.createRange();
      const box = document.querySelector(outer);
      const held = document.querySelector(inner);
      if (box === null || held === null) return Number.NaN;
      text.selectNodeContents(held);
      const room = box.getBoundingClientRect().right - Number.parseFloat(getComputedStyle(box).paddingRight);
      return Math.max(0, Math.round(text.getBoundingClientRect().right - room));
    },
    [inner, outer] as const,
  );
}

/** How much of its text lies below what this shows, in pixels. */
function unseen(page: Page, selector: string): Promise<number> {
  return page.evaluate((selector) => {
    const part = document.querySelector(selector);
    return part === null ? Number.NaN : part.scrollHeight - part.clientHeight;
  }, selector);
}

/** What is to be pressed and lies outside the window, or outside a part that cannot be scrolled to it. */
function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const layers = document.querySelectorAll('[role=dialog]');
    const top = layers[layers.length - 1] ?? document.querySelector('.page');
    const buttons = [...(top?.querySelectorAll<HTMLElement>('button, input') ?? [])];
    return buttons.flatMap((button) => {
      const box = button.getBoundingClientRect();
      if (box.width === 0 || button.closest('.visually-hidden, .lines') !== null) return [];
      const holders: DOMRect[] = [new DOMRect(0, 0, innerWidth, innerHeight)];
      for (let part = button.parentElement; part !== null; part = part.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(part);
        // A list that scrolls is reached by scrolling, and what hangs in it is as whole as it is; a page never scrolls.
        const isPage = part.matches('.center-page');
        if (!isPage && (overflowY === 'auto' || overflowX === 'auto')) break;
        if (isPage || overflowX === 'hidden' || overflowX === 'clip') holders.push(part.getBoundingClientRect());
      }
      const isWhole = holders.every(
        (holder) =>
          box.left >= holder.left - 1 &&
          box.top >= holder.top - 1 &&
          box.right <= holder.right + 1 &&
          box.bottom <= holder.bottom + 1,
      );
      const squeezed = button.tagName === 'BUTTON' && button.scrollWidth > button.clientWidth + 1;
      return isWhole && !squeezed ? [] : [`${button.innerText.replaceAll('\n', ' ')} ${JSON.stringify(box)}`];
    });
  });
}
