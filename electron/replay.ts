import { parse } from 'csv-parse/sync';
import type { Item } from '../shared/item.ts';
import { parseYuan } from '../shared/money.ts';
import { parseQuantity } from '../shared/quantity.ts';
import type { Answer, Command, Screen } from '../shared/till-contract.ts';
import { currentScreen, type TillClient } from './till-client.ts';

/**
 * Rings up a file of another shop's scans by the commands a cashier's hands give. Its times only say which scans made
 * one sale; the records carry today's clock.
 */
export type Scan = Readonly<{
  /** The line of the file, the heading being line 1. */
  row: number;
  atMs: number;
  code: string;
  name: string;
  category: string;
  unit: string;
  per: 'piece' | 'kg';
  /** Pieces or grams. */
  quantity: number;
  priceFen: number;
  discounted: boolean;
}>;

export type ReadScans = Readonly<{
  scans: readonly Scan[];
  rejected: readonly Readonly<{ row: number; reason: string }>[];
}>;

/** Two scans this far apart belong to two customers. */
const SALE_GAP_MS = 20_000;

/** Goods sold by the piece say so in their name; all others were weighed, in kilograms. */
const PIECE_UNIT = /[(（]小?(份|袋|盒|包)[)）]/;

const COLUMNS = ['timestamp', 'item_code', 'item_name', 'category', 'quantity', 'unit_price_yuan', 'discounted'];

/** Reads the scans; rows that are no sale are named, with the reason, and left out. Null when columns are missing. */
export function readScans(text: string): ReadScans | null {
  const rows = parse(text, { columns: true, bom: true, skip_empty_lines: true, trim: true, relax_column_count: true });
  const [first] = rows as Readonly<Record<string, string | undefined>>[];
  if (first === undefined || COLUMNS.some((column) => !(column in first))) return null;
  const scans: Scan[] = [];
  const rejected: { row: number; reason: string }[] = [];
  for (const [index, fields] of (rows as Readonly<Record<string, string | undefined>>[]).entries()) {
    const scan = scanOf(fields, index + 2);
    if (typeof scan === 'string') rejected.push({ row: index + 2, reason: scan });
    else scans.push(scan);
  }
  return { scans, rejected };
}

function scanOf(fields: Readonly<Record<string, string | undefined>>, row: number): Scan | string {
  const text = (column: string): string => fields[column] ?? '';
  const name = text('item_name');
  const pieceUnit = PIECE_UNIT.exec(name)?.[1];
  const per = pieceUnit === undefined ? 'kg' : 'piece';
  // Times carry no zone, and only their distances count.
  const atMs = Date.parse(`${text('timestamp').replace(' ', 'T')}Z`);
  const quantity = parseQuantity(text('quantity').replace(/\.0+$/, ''), per);
  const priceFen = parseYuan(text('unit_price_yuan'));
  if (text('type') !== '' && text('type') !== '销售') return 'notASale';
  if (text('item_code') === '' || name === '') return 'noItem';
  if (Number.isNaN(atMs)) return 'wrongTime';
  if (quantity === null) return 'wrongQuantity';
  if (priceFen === null || priceFen === 0) return 'wrongPrice';
  return {
    row,
    atMs,
    code: text('item_code'),
    name,
    category: text('category'),
    unit: pieceUnit ?? '公斤',
    per,
    quantity,
    priceFen,
    discounted: text('discounted') === '是',
  };
}

/** Scans closer than 20 s make one sale. */
export function groupScans(scans: readonly Scan[]): Scan[][] {
  const sales: Scan[][] = [];
  let beforeMs = Number.NEGATIVE_INFINITY;
  for (const scan of scans) {
    const sale = sales.at(-1);
    if (sale === undefined || Math.abs(scan.atMs - beforeMs) >= SALE_GAP_MS) sales.push([scan]);
    else sale.push(scan);
    beforeMs = scan.atMs;
  }
  return sales;
}

