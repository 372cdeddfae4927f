import type { Item, Per } from '../../../shared/item.ts';

/** An item as its table holds it. */
export type ItemRow = {
  id: string;
  code: string;
  name: string;
  category: string;
  spec: string;
  unit: string;
  per: string;
  plu: string | null;
  price_fen: number | null;
  clearance_fen: number | null;
  promotion_fen: number | null;
  promotion_from: string | null;
  promotion_to: string | null;
  cost_fen: number | null;
  discountable: number;
  low_stock: number | null;
  shelf_life_days: number | null;
  initials: string;
};

/** The columns of the table, in its order. */
export const ITEM_COLUMNS = [
  'id',
  'code',
  'name',
  'category',
  'spec',
  'unit',
  'per',
  'plu',
  'price_fen',
  'clearance_fen',
  'promotion_fen',
  'promotion_from',
  'promotion_to',
  'cost_fen',
  'discountable',
  'low_stock',
  'shelf_life_days',
  'initials',
] as const satisfies readonly (keyof ItemRow)[];

export function itemFromRow(row: ItemRow): Item {
  return {
    id: row.id,
    code: row.code,
    name: row.name,
    category: row.category,
    spec: row.spec,
    unit: row.unit,
    per: row.per as Per,
    plu: row.plu,
    priceFen: row.price_fen,
    clearanceFen: row.clearance_fen,
    promotion:
      row.promotion_fen === null
        ? null
        : { priceFen: row.promotion_fen, fromDay: row.promotion_from ?? '', toDay: row.promotion_to ?? '' },
    costFen: row.cost_fen,
    discountable: row.discountable === 1,
    lowStock: row.low_stock,
    shelfLifeDays: row.shelf_life_days,
    initials: row.initials,
  };
}

export function itemToRow(item: Item): ItemRow {
  return {
    id: item.id,
    code: item.code,
    name: item.name,
    category: item.category,
    spec: item.spec,
    unit: item.unit,
    per: item.per,
    plu: item.plu,
    price_fen: item.priceFen,
    clearance_fen: item.clearanceFen,
    promotion_fen: item.promotion?.priceFen ?? null,
    promotion_from: item.promotion?.fromDay ?? null,
    promotion_to: item.promotion?.toDay ?? null,
    cost_fen: item.costFen,
    discountable: item.discountable ? 1 : 0,
    low_stock: item.lowStock,
    shelf_life_days: item.shelfLifeDays,
    initials: item.initials,
  };
}
