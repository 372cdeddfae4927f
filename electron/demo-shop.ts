import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { perSchema } from '../shared/item.ts';
import { maskOf } from '../shared/member.ts';
import { parseYuan } from '../shared/money.ts';
import { unitGrams } from '../shared/quantity.ts';
import type { Command } from '../shared/till-contract.ts';
import type { DemoShop } from './core/world.ts';
import { currentScreen, type TillClient } from './till-client.ts';

/**
 * A demo shop: what `resources/demo` says of its people and shelves, and the commands that bring it into a new till.
 * They are the commands that a manager gives on the first day, so a demo shop has no state that a real one cannot have.
 */
const townSchema = z.object({
  operators: z.array(
    z.object({ id: z.string(), name: z.string(), role: z.enum(['cashier', 'manager']), demoPin: z.string() }),
  ),
  foreignCards: z.array(z.object({ token: z.string(), town: z.string() })),
  members: z.array(
    z.object({
      name: z.string(),
      stars: z.int(),
      standingWish: z.string(),
      state: z.string(),
      cards: z.array(z.object({ token: z.string(), state: z.string(), expiresOn: z.string().nullable() })),
      lots: z.array(z.object({ points: z.int() })),
    }),
  ),
});

const rowSchema = z.object({
  code: z.string(),
  name: z.string(),
  category: z.string(),
  per: perSchema,
  cost_yuan: z.string(),
  initial_stock: z.coerce.number().int().min(0),
});

export type DemoFacts = Readonly<{
  operators: readonly Readonly<{ id: string; name: string; role: 'cashier' | 'manager'; pin: string }>[];
  manager: Readonly<{ name: string; pin: string }>;
  cashier: Readonly<{ name: string; pin: string }>;
  /** Cards that count today, of members with points first: what a replay presents in turn. */
  cards: readonly string[];
  /** For the strip of the demo pages: some that count and one of each kind that does not. */
  strip: DemoShop['cards'];
  itemCodes: readonly string[];
  itemsFile: string;
  rows: readonly z.infer<typeof rowSchema>[];
}>;

export function readDemo(root: string): DemoFacts {
  const folder = join(root, 'resources', 'demo');
  const itemsFile = join(folder, 'items.csv');
  const town = townSchema.parse(JSON.parse(readFileSync(join(folder, 'town.json'), 'utf8')));
  const rows = z.array(rowSchema).parse(parse(readFileSync(itemsFile), { columns: true, bom: true }));
  const operators = town.operators.map(({ id, name, role, demoPin }) => ({ id, name, role, pin: demoPin }));
  const manager = operators.find((one) => one.role === 'manager');
  const cashier = operators.find((one) => one.role === 'cashier');
  if (manager === undefined || cashier === undefined) throw new Error('the demo town needs a manager and a cashier');
  const counting = town.members.flatMap((member) =>
    member.state !== 'active'
      ? []
      : member.cards
          .filter((card) => card.state === 'active' && card.expiresOn === null)
          .map((card) => ({ token: card.token, ...summary(member) })),
  );
  const cards = [...counting.filter((one) => one.points > 0), ...counting.filter((one) => one.points === 0)];
  return {
    operators,
    manager,
    cashier,
    cards: cards.map((one) => one.token),
    strip: stripOf(town, cards),
    itemCodes: itemCodesOf(rows),
    itemsFile,
    rows,
  };
}

type Town = z.infer<typeof townSchema>;
type Summary = Readonly<{ mask: string; stars: number; points: number; wishesNone: boolean }>;

function summary(member: Town['members'][number]): Summary {
  const points = member.lots.reduce((sum, lot) => sum + lot.points, 0);
  return { mask: maskOf(member.name), stars: member.stars, points, wishesNone: member.standingWish === 'none' };
}

const CARD_WORDS: Readonly<Record<string, string>> = { lost: '已挂失', replaced: '已换卡', blocked: '已停用' };

/** One card of each star level, then one of each kind that is refused, so that a newcomer sees why. */
function stripOf(town: Town, counting: readonly (Summary & { token: string })[]): DemoShop['cards'] {
  const byStars = [5, 4, 3, 2, 1, 0].flatMap((stars) => {
    const level = counting.filter((one) => one.stars === stars);
    // Most members have no standing wish, and a newcomer should see that Enter spends nothing.
    const found = level.find((one) => one.wishesNone) ?? level[0];
    return found === undefined ? [] : [found];
  });
  const refused = Object.entries(CARD_WORDS).flatMap(([state, word]) => {
    const card = town.members.flatMap((member) => member.cards).find((one) => one.state === state);
    return card === undefined ? [] : [{ token: card.token, label: word }];
  });
  const expired = town.members.flatMap((member) => member.cards).find((one) => one.expiresOn !== null);
  return [
    ...byStars.map((one) => ({ token: one.token, label: `${one.mask} ${one.stars}星 ${one.points}分` })),
    ...refused,
    ...(expired === undefined ? [] : [{ token: expired.token, label: '已过期' }]),
    ...town.foreignCards.slice(0, 1).map((one) => ({ token: one.token, label: `外镇卡 ${one.town}` })),
  ];
}

