import { planSpend, type HeldLot } from '../../shared/allotment.ts';
import { must } from '../../shared/assert.ts';
import type { Item } from '../../shared/item.ts';
import { policySchema } from '../../shared/policy.ts';
import { priceSale, type SaleLine } from '../../shared/pricing.ts';
import type { SaleBody } from '../../shared/record-bodies.ts';
import policyDefault from '../../resources/policy-default.json' with { type: 'json' };

/** Nobody stands at a till that is measured, so it is never left alone. */
export const benchPolicy = policySchema.parse({ ...policyDefault, operator: { lockAfterMinutes: 0 } });

/** How many lines a sale has, in the shares that a small shop's scans show: half of all customers buy one thing. */
const LINES_OF_SALES = [1, 1, 1, 1, 1, 2, 2, 3, 3, 5] as const;

/** Who shows a card, with the lots that this till holds of theirs. */
export type MadeUpMember = Readonly<{
  id: string;
  card: string;
  village: string;
  stars: number;
  lots: readonly HeldLot[];
}>;

/** The body of the `turn`th sale, priced by the product's own arithmetic and paid in cash behind all points held. */
export function madeUpSale(
  sale: Readonly<{
    turn: number;
    items: readonly Item[];
    member: MadeUpMember | null;
    shift: string;
    /** Receipts of this till, from 1. */
    counter: number;
    receipt: string;
    atMs: number;
    day: string;
  }>,
): SaleBody {
  const { turn, items, member, atMs } = sale;
  const bought = Array.from({ length: LINES_OF_SALES[turn % LINES_OF_SALES.length] ?? 1 }, (_, line) => {
    const item = items[(turn * 7 + line * 1_009) % items.length];
    must(item !== undefined, 'made-up sales sell made-up goods');
    return { item, count: 1 + ((turn + line) % 3) };
  });
  const lines: SaleLine[] = bought.map(({ item, count }) => ({
    per: 'piece',
    count,
    priceFen: item.priceFen ?? 0,
    category: item.category,
    discountable: item.discountable,
  }));
  const spendable = member?.lots.reduce((sum, lot) => sum + lot.points, 0) ?? 0;
  const result = priceSale(
    lines,
    member === null ? null : { stars: member.stars, spendable, spentToday: 0, spentThisMonth: 0 },
    benchPolicy,
    { points: 'max', mobileFen: 0, cashGivenFen: 10_000_000 },
  );
  must(result.kind === 'priced', 'a made-up sale is paid');
  return {
    receipt: sale.receipt,
    counter: sale.counter,
    shift: sale.shift,
    policyVersion: benchPolicy.version,
    catalogueVersion: 1,
    openedAtMs: atMs,
    member:
      member === null
        ? null
        : {
            id: member.id,
            card: member.card,
            village: member.village,
            stars: member.stars,
            how: 'presented',
            known: { spendable, spentToday: 0, spentThisMonth: 0, townPoints: spendable, townAsOfMs: atMs },
          },
    lines: bought.map(({ item }, index) => {
      const price = result.lines[index];
      must(price !== undefined, 'each line has its price');
      const { id, code, name, spec, unit, category, per, discountable } = item;
      const { quantity, shelfFen, payFen, reason, pointsShareFen, moneyShareFen } = price;
      return {
        item: id,
        code,
        name,
        spec,
        unit,
        category,
        per,
        discountable,
        priceFen: item.priceFen ?? 0,
        quantity,
        shelfFen,
        payFen,
        reason,
        pointsShareFen,
        moneyShareFen,
      };
    }),
    pointValueFen: benchPolicy.pointValueFen,
    truncation: { ...benchPolicy.truncation },
    totalFen: result.totalFen,
    pointsMax: result.pointsMax,
    pointsUsed: result.pointsUsed,
    pointsFen: result.pointsFen,
    lots: member === null || result.pointsUsed === 0 ? [] : planSpend(member.lots, result.pointsUsed, sale.day),
    mobileFen: 0,
    mobileChannel: null,
    truncationFen: result.truncationFen,
    cashDueFen: result.cashDueFen,
    cashGivenFen: result.cashDueFen,
    changeFen: 0,
    paidFen: result.paidFen,
  };
}
