import { cards, goods, scan } from '../../electron/core/test-core.ts';
import { newId } from '../../electron/host-world.ts';
import type { Answer, Command, Screen } from '../../shared/till-contract.ts';
import type { Chance } from './chance.ts';

/** A fact that the till acknowledged: whatever happens to the machine, the journal holds it exactly once. */
export type Acknowledged = Readonly<{
  kind: 'sale' | 'refund' | 'exchange' | 'tenderChange' | 'cardChange' | 'goodsIn' | 'count' | 'cashMove' | 'saleVoid';
  /** The record's own id; a voided sale is known by the sale's. */
  id: string;
  /** What the receipt said, where there is one. */
  totalFen: number | null;
  points: number | null;
  number: string | null;
}>;

/** What stands on the counter, in what a customer would notice. */
export type Counter = Readonly<{
  sale: string;
  lines: readonly string[];
  member: boolean;
  paying: boolean;
  /** Whether money was asked for in part by points: the wish as it stands. */
  wish: string;
  held: readonly string[];
}>;

const EMPTY = { sale: '', lines: [], member: false, paying: false, wish: '' } as const;

/** A paid sale is off the counter: what stands there is the next one, still empty. */
export function counterOf(screen: Screen): Counter {
  const { sale, pay } = screen;
  const held = screen.held.map((one) => one.sale).sort();
  if (screen.phase === 'paid' || (sale.lines.length === 0 && sale.member === null)) return { ...EMPTY, held };
  return {
    sale: sale.id,
    lines: sale.lines.map((line) => `${line.item} ${line.quantity} ${line.payFen}`),
    member: sale.member !== null,
    paying: pay !== null,
    wish: pay === null ? '' : `${pay.wish} ${pay.pointsUsed}`,
    held,
  };
}

/** A cashier who sells, takes back, exchanges, puts right and restocks as a seed says, and remembers what the till acknowledged. */
export class Cashier {
  readonly acknowledged: Acknowledged[] = [];
  readonly #chance: Chance;
  readonly #receipts: string[] = [];

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** The next thing to do at a counter that looks like this. */
  next(screen: Screen): Command {
    const chance = this.#chance;
    if (screen.phase === 'paid') return chance.percent(60) ? { kind: 'nextSale' } : this.#scan();
    if (screen.phase === 'paying') {
      if (chance.percent(25) && (screen.pay?.pointsMax ?? 0) > 1 && screen.pay?.wish === 'none')
        return { kind: 'setPoints', points: 1 };
      return chance.percent(92) ? { kind: 'pay', sale: screen.sale.id } : { kind: 'leavePay' };
    }
    if (screen.sale.lines.length === 0) {
      const dice = chance.below(100);
      const held = screen.held[0];
      if (held !== undefined && dice < 40) return { kind: 'recall', sale: held.sale };
      if (dice < 10) return this.#restock();
      if (dice < 14) return this.#count(screen);
      if (dice < 18)
        return { kind: 'moveCash', id: newId(), direction: 'in', amountFen: 1 + chance.below(999), reason: 'coins' };
      if (dice < 30 && this.#receipts.length > 0) return this.#refund();
      if (dice < 36 && this.#receipts.length > 0) return this.#exchange();
      if (dice < 43 && this.#receipts.length > 0) return this.#changeTender();
      if (dice < 46) return this.#reportCard();
      return this.#scan();
    }
    const dice = chance.below(100);
    if (dice < 35) return { kind: 'startPay' };
    if (dice < 50 && screen.sale.member === null) return scan(cards.good, 'card');
    if (dice < 56 && screen.held.length < 2) return { kind: 'hold' };
    if (dice < 60) return { kind: 'voidSale', reason: 'test' };
    if (dice < 66 && screen.sale.lines.length > 1) return { kind: 'deleteLine', line: 0 };
    return this.#scan();
  }

  /** Hears what became of a command; `before` is the screen that it was given at, `after` the one that it left. */
  heard(command: Command, answer: Answer, before: Screen, after: Screen): void {
    if (answer.kind === 'refused') return;
    const plain = { totalFen: null, points: null, number: null };
    switch (command.kind) {
      case 'pay':
        if (after.paid === null) return;
        this.#receipts.push(after.paid.receipt.number);
        this.acknowledged.push({
          kind: 'sale',
          id: command.sale,
          totalFen: before.sale.totalFen,
          points: after.paid.pointsUsed,
          number: after.paid.receipt.number,
        });
        return;
      case 'refund':
        this.acknowledged.push({ ...plain, kind: 'refund', id: command.id });
        return;
      case 'exchange':
        this.acknowledged.push({ ...plain, kind: 'exchange', id: command.id });
        return;
      case 'changeTender':
        this.acknowledged.push({ ...plain, kind: 'tenderChange', id: command.id });
        return;
      case 'reportCard':
        this.acknowledged.push({ ...plain, kind: 'cardChange', id: command.id });
        return;
      case 'receiveGoods':
        this.acknowledged.push({ ...plain, kind: 'goodsIn', id: command.id });
        return;
      case 'countStock':
        this.acknowledged.push({ ...plain, kind: 'count', id: command.id });
        return;
      case 'moveCash':
        this.acknowledged.push({ ...plain, kind: 'cashMove', id: command.id });
        return;
      case 'voidSale':
        this.acknowledged.push({ ...plain, kind: 'saleVoid', id: before.sale.id });
        return;
      default:
    }
  }

  #scan(): Command {
    return scan(this.#chance.pick([goods.bread, goods.bread, goods.salt, goods.smoke]).code);
  }

  #refund(): Command {
    return {
      kind: 'refund',
      id: newId(),
      receipt: this.#chance.pick(this.#receipts.slice(-20)),
      lines: [{ line: 0, quantity: 1, goods: this.#chance.percent(80) ? 'shelf' : 'waste' }],
      reason: 'quality',
      approval: null,
    };
  }

  #exchange(): Command {
    return {
      kind: 'exchange',
      id: newId(),
      receipt: this.#chance.pick(this.#receipts.slice(-20)),
      lines: [{ line: 0, quantity: 1, goods: this.#chance.percent(20) ? 'shelf' : 'waste' }],
      reason: 'quality',
      approval: null,
    };
  }

  /** Mostly of the sale just made; half of the times what was cash was a phone's money after all. */
  #changeTender(): Command {
    const receipt = this.#chance.pick(this.#receipts.slice(-3));
    const mobileFen = this.#chance.percent(50) ? 100 : this.#chance.below(200);
    return { kind: 'changeTender', id: newId(), receipt, mobileFen, channel: 'wechat' };
  }

  /** Of a card that nobody shows here. */
  #reportCard(): Command {
    return { kind: 'reportCard', id: newId(), member: 'member-kin', card: 'card-kin', blank: null, approval: null };
  }

  #restock(): Command {
    const { id } = this.#chance.pick([goods.bread, goods.salt]);
    const quantity = 1 + this.#chance.below(20);
    const line = { item: id, quantity, cases: null, caseFactor: null, costFen: null, producedOn: null };
    return { kind: 'receiveGoods', id: newId(), supplier: '', lines: [{ ...line, shelfLifeDays: null }] };
  }

  #count(screen: Screen): Command {
    const counted = this.#chance.below(50);
    return {
      kind: 'countStock',
      id: newId(),
      lines: [{ item: goods.smoke.id, expected: screen.held.length, counted }],
    };
  }
}