type PriceChange = Readonly<{ which: 'shelf' | 'clearance'; priceFen: number | null }>;

/**
 * The price changes after which an item sells at a row's price: a lower price of a discounted row is a clearance price,
 * any other price is the shelf's, and a clearance that has ended is taken off first.
 */
export function priceChangesFor(
  item: Readonly<Pick<Item, 'priceFen' | 'clearanceFen'>>,
  row: Readonly<Pick<Scan, 'priceFen' | 'discounted'>>,
): PriceChange[] {
  if (row.discounted && item.priceFen !== null && row.priceFen < item.priceFen) {
    return item.clearanceFen === row.priceFen ? [] : [{ which: 'clearance', priceFen: row.priceFen }];
  }
  const changes: PriceChange[] = [];
  if (item.clearanceFen !== null) changes.push({ which: 'clearance', priceFen: null });
  if (item.priceFen !== row.priceFen) changes.push({ which: 'shelf', priceFen: row.priceFen });
  return changes;
}

export type ReplayReport = Readonly<{
  sales: number;
  lines: number;
  totalFen: number;
  pointsSpent: number;
  journalHead: string;
}>;

export type Replayed =
  | Readonly<{ kind: 'replayed'; report: ReplayReport }>
  /** The command that was refused, with the row of the file that it came from. */
  | Readonly<{ kind: 'refused'; command: Command['kind']; reason: string; row: number }>;

export type ReplayHands = Readonly<{
  newId: () => string;
  /** The demo manager both sells and changes prices. */
  managerPin: string;
  /** Card tokens, presented in turn at every third sale. */
  cards: readonly string[];
  /** Called after each sale, with how many are done. */
  progress?: (sales: number) => void;
}>;

/** Thrown inside a replay to leave it at the first refusal; `replay` turns it into its answer. */
class Refused extends Error {
  readonly command: Command['kind'];
  readonly reason: string;

  constructor(command: Command['kind'], reason: string) {
    super(`${command}: ${reason}`);
    this.command = command;
    this.reason = reason;
  }
}

/** Rings up every sale, one after the other, and answers what the ledger holds of them. */
export async function replay(client: TillClient, scans: readonly Scan[], hands: ReplayHands): Promise<Replayed> {
  const send = async (command: Command, allow: readonly string[] = []): Promise<Answer> => {
    const answer = await client.send(command);
    if (answer.kind === 'refused' && !allow.includes(answer.reason)) throw new Refused(command.kind, answer.reason);
    return answer;
  };
  const shelf = shelfOf(client, send, hands);
  const sums = { sales: 0, lines: 0, totalFen: 0, pointsSpent: 0 };
  let row = 0;
  try {
    await takePlace(client, send, hands);
    for (const [index, sale] of groupScans(scans).entries()) {
      for (const scan of sale) {
        row = scan.row;
        const item = await shelf.priced(scan);
        await ringUp(send, item, scan);
      }
      if (index % 3 === 2) await presentCard(send, hands, Math.floor(index / 3));
      const paid = await payExactly(client, send);
      sums.sales += 1;
      sums.lines += sale.length;
      sums.totalFen += paid.receipt.totalFen;
      sums.pointsSpent += paid.pointsUsed;
      hands.progress?.(sums.sales);
    }
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', command: error.command, reason: error.reason, row };
    throw error;
  }
  const { headHash } = await client.verify();
  return { kind: 'replayed', report: { ...sums, journalHead: headHash } };
}

type Send = (command: Command, allow?: readonly string[]) => Promise<Answer>;

