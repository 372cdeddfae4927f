import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoFacts, readDemo } from '../electron/demo-shop.ts';
import { currentScreen } from '../electron/till-client.ts';
import { checkDigit } from '../shared/barcode.ts';
import type { Screen } from '../shared/till-contract.ts';
import { type Counter, look, openCounter, scan as burst, type StartedShop, startShop } from './browser.ts';
import { type Hands, keyboardHands, touchHands, watchHands, words } from './hands.ts';
import { chromium, groupNeeding } from './prerequisite.ts';

/**
 * A day at the counter for one pair of hands, over the shop that `npm start` opens. It is told once, and done by keyboard
 * alone and by touch alone: nothing here can reach for what the hands have not got. Each step states what it must come
 * to in figures that were worked out by hand from the shelf prices. The tests are one day and build on each other.
 */
const demo: DemoFacts = readDemo(fileURLToPath(new URL('..', import.meta.url)));

/** Goods of the demo shop, with their shelf prices. */
const GOODS = {
  /** 15.90 a bag. */
  rice: '6988860300260',
  /** 3.50 a bag. */
  crisps: '6953294300391',
  /** 2.80 a pack. */
  milk: '6993772200560',
  /** 12.00 a bottle, which no star discounts and no point pays. */
  spirit: '6954637300849',
  /** 13.80 a jin. */
  pork: '10501',
  /** 4.20 a jin. */
  apples: '10301',
} as const;

/** Members of the demo town. */
const CARDS = {
  /** 于文秀, 3 stars: 92 %. */
  reads: '9804476959746',
  /** 王立军, 4 stars: 90 %. Nothing reads this one; it ends in 091281. */
  broken: '9869302091281',
  /** 丛培林, 1 star, 30 points. */
  offline: '9815971486088',
  /** 陈建国, 441 points. */
  asked: '9873958512786',
  reportedLost: '9819443260060',
  ofAnotherTown: '9823626929613',
} as const;

