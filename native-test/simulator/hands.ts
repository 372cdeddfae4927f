import type { SaleBody } from '../../shared/record-bodies.ts';
import type { Answer, Command, Screen } from '../../shared/till-contract.ts';
import type { Machine } from './machine.ts';
import type { HandKind } from './options.ts';
import type { Random } from './random.ts';
import { bearerOf, cardToken, type SimulatedTown, type Villager } from './town.ts';
import type { AcknowledgedKind } from './truth.ts';
import { ensure } from './violation.ts';
import type { VirtualTime } from './virtual-time.ts';

export const MANAGER_PIN = '909090';

/** What the shops of a simulation sell: pieces with and without discount, weighed goods, and what takes no points. */
export const GOODS = [
  { id: 'item-oil', code: '6901234567892', name: '花生油', category: '粮油', per: 'piece', priceFen: 8_990 },
  { id: 'item-salt', code: '6901234567908', name: '精盐', category: '调味', per: 'piece', priceFen: 255 },
  { id: 'item-smoke', code: '6901234567915', name: '香烟', category: '烟草', per: 'piece', priceFen: 1_250 },
  { id: 'item-pork', code: '10901', name: '五花肉', category: '肉类', per: 'jin', priceFen: 1_583 },
  { id: 'item-rice', code: '6901234567922', name: '大米', category: '粮油', per: 'piece', priceFen: 2_999 },
  { id: 'item-gum', code: '6901234567939', name: '口香糖', category: '食品', per: 'piece', priceFen: 133 },
] as const;

type DocumentCommand = Extract<Command, { kind: 'exchange' | 'changeTender' | 'reportCard' }>;

/** What hands find around them, and how many of a thousand customers or cards do what seeds could not always do. */
export type Around = Readonly<{
  street: () => readonly Machine[];
  town: Pick<SimulatedTown, 'villagers'>;
  time: VirtualTime;
  random: Random;
  wishes: Readonly<Partial<Record<HandKind, number>>>;
}>;