/** Signs the manager in, opens a shift where none is, and puts aside a sale that an earlier replay left behind. */
async function takePlace(client: TillClient, send: Send, hands: ReplayHands): Promise<void> {
  let screen = await currentScreen(client);
  if (screen.phase === 'paying') await send({ kind: 'leavePay' });
  if (screen.phase === 'paid') await send({ kind: 'nextSale' });
  if (screen.operator !== null && screen.operator.role !== 'manager') await send({ kind: 'signOut' });
  if (screen.operator?.role !== 'manager') await send({ kind: 'signIn', pin: hands.managerPin });
  screen = await currentScreen(client);
  if (screen.shift === null) {
    await send({ kind: 'openShift', shift: hands.newId(), floatFen: screen.carriedFloatFen });
  }
  screen = await currentScreen(client);
  if (screen.sale.lines.length > 0) await send({ kind: 'voidSale', reason: 'replay' });
  else if (screen.sale.member !== null) await send({ kind: 'removeMember' });
}

/** What the shop knows of the scanned items, asked for once and kept in step with the changes made here. */
function shelfOf(client: TillClient, send: Send, hands: ReplayHands) {
  const known = new Map<string, Item>();
  const find = async (code: string): Promise<Item | null> => {
    const found = (await client.search({ text: code, limit: 20 })).find((one) => one.code === code);
    return found === undefined ? null : ((await client.item({ item: found.item }))?.item ?? null);
  };
  return {
    /** The item of a row, made or priced first where the shop has it otherwise. */
    async priced(scan: Scan): Promise<Item> {
      let item = known.get(scan.code) ?? (await find(scan.code));
      if (item === null) {
        item = newItem(scan, hands.newId());
        await send({ kind: 'saveItem', id: hands.newId(), item });
      }
      for (const change of priceChangesFor(item, scan)) {
        const days = { fromDay: null, toDay: null };
        await send({ kind: 'changePrice', id: hands.newId(), item: item.id, ...change, ...days });
        item = { ...item, [change.which === 'shelf' ? 'priceFen' : 'clearanceFen']: change.priceFen };
      }
      known.set(scan.code, item);
      return item;
    },
  };
}

function newItem(scan: Scan, id: string): Item {
  return {
    id,
    code: scan.code,
    name: scan.name,
    category: scan.category,
    spec: '',
    unit: scan.unit,
    per: scan.per,
    plu: null,
    priceFen: scan.priceFen,
    clearanceFen: null,
    promotion: null,
    costFen: null,
    discountable: true,
    lowStock: null,
    shelfLifeDays: null,
    initials: '',
  };
}

async function ringUp(send: Send, item: Item, scan: Scan): Promise<void> {
  if (item.per === 'piece' && scan.quantity > 1) await send({ kind: 'quantityFirst', count: scan.quantity });
  await send({ kind: 'scan', code: scan.code, source: 'scanner' }, item.per === 'piece' ? [] : ['needsWeight']);
  if (item.per !== 'piece') await send({ kind: 'weigh', item: item.id, weightGrams: scan.quantity });
}

/** A card that does not count today leaves the sale at the shelf's prices, as at the counter. */
const CARD_REFUSALS = [
  'cardUnknown',
  'cardLost',
  'cardBlocked',
  'cardReplaced',
  'cardNotActive',
  'cardExpired',
  'memberNotActive',
  'foreignCard',
];

async function presentCard(send: Send, hands: ReplayHands, turn: number): Promise<void> {
  const token = hands.cards[turn % Math.max(1, hands.cards.length)];
  if (token !== undefined) await send({ kind: 'scan', code: token, source: 'card' }, CARD_REFUSALS);
}

async function payExactly(client: TillClient, send: Send): Promise<NonNullable<Screen['paid']>> {
  await send({ kind: 'startPay' });
  await send({ kind: 'setPoints', points: 'max' });
  const paying = await currentScreen(client);
  if (paying.pay === null) throw new Refused('startPay', 'notPaying');
  await send({ kind: 'setCash', amountFen: paying.pay.cashDueFen });
  await send({ kind: 'pay', sale: paying.sale.id });
  const { paid } = await currentScreen(client);
  if (paid === null || paid.sale !== paying.sale.id) throw new Refused('pay', 'notPaying');
  await send({ kind: 'nextSale' });
  return paid;
}