export function counterDay(name: Hands['name']): void {
  groupNeeding(`a day by ${name} alone`, chromium, (program) => {
    let shop: StartedShop;
    let counter: Counter;
    let hands: Hands;
    const stray: string[] = [];
    /** What the day has taken so far, for the drawer at its end. */
    let mixedReceipt = '';

    beforeAll(async () => {
      const shopOpens = startShop();
      counter = await openCounter(program, name === 'touch');
      await watchHands(counter.page, name, (what) => stray.push(what));
      hands = name === 'touch' ? touchHands(counter.page) : keyboardHands(counter.page);
      shop = await shopOpens;
      await counter.page.goto(shop.till);
    });
    afterAll(async () => {
      await counter?.close();
      await shop?.stop();
    });

    // The eyes: nothing below touches the page.
    const screen = (): Promise<Screen> => currentScreen(shop.client);
    /** Waits until the till is so; a failure says what the cashier saw instead. */
    const until = async <T>(read: (now: Screen) => T, wanted: T): Promise<Screen> => {
      try {
        await expect.poll(async () => read(await screen()), { timeout: 10_000, interval: 25 }).toEqual(wanted);
      } catch (error) {
        throw new Error(`${String(read)}: ${await words(counter.page)}`, { cause: error });
      }
      return screen();
    };
    const says = (words: string | RegExp): Promise<void> => counter.page.getByText(words).first().waitFor();
    const dialog = (title: string | RegExp): Promise<void> =>
      counter.page.getByRole('dialog', { name: title }).waitFor();
    const see = async (picture: string): Promise<void> => {
      for (const overflow of await look(counter.page, `${name}-${picture}`)) {
        expect(overflow, picture).toEqual({ sideways: 0, down: 0 });
      }
    };
    /** Nothing is open any more, and the next key goes into the box for codes. */
    const atRest = async (): Promise<void> => {
      await counter.page.getByRole('dialog').waitFor({ state: 'detached' });
      await expect
        .poll(() => counter.page.evaluate(() => document.activeElement?.id ?? ''), { timeout: 5_000 })
        .toBe('scan-box');
    };
    const lastReceipt = async (): Promise<string> =>
      (await shop.client.receipts({ day: null, text: '', limit: 1 }))[0]?.receipt ?? '';
    const stockOf = async (code: string): Promise<number> => {
      const { rows } = await shop.client.stock({ text: code, only: 'all', category: null, offset: 0, limit: 5 });
      return rows.find((row) => row.code === code)?.stock ?? Number.NaN;
    };

    // The scanner and the reader lie on the counter whichever hands there are: one types like a keyboard, the other is
    // on a cable of its own.
    const scan = async (code: string): Promise<void> => {
      if (name === 'keyboard') return burst(counter.page, code);
      await shop.client.send({ kind: 'simulate', act: { what: 'code', code } });
    };
    const presentCard = async (token: string): Promise<void> => {
      if (name === 'keyboard') return burst(counter.page, token);
      await shop.client.send({ kind: 'simulate', act: { what: 'card', token } });
    };
    const ringUp = async (code: string, lines: number): Promise<Screen> => {
      await scan(code);
      return until((now) => now.sale.lines.length, lines);
    };
    const totalFen = (wanted: number): Promise<Screen> => until((now) => now.sale.totalFen, wanted);
    /** Opens the payment, and takes the exact sum in cash. */
    const payExactly = async (): Promise<Screen> => {
      await hands.press('付款', '+');
      await until((now) => now.phase, 'paying');
      await hands.press('收款', 'Enter');
      return until((now) => now.phase, 'paid');
    };
    /** The page of a paid sale stays long enough that a double press does not close it, so the press may be repeated. */
    const nextSale = async (): Promise<void> => {
      await says('已收款');
      await expect
        .poll(
          async () => {
            const { phase } = await screen();
            if (phase === 'paid') await hands.press('下一单', 'Enter');
            return (await screen()).phase;
          },
          { timeout: 10_000, interval: 50 },
        )
        .toBe('selling');
      await atRest();
    };
    const manager = async (): Promise<void> => {
      await dialog('要店长同意');
      await hands.type(demo.manager.pin);
      await hands.press('确定', 'Enter');
      await counter.page.getByRole('dialog', { name: '要店长同意' }).waitFor({ state: 'detached' });
    };
    const more = async (tile: string, key: string): Promise<void> => {
      await hands.press('更多', 'F4');
      await dialog('更多');
      await hands.press(tile, key);
    };

    test('signs in after a wrong PIN, and opens the shift with a counted float', async () => {
      await says('请输入密码登录');
      await hands.type('7777');
      await hands.press('确定', 'Enter');
      await says('密码不对');
      await hands.type(demo.cashier.pin);
      await hands.press('确定', 'Enter');
      await until((now) => now.phase, 'openShift');
      await hands.type('200');
      await hands.press('开班', 'Enter');
      const { shift } = await until((now) => now.phase, 'selling');
      expect(shift?.number).toBe(1);
      expect((await shop.client.shiftReport())?.floatFen).toBe(20_000);
      await atRest();
    });

    test('a member’s mixed basket with a weighed label is paid in points, by phone and in cash', async () => {
      // Three bags: the count before the scan by keys, after it by touch.
      if (name === 'keyboard') {
        await hands.type('3*');
        await until((now) => now.sale.quantityFirst, 3);
        await ringUp(GOODS.rice, 1);
      } else {
        await ringUp(GOODS.rice, 1);
        await hands.press('数量', '*');
        await dialog('改数量');
        await hands.type('3');
        await hands.press('确定', 'Enter');
      }
      await totalFen(4_770);
      await atRest();
      await ringUp(scaleLabel(GOODS.pork, 1_250), 2);
      await totalFen(8_220);
      // Apples have no code: picked among loose goods, and weighed by hand.
      await hands.press('选商品', 'F12');
      await dialog('选商品');
      await hands.spell('hfs');
      await hands.pick('红富士苹果 散装', ['1']);
      await dialog('称重');
      await hands.type('1.46');
      await hands.press('按输入重量', 'Enter');
      await until((now) => now.sale.lines.length, 3);
      // 4.20 × 1.46 jin = 6.13.
      await totalFen(8_833);
      await ringUp(GOODS.spirit, 4);
      await hands.press('购物袋', 'F3');
      await until((now) => now.sale.choices.length > 1, true);
      await hands.pick('购物袋(小号)', ['1']);
      await until((now) => now.sale.lines.length, 5);
      const shelf = await totalFen(10_053);
      expect(shelf.sale.adultsOnly).toBe(true);

      await presentCard(CARDS.reads);
      // 92 %: 43.88 + 31.74 + 5.64 + 12.00 + 0.18.
      const discounted = await totalFen(9_344);
      expect(discounted.sale.lines.map((line) => line.payFen)).toEqual([4_388, 3_174, 564, 1_200, 18]);
      expect(discounted.sale.discountFen).toBe(709);
      await see('member');

      await hands.press('付款', '+');
      const { pay } = await until((now) => now.phase, 'paying');
      expect(pay?.pointsUsed).toBe(0);
      expect(pay?.pointsMax).toBe(50);
      await hands.press('一半', 'y');
      await until((now) => now.pay?.pointsUsed, 25);
      await hands.press('微信', 'w');
      await until((now) => now.pay?.mobileFen, 6_844);
      await hands.pick('手机支付金额', ['ArrowUp']);
      await hands.type('20');
      await until((now) => now.pay?.mobileFen, 2_000);
      await hands.pick('现金实收', ['ArrowDown']);
      await hands.type('100');
      const given = await until((now) => now.pay?.cashGivenFen, 10_000);
      // 68.44 − 20.00, less 0.04 that no coin pays.
      expect(given.pay?.truncationFen).toBe(4);
      expect(given.pay?.cashDueFen).toBe(4_840);
      expect(given.pay?.changeFen).toBe(5_160);
      await see('pay');
      await hands.press('收款', 'Enter');
      const { paid } = await until((now) => now.phase, 'paid');
      expect(paid?.paidFen).toBe(2_500 + 2_000 + 4_840);
      expect(paid?.changeFen).toBe(5_160);
      expect(Number(paid?.spendableBefore) - Number(paid?.spendableAfter)).toBe(25);
      mixedReceipt = paid?.receipt.number ?? '';
      await see('paid');
    });

    test('peers D38: the next scan goes on from the receipt, and a scan below an open dialog lands all the same', async () => {
      await ringUp(GOODS.crisps, 1);
      expect((await screen()).sale.member).toBeNull();
      await totalFen(350);
      for (const [button, key, title] of [
        ['帮助', 'F1', '按键帮助'],
        ['更多', 'F4', '更多'],
        ['会员', 'F2', '会员'],
      ] as const) {
        await hands.press(button, key);
        await dialog(title);
        const before = (await screen()).sale.pieces;
        await scan(GOODS.crisps);
        await until((now) => now.sale.pieces, before + 1);
        // It is what the cashier sees next: no dialog stays above the goods that were just rung up.
        await atRest();
      }
      await totalFen(1_400);
      // A price that is asked for is no sale.
      await hands.press('查价', 'F8');
      await dialog('查价');
      await scan(GOODS.milk);
      await says('2.80');
      expect((await screen()).sale.totalFen).toBe(1_400);
      await hands.press('关闭', 'Escape');
      await atRest();
    });

    test('a wrong card leaves the shelf price, and says why', async () => {
      await presentCard(CARDS.reportedLost);
      await says(/挂失.*按标价继续卖/);
      await presentCard(CARDS.ofAnotherTown);
      await says(/按标价继续卖/);
      const now = await totalFen(1_400);
      expect(now.sale.member).toBeNull();
    });

    test('a broken card in the hand is picked by its last six digits, and counts as presented', async () => {
      await hands.press('会员', 'F2');
      await dialog('会员');
      await hands.type(CARDS.broken.slice(-6));
      await hands.pick('王**', ['Enter']);
      // 90 % of 14.00.
      const { sale } = await totalFen(1_260);
      expect(sale.member?.how).toBe('presented');
      expect(sale.member?.lastFour).toBe('1281');
      await atRest();
      await hands.press('取下会员', 'End');
      await totalFen(1_400);
    });

    test('a forgotten card gives the discount and no points', async () => {
      await hands.press('会员', 'F2');
      await dialog('会员');
      await hands.spell('hsw yw');
      await says('没有带卡：只打折，不能用积分');
      await hands.pick('于** 槐树湾村', ['ArrowUp', 'Enter']);
      const { sale } = await until((now) => now.sale.member?.how, 'lookedUp');
      expect(sale.member?.pointsRefused).toBe('notPresented');
      expect(sale.totalFen).toBe(Math.round((1_400 * Number(sale.member?.rateBp)) / 10_000));
      await atRest();
    });

    test('a card that was lost is stopped at the till, with the manager', async () => {
      await hands.press('会员', 'F2');
      await dialog('会员');
      await hands.type(CARDS.broken.slice(-6));
      await hands.press('挂失 王**', 'F7');
      await dialog('挂失');
      await hands.press('挂失这张卡', 'Enter');
      await manager();
      await atRest();
      const before = await screen();
      await presentCard(CARDS.broken);
      await says(/挂失/);
      expect((await screen()).sale.member?.lastFour).toBe(before.sale.member?.lastFour);
      await hands.press('取下会员', 'End');
      await totalFen(1_400);
    });

    test('a sale is held, another one sold, and the first recalled as it was', async () => {
      await hands.press('挂单', 'F7');
      const empty = await until((now) => now.sale.lines.length, 0);
      expect(empty.held).toHaveLength(1);
      expect(empty.held[0]?.totalFen).toBe(1_400);
      await ringUp(GOODS.milk, 1);
      const { paid } = await payExactly();
      expect(paid?.paidFen).toBe(280);
      await nextSale();
      await hands.press('取单', 'F7');
      await dialog('挂单 1 笔');
      await hands.pick('嘎嘣脆薯片(原味)', ['1']);
      const recalled = await totalFen(1_400);
      expect(recalled.held).toHaveLength(0);
      await atRest();
    });

    test('peers A10: with the town away from start to end a member buys and pays in points, and the records follow', async () => {
      await shop.client.send({ kind: 'simulateNetwork', connected: false });
      await until((now) => now.status.town, 'unreachable');
      await says('镇上未连');
      await presentCard(CARDS.offline);
      // 98 % of 14.00.
      await totalFen(1_372);
      await hands.press('付款', '+');
      await until((now) => now.phase, 'paying');
      await hands.press('全用', 'q');
      await until((now) => now.pay?.pointsUsed, 13);
      await hands.press('收款', 'Enter');
      const { paid, status } = await until((now) => now.phase, 'paid');
      // 13 points, 0.70 in cash, and 0.02 that no coin pays.
      expect(paid?.paidFen).toBe(1_370);
      expect(status.unsent).toBeGreaterThan(0);
      await shop.client.send({ kind: 'simulateNetwork', connected: true });
      await nextSale();
      await until((now) => [now.status.town, now.status.unsent], ['reachable', 0]);
    });

    test('a card that is only asked about tells its points, and stays for nothing', async () => {
      await hands.press('查积分', 'F9');
      await dialog('查积分');
      await presentCard(CARDS.asked);
      await until((now) => now.sale.member?.townPoints, 441);
      await says('打印查询单');
      await hands.press('关闭', 'Escape');
      await until((now) => now.sale.member, null);
      await atRest();
    });

    test('peers C26, G55: a part of a mixed-tender sale goes back to points, phone and drawer, half of it by weight', async () => {
      const [riceBefore, applesBefore] = [await stockOf(GOODS.rice), await stockOf(GOODS.apples)];
      await hands.press('退货', 'F11');
      await dialog('退货');
      await hands.type(mixedReceipt.replaceAll(/\D/g, '').slice(-4));
      await hands.press('查找', 'Enter');
      await dialog(`退货 · ${mixedReceipt}`);
      await hands.pick('退 穗满仓东北珍珠米', ['Space']);
      await hands.pick('退 红富士苹果', ['ArrowDown', 'ArrowDown', 'Space']);
      await hands.press('退 红富士苹果 的重量', '*');
      await dialog('退多少');
      await hands.type('0.73');
      await hands.press('确定', 'Enter');
      await hands.pick('买错了', ['2']);
      await says('5 分');
      await see('refund');
      await hands.press('确认退货', 'Enter');
      // One bag of three and 365 of 730 grams, of 25.00 in points, 20.00 by phone and 48.40 in cash.
      await dialog('还要用手机退款');
      await says('3.53');
      await says('另外从钱箱退现金 8.60 元');
      await see('hand-back');
      await hands.press('知道了', 'Enter');
      await atRest();
      expect(await stockOf(GOODS.rice)).toBe(riceBefore + 1);
      expect(await stockOf(GOODS.apples)).toBe(applesBefore + 365);
    });

    test('faulty goods are exchanged for the same: no money moves, the faulty one is waste', async () => {
      const before = await stockOf(GOODS.crisps);
      const cash = (await shop.client.shiftReport())?.totals.cashFen;
      await hands.press('换货', 'Shift+F11');
      await dialog('换货');
      // The newest sale that was paid: the crisps.
      await hands.pick('嘎嘣脆薯片(原味)', ['ArrowUp', 'Enter']);
      await dialog(/^换货 · /);
      await hands.pick('换 嘎嘣脆薯片(原味)', ['Space']);
      await says('不收钱，不退钱');
      await see('exchange');
      await hands.press('确认换货', 'Enter');
      await atRest();
      expect(await stockOf(GOODS.crisps)).toBe(before - 1);
      expect((await shop.client.shiftReport())?.totals.cashFen).toBe(cash);
    });

    test('a tender that was pressed wrong is put right, and the drawer should hold less', async () => {
      await ringUp(GOODS.milk, 1);
      await payExactly();
      const cash = Number((await shop.client.shiftReport())?.totals.cashFen);
      await hands.press('改付款方式', 'g');
      await dialog(/^改付款方式/);
      await hands.press('改好', 'Enter');
      await counter.page.getByRole('dialog').waitFor({ state: 'detached' });
      await expect.poll(async () => (await shop.client.shiftReport())?.totals.cashFen).toBe(cash - 280);
      await nextSale();
    });

    test('practice sells apples that nobody counts, and the till stands there as it was left', async () => {
      const { shift, status } = await screen();
      const before = {
        receipt: await lastReceipt(),
        stock: await stockOf(GOODS.apples),
        cash: await shop.client.shiftReport(),
      };
      await more('练习', 'r');
      await says('练习中 · 不算数');
      await says('备用金（元）');
      await hands.press('开班', 'Enter');
      await hands.press('选商品', 'F12');
      await dialog('选商品');
      await hands.spell('hfs');
      await hands.pick('红富士苹果 散装', ['1']);
      await dialog('称重');
      await hands.type('1');
      await hands.press('按输入重量', 'Enter');
      await counter.page.getByRole('table', { name: '商品' }).getByText('红富士苹果').waitFor();
      await hands.press('付款', '+');
      await dialog(/付款/);
      await hands.press('收款', 'Enter');
      await says('不是销售凭证');
      await see('practice');
      await hands.press('更多', 'F4');
      await dialog('更多');
      await hands.pick('结束练习', ['r']);
      // Whoever comes back to the money says who they are.
      await says('屏幕已锁');
      await hands.type(demo.cashier.pin);
      await hands.press('确定', 'Enter');
      await until((now) => now.phase, 'selling');
      expect(await counter.page.getByText('练习中').count()).toBe(0);
      await atRest();
      expect(await lastReceipt()).toBe(before.receipt);
      expect(await stockOf(GOODS.apples)).toBe(before.stock);
      expect(await shop.client.shiftReport()).toEqual(before.cash);
      // Whoever signed in again is a record, which the town has heard of soon.
      await until((now) => [now.shift, now.status.unsent], [shift, status.unsent]);
    });

    test('cash is taken out with its reason, and the shift is counted by notes and handed over', async () => {
      await more('现金存取', '3');
      await dialog('现金存取');
      await hands.type('100');
      await hands.pick('付货款', ['ArrowRight']);
      await hands.press('取出', 'Enter');
      await atRest();
      await expect.poll(async () => (await shop.client.shiftReport())?.cashOutFen).toBe(10_000);
      await more('本班小计', '4');
      await dialog(/^本班小计/);
      await says('销售额');
      await hands.press('关闭', 'Escape');
      await atRest();

      // The float, then 48.40, 2.80 and 0.70 taken, 8.60 given back, 100.00 taken out.
      const expectedFen = 20_000 + 4_840 + 280 + 70 - 860 - 10_000;
      await more('交班', '1');
      await says('点出现金');
      await hands.type('1');
      await hands.press('下一种', 'Enter');
      await hands.type('1');
      await see('count');
      await hands.press('交班', '+');
      await dialog('已交班');
      const last = await shop.client.lastShift();
      expect(last?.countedFen).toBe(15_000);
      expect(last?.expectedFen).toBe(expectedFen);
      expect(last?.differenceFen).toBe(15_000 - expectedFen);
      // Typed wrong: counted again, with the manager.
      await hands.press('数目输错了，改一下', 'g');
      await dialog('更正点钞数');
      await hands.type((expectedFen / 100).toFixed(2));
      await hands.press('更正', 'Enter');
      await manager();
      await expect.poll(async () => (await shop.client.lastShift())?.differenceFen).toBe(0);
      await until((now) => now.phase, 'openShift');
    });

    test('the books are sound, and no hand was felt but the one that was meant', async () => {
      expect((await shop.client.verify()).state).toBe('sound');
      expect(stray).toEqual([]);
      expect(counter.faults).toEqual([]);
      expect(shop.said.filter((line) => /Error\b/.test(line))).toEqual([]);
      expect(await lastReceipt()).not.toBe('');
    });
  });
}

/** What a label scale prints for prefix 20: the item's PLU, its weight in grams, a check digit. */
function scaleLabel(plu: string, weightGrams: number): string {
  const digits = `20${plu}${String(weightGrams).padStart(5, '0')}`;
  return digits + checkDigit(digits);
}