/** Goods that a first basket is made of: pieces of many shelves, then what is weighed, then what no star discounts. */
const PIECE_CATEGORIES = ['粮油', '饮料', '零食', '乳品', '调味', '洗护', '纸品', '饼干糕点', '方便食品'];
const WEIGHED_CATEGORIES = ['蔬菜', '水果', '肉类', '蛋类'];
const EXCLUDED_CATEGORIES = ['烟草', '白酒'];

function itemCodesOf(rows: DemoFacts['rows']): string[] {
  const first = (category: string, weighed: boolean): string[] =>
    rows.filter((row) => row.category === category && (row.per !== 'piece') === weighed).map((row) => row.code);
  return [
    ...PIECE_CATEGORIES.flatMap((category) => first(category, false).slice(0, 1)),
    ...WEIGHED_CATEGORIES.flatMap((category) => first(category, true).slice(0, 1)),
    ...EXCLUDED_CATEGORIES.flatMap((category) => first(category, false).slice(0, 1)),
  ];
}

/** Enough of the shelves in one goods-in record to keep it a few hundred kilobytes. */
const LINES_PER_DELIVERY = 500;

/**
 * Makes a new till the demo shop's: joins the town, takes in the catalogue, receives the first goods, names the
 * operators. Every id is fixed or the import's own, so a set-up that was cut short is finished by doing it again.
 */
export async function furnish(client: TillClient, facts: DemoFacts, enrolmentCode: string | null): Promise<void> {
  const send = async (command: Command): Promise<void> => {
    const answer = await client.send(command);
    if (answer.kind === 'refused') throw new Error(`demo set-up: ${command.kind} was refused: ${answer.reason}`);
  };
  const { manager } = facts;
  if ((await currentScreen(client)).phase === 'enrol') {
    if (enrolmentCode === null) throw new Error('demo set-up: the demo town has no enrolment code left');
    await send({ kind: 'enrol', code: enrolmentCode, managerName: manager.name, managerPin: manager.pin });
  }
  if ((await currentScreen(client)).operator === null) await send({ kind: 'signIn', pin: manager.pin });
  const base64 = readFileSync(facts.itemsFile).toString('base64');
  const imported = await client.importItems({ fileName: 'items.csv', base64 });
  if (imported.kind === 'refused') throw new Error(`demo set-up: the import was refused: ${imported.reason}`);
  const lines = await firstGoods(client, facts);
  for (let from = 0; from < lines.length; from += LINES_PER_DELIVERY) {
    const id = `demo-first-goods-${String(from / LINES_PER_DELIVERY).padStart(3, '0')}`;
    await send({ kind: 'receiveGoods', id, supplier: '开业进货', lines: lines.slice(from, from + LINES_PER_DELIVERY) });
  }
  for (const { id, name, role, pin } of facts.operators) {
    if (role === 'cashier') await send({ kind: 'saveOperator', id, name, role, pin, active: true });
  }
  await send({ kind: 'signOut' });
}

type GoodsLine = Extract<Command, { kind: 'receiveGoods' }>['lines'][number];

async function firstGoods(client: TillClient, facts: DemoFacts): Promise<GoodsLine[]> {
  const itemByCode = new Map<string, string>();
  const limit = 500;
  for (let offset = 0, total = 1; offset < total; offset += limit) {
    const page = await client.stock({ text: '', only: 'all', category: null, offset, limit });
    total = page.total;
    for (const row of page.rows) itemByCode.set(row.code, row.item);
  }
  return facts.rows.flatMap((row) => {
    const item = itemByCode.get(row.code);
    if (item === undefined || row.initial_stock === 0) return [];
    const quantity = row.per === 'piece' ? row.initial_stock : row.initial_stock * unitGrams(row.per);
    const line = { item, quantity, costFen: parseYuan(row.cost_yuan) };
    // Without a production date no batch ever expires: a demo shop is looked at for weeks.
    return [{ ...line, cases: null, caseFactor: null, producedOn: null, shelfLifeDays: null }];
  });
}
