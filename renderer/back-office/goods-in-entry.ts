import type { Per } from '../../shared/item.ts';
import { multiply, parseYuan } from '../../shared/money.ts';
import { parseQuantity } from '../../shared/quantity.ts';
import type { Command } from '../../shared/till-contract.ts';
import { parseDay, parseWhole } from './entry.ts';

/** One line of goods in as it stands on the page: what a person typed, not yet read. */
export type GoodsInLine = Readonly<{
  key: string;
  item: string;
  code: string;
  name: string;
  spec: string;
  unit: string;
  per: Per;
  cases: string;
  caseFactor: string;
  quantity: string;
  cost: string;
  producedOn: string;
  shelfLife: string;
}>;

export type ReceivedLine = Extract<Command, { kind: 'receiveGoods' }>['lines'][number];

/** What a line says, or the first field that does not say anything yet. */
export type ReadLine =
  | Readonly<{ kind: 'line'; line: ReceivedLine }>
  | Readonly<{ kind: 'incomplete'; field: 'quantity' | 'cases' | 'cost' | 'producedOn' | 'shelfLife' }>;

const QUANTITY_MAX = 10_000_000;

/** Cases, where given, decide the quantity; otherwise it is the one typed. Costs, dates and shelf life may stay empty. */
export function readGoodsInLine(entry: GoodsInLine): ReadLine {
  const isByCase = entry.per === 'piece' && (entry.cases.trim() !== '' || entry.caseFactor.trim() !== '');
  const cases = isByCase ? parseWhole(entry.cases) : null;
  const caseFactor = isByCase ? parseWhole(entry.caseFactor) : null;
  if (isByCase && (cases === null || caseFactor === null || cases < 1 || caseFactor < 1)) {
    return { kind: 'incomplete', field: 'cases' };
  }
  const quantity =
    cases !== null && caseFactor !== null ? multiply(cases, caseFactor) : parseQuantity(entry.quantity, entry.per);
  if (quantity === null || quantity > QUANTITY_MAX) return { kind: 'incomplete', field: 'quantity' };
  const costFen = entry.cost.trim() === '' ? null : parseYuan(entry.cost);
  if (entry.cost.trim() !== '' && costFen === null) return { kind: 'incomplete', field: 'cost' };
  const producedOn = entry.producedOn.trim() === '' ? null : parseDay(entry.producedOn);
  if (entry.producedOn.trim() !== '' && producedOn === null) return { kind: 'incomplete', field: 'producedOn' };
  const shelfLifeDays = entry.shelfLife.trim() === '' ? null : parseWhole(entry.shelfLife);
  if (entry.shelfLife.trim() !== '' && (shelfLifeDays === null || shelfLifeDays > 3650)) {
    return { kind: 'incomplete', field: 'shelfLife' };
  }
  return {
    kind: 'line',
    line: { item: entry.item, quantity, cases, caseFactor, costFen, producedOn, shelfLifeDays },
  };
}