/** One customer, one cashier: what hands do at a till, step by step, whatever the till does to them. */
export function createHands(machine: Machine, around: Around) {
  const { street, town, time, random, wishes } = around;
  const pause = (mostMs: number): Promise<void> => time.advanceTo(time.nowMs() + random.between(100, mostMs));

  /** Sends a command; a till that is lost or stopped ends what the hands were about. */
  const send = async (command: Command): Promise<Answer | 'lost'> => {
    const answer = await machine.send(command);
    await pause(700);
    await machine.bury();
    return answer;
  };
  const isDone = async (command: Command): Promise<boolean> => {
    const answer = await send(command);
    return answer !== 'lost' && answer.kind === 'done';
  };

  /** Whatever stands on the screen, until the till is ready for the next customer; false when it is not today. */
  const ready = async (): Promise<boolean> => {
    for (let tries = 0; tries < 12; tries += 1) {
      if (!machine.isOn()) await machine.boot();
      const screen = await machine.screen();
      if (screen === null) continue;
      switch (screen.phase) {
        case 'stopped':
          await time.advanceTo(time.nowMs() + 3_500);
          break;
        case 'enrol':
          return false;
        case 'signIn':
        case 'locked':
          await send({ kind: 'signIn', pin: MANAGER_PIN });
          break;
        case 'openShift':
          await send({ kind: 'openShift', shift: random.id(), floatFen: screen.carriedFloatFen });
          break;
        case 'evening':
          await send({ kind: 'leaveEvening' });
          break;
        case 'closeShift':
          await send({ kind: 'dismiss' });
          break;
        case 'paying':
          await send({ kind: 'leavePay' });
          break;
        case 'paid':
          await send({ kind: 'nextSale' });
          break;
        case 'selling':
          return true;
        default:
          return screen.phase satisfies never;
      }
    }
    return false;
  };

  const anyGoods = (): 'shelf' | 'waste' => (random.chance(300) ? 'shelf' : 'waste');

  const ring = async (): Promise<boolean> => {
    const goods = random.pick(GOODS);
    return goods.per === 'piece'
      ? isDone({ kind: 'scan', code: goods.code, source: 'scanner' })
      : isDone({ kind: 'weigh', item: goods.id, weightGrams: random.between(20, 2_500) });
  };

  /** Draws nothing where hands do not know it, so that what a seed did before they did stays what it was. */
  const wants = (kind: HandKind): boolean => (wishes[kind] ?? 0) > 0 && random.chance(wishes[kind] ?? 0);

  /** The card of a villager, mostly the newest: read, taken by its digits, or forgotten; and who has come with it. */
  const showCard = async (villager: Villager): Promise<void> => {
    const { cards, member } = villager;
    const newest = cards.at(-1) ?? villager;
    const { card, token } = cards.length === 1 || random.chance(700) ? newest : random.pick(cards);
    if (wants('forgotten')) {
      await send({ kind: 'lookUpMember', member });
      return;
    }
    if (wants('unreadable')) await send({ kind: 'pickCard', card, lastSix: token.slice(-6) });
    else await send({ kind: 'scan', code: token, source: 'card' });
    await pause(1_500);
    if (!wants('bearer')) return;
    // The one who was named, at times anybody, or a stranger with the card.
    const others = town.villagers.map((one) => one.member);
    const bearer = random.chance(700) ? bearerOf(town.villagers, member) : random.pick(others);
    await send({ kind: 'setBearer', bearer, stranger: random.chance(150) });
  };

  /** A document that a command makes: done it is acknowledged, and what was refused for the disk's sake is not there. */
  const document = async (command: DocumentCommand, kind: AcknowledgedKind): Promise<Answer | 'lost'> => {
    const answer = await machine.send(command);
    if (answer === 'lost') return answer;
    if (answer.kind === 'done') {
      machine.truth.acknowledge({ id: command.id, kind, atMs: time.nowMs() });
      if (random.chance(200)) await machine.send(command);
    } else if (answer.reason === 'journalDamaged' || answer.reason === 'diskFull')
      machine.truth.refused.add(command.id);
    return answer;
  };

  /** A sale of this till, at times of another one of the street, as its record says it. */
  const someSale = (ownPerMille: number): Readonly<{ id: string; body: SaleBody }> | null => {
    const seller = random.chance(ownPerMille) ? machine : random.pick(street());
    const sales = [...seller.truth.acknowledged.values()].filter((one) => one.kind === 'sale');
    if (sales.length === 0) return null;
    // What was bought last comes back first.
    const { id } = random.chance(600) ? (sales.at(-1 - random.below(3)) ?? random.pick(sales)) : random.pick(sales);
    const sold = seller.truth.seen().find(({ record }) => record.id === id);
    return sold === undefined ? null : { id, body: sold.record.body as SaleBody };
  };

  /** Pays what stands on the counter; what the screen then calls paid is acknowledged from here on. */
  const pay = async (screen: Screen): Promise<void> => {
    const { id } = screen.sale;
    // One that was refused before is asked for anew: it may stand there now, also when its answer is lost.
    machine.truth.refused.delete(id);
    const answer = await machine.send({ kind: 'pay', sale: id });
    if (answer === 'lost') return;
    if (answer.kind === 'refused') {
      if (answer.reason === 'journalDamaged' || answer.reason === 'diskFull') machine.truth.refused.add(id);
      return;
    }
    const shown = await machine.screen();
    // A till that had to stop right afterwards shows that instead; what it answered counts.
    const isShown = shown === null || shown.phase === 'stopped' || shown.paid?.sale === id;
    ensure(isShown, 'paidIsShown', () => `${machine.name} ${id}`);
    machine.truth.acknowledge({ id, kind: 'sale', atMs: time.nowMs() });
    // Pressed twice, as hands do: the second press must not sell again.
    if (random.chance(200)) await machine.send({ kind: 'pay', sale: id });
  };

  return {
    send,
    ready,
    /** One customer: goods, perhaps a card, perhaps a change of mind, and money. */
    sell: async (villager: Villager | null): Promise<void> => {
      if (!(await ready())) return;
      for (let lines = random.between(1, 4); lines > 0; lines -= 1) await ring();
      if (villager !== null) {
        await showCard(villager);
        if (random.chance(700)) await send({ kind: 'confirmPerson', approval: null });
      }
      if (random.chance(100)) await send({ kind: 'deleteLine', line: 0 });
      if (random.chance(60)) await send({ kind: 'setQuantity', line: 0, quantity: random.between(1, 5) });
      if (random.chance(50)) {
        const priceFen = random.between(1, 120);
        await send({ kind: 'setPrice', line: 0, priceFen, reason: 'damaged', approval: null });
      }
      if (random.chance(40)) {
        await send({ kind: 'voidSale', reason: 'wish' });
        return;
      }
      const before = await machine.screen();
      if (before !== null && before.held.length === 0 && random.chance(50)) {
        if (await isDone({ kind: 'hold' })) return;
      }
      if (!(await isDone({ kind: 'startPay' }))) return;
      const wish = random.below(10);
      const points = wish < 6 ? 'max' : wish < 8 ? 'half' : wish === 8 ? random.between(1, 20) : 'none';
      if (villager !== null) await send({ kind: 'setPoints', points });
      if (random.chance(250)) {
        const amountFen = random.chance(500) ? 'rest' : random.between(1, 500);
        await send({ kind: 'setMobile', amountFen, channel: 'wechat' });
      }
      const screen = await machine.screen();
      if (screen === null || screen.pay === null) return;
      if (random.chance(400)) {
        const amountFen = screen.pay.cashDueFen + random.pick([0, 100, 10_000]);
        await send({ kind: 'setCash', amountFen });
      }
      await pay(screen);
    },
    /** A held sale is taken up again and paid. */
    recall: async (): Promise<void> => {
      if (!(await ready())) return;
      const held = (await machine.screen())?.held[0];
      if (held === undefined) return;
      if (!(await isDone({ kind: 'recall', sale: held.sale }))) {
        await send({ kind: 'voidSale', reason: 'wish' });
        return;
      }
      if (!(await isDone({ kind: 'startPay' }))) return;
      const screen = await machine.screen();
      if (screen !== null && screen.pay !== null) await pay(screen);
    },
    /** Goods come back, whole or in part: mostly to the till that sold them, at times to another one of the street. */
    refund: async (): Promise<void> => {
      const seller = random.chance(700) ? machine : random.pick(street());
      const sales = [...seller.truth.acknowledged.values()].filter((one) => one.kind === 'sale');
      if (sales.length === 0 || !(await ready())) return;
      const { id: sale } = random.pick(sales);
      const sold = seller.truth.seen().find(({ record }) => record.id === sale);
      if (sold === undefined) return;
      const { receipt, lines } = sold.record.body as SaleBody;
      const wanted = lines.flatMap(({ quantity }, line) =>
        random.chance(600)
          ? [{ line, quantity: random.between(1, Math.max(1, quantity)), goods: 'shelf' as const }]
          : [],
      );
      if (wanted.length === 0) return;
      const id = random.id();
      const command = { kind: 'refund', id, receipt, lines: wanted, reason: 'quality', approval: null } as const;
      const answer = await machine.send(command);
      if (answer === 'lost') return;
      if (answer.kind === 'refused') {
        if (answer.reason === 'journalDamaged' || answer.reason === 'diskFull') machine.truth.refused.add(id);
        return;
      }
      machine.truth.acknowledge({ id, kind: 'refund', atMs: time.nowMs() });
      if (random.chance(200)) await machine.send(command);
      if (random.chance(150)) {
        const [first, ...others] = wanted;
        const other = [{ ...first, quantity: (first?.quantity ?? 0) + 1 } as NonNullable<typeof first>, ...others];
        const again = await machine.send({ ...command, lines: other });
        const isRefused = again === 'lost' || again.kind === 'refused';
        ensure(isRefused, 'sameIdOtherContent', () => `${machine.name} ${id}`);
      }
    },
    /** 换货: the same goods for faulty ones, of a sale made here or at another till. */
    exchange: async (): Promise<void> => {
      const sale = someSale(800);
      if (sale === null || !(await ready())) return;
      const { receipt, lines } = sale.body;
      const wanted = lines.flatMap(({ quantity }, line) =>
        random.chance(600)
          ? [{ line, quantity: random.chance(600) ? quantity : random.between(1, quantity), goods: anyGoods() }]
          : [],
      );
      if (wanted.length === 0) return;
      const what = { receipt, lines: wanted, reason: 'quality', approval: null } as const;
      await document({ kind: 'exchange', id: random.id(), ...what }, 'exchange');
    },
    /** 改付款方式: what a sale of this shift was paid with, once more as it really was. */
    changeTender: async (): Promise<void> => {
      const sale = someSale(1_000);
      if (sale === null || !(await ready())) return;
      const { receipt, mobileFen, cashDueFen } = sale.body;
      const paidFen = mobileFen + cashDueFen;
      const turned = random.pick([0, paidFen, random.between(0, paidFen)]);
      const what = { receipt, mobileFen: turned, channel: 'wechat' } as const;
      await document({ kind: 'changeTender', id: random.id(), ...what }, 'tenderChange');
    },
    /** 挂失 or 换卡 of a villager's card, mostly of the newest; a greedy one tries it with an older one too. */
    reportCard: async (villager: Villager): Promise<void> => {
      if (!(await ready())) return;
      const { member, cards } = villager;
      const { card } = random.chance(700) ? (cards.at(-1) ?? villager) : random.pick(cards);
      const blank = random.chance(600) ? cardToken(random.between(10_000, 99_999_999)) : null;
      const id = random.id();
      const answer = await document({ kind: 'reportCard', id, member, card, blank, approval: null }, 'cardChange');
      if (answer !== 'lost' && answer.kind === 'done' && blank !== null) cards.push({ card: id, token: blank });
    },
    /** The manager's work: a delivery, a price, a count, waste, cash, the end of a shift. */
    manage: async (): Promise<void> => {
      if (!(await ready())) return;
      const { id: item, priceFen } = random.pick(GOODS);
      const id = random.id();
      switch (random.below(6)) {
        case 0: {
          const line = { item, quantity: random.between(1, 50), cases: null, caseFactor: null, costFen: 100 };
          const lines = [{ ...line, producedOn: null, shelfLifeDays: null }];
          await send({ kind: 'receiveGoods', id, supplier: '供应商', lines });
          return;
        }
        case 1: {
          const raised = priceFen + random.between(-20, 20);
          const price = { item, which: 'shelf', priceFen: raised, fromDay: null, toDay: null } as const;
          await send({ kind: 'changePrice', id, ...price });
          return;
        }
        case 2:
          await send({ kind: 'countStock', id, lines: [{ item, expected: 10, counted: random.between(0, 20) }] });
          return;
        case 3:
          await send({ kind: 'recordWaste', id, reason: 'broken', lines: [{ item, quantity: 1 }] });
          return;
        case 4: {
          const amountFen = random.between(1, 5_000);
          await send({ kind: 'moveCash', id, direction: random.pick(['in', 'out']), amountFen, reason: 'change' });
          return;
        }
        default: {
          const shift = (await machine.screen())?.shift;
          if (shift === null || shift === undefined) return;
          await send({ kind: 'startCloseShift' });
          await send({ kind: 'closeShift', shift: shift.id, countedFen: random.between(0, 50_000) });
        }
      }
    },
    /** A code for the till's present incarnation, typed in by the manager. */
    enrol: async (code: string): Promise<void> => {
      for (let tries = 0; tries < 4; tries += 1) {
        if (!machine.isOn()) await machine.boot();
        const enrol = { kind: 'enrol', code, managerName: '店长', managerPin: MANAGER_PIN } as const;
        if (await isDone(enrol)) return;
      }
    },
    stockShelves: async (): Promise<void> => {
      for (const { id, code, name, category, per, priceFen } of GOODS) {
        const sort = { per, plu: per === 'piece' ? null : code, unit: per === 'piece' ? '个' : '斤', spec: '' };
        const price = { priceFen, clearanceFen: null, promotion: null, costFen: null, discountable: true };
        const item = { id, code, name, category, ...sort, ...price, lowStock: null, shelfLifeDays: null, initials: '' };
        await send({ kind: 'saveItem', id: random.id(), item });
      }
    },
  };
}

export type Hands = ReturnType<typeof createHands>;
