import { parseCode } from '../../shared/barcode.ts';
import { assertNever } from '../../shared/assert.ts';
import { canonical } from '../../shared/canonical.ts';
import type { ImportReason } from '../../shared/import-reasons.ts';
import { tidyInitials } from '../../shared/initials.ts';
import { PRICE_MAX_FEN, type Item, type Per } from '../../shared/item.ts';
import { halfUpMulDiv, parseYuan } from '../../shared/money.ts';
import { parseQuantity } from '../../shared/quantity.ts';
import {
  codeFault,
  codeForms,
  measuredOtherwise,
  normalCode,
  tidyItem,
  tidyText,
  type Catalogue,
} from './catalogue.ts';
import { initialsOf } from './pinyin.ts';
import { readSheet } from './sheet.ts';
import type { Till } from './till.ts';

/** A row that did not come in: its number in the file, the code as it stands there, and why. */
export type RejectedRow = Readonly<{ row: number; code: string; reason: ImportReason }>;

/** `read` is the sum of the four others. */
export type ImportReport =
  | Readonly<{
      kind: 'imported';
      read: number;
      imported: number;
      updated: number;
      unchanged: number;
      rejected: readonly RejectedRow[];
    }>
  | Readonly<{ kind: 'refused'; reason: 'unreadableFile' | 'noCodeColumn' | 'noNameColumn' | 'empty' }>;

/** Items in one record: a few large records commit quickly, and none grows beyond what the town takes in one piece. */
const ITEMS_PER_RECORD = 400;
/** Rows above the column heads that may hold a title, a date or a shop's name. */
const HEAD_ROWS_MAX = 10;

/**
 * What each column may be called, best name first. Where a list has several of them, such as an international barcode
 * and the shop's own number, a row takes the first that is filled in.
 */
const HEADINGS = {
  code: [
    'barcode',
    '条形码',
    '条码',
    '商品条码',
    '商品条形码',
    '国际条码',
    '条码号',
    'ean',
    'ean13',
    'upc',
    'gtin',
    'code',
    'itemcode',
    'sku',
    '商品编码',
    '商品编号',
    '商品代码',
    '编码',
    '编号',
    '货号',
    '商品货号',
    '自编码',
    '店内码',
    '代码',
  ],
  name: [
    'name',
    '品名',
    '商品名称',
    '名称',
    '商品名',
    '商品',
    '货品名称',
    '货名',
    'itemname',
    'productname',
    'product',
  ],
  category: ['category', '类别', '分类', '商品类别', '商品分类', '类别名称', '分类名称', '品类', '大类'],
  spec: ['spec', '规格', '商品规格', '规格型号', 'specification', 'size'],
  unit: ['unit', '单位', '计量单位', '销售单位', '基本单位'],
  per: ['per', '计价', '计价单位', '计价方式', '计量方式'],
  plu: ['plu', 'plu码', 'plu号', '秤码', '称码', '生鲜码', '电子秤编号'],
  price: [
    'priceyuan',
    'price',
    '售价',
    '零售价',
    '销售价',
    '零售单价',
    '单价',
    '价格',
    '标价',
    '零售价格',
    '销售单价',
    'retailprice',
  ],
  cost: ['costyuan', 'cost', '进价', '成本', '成本价', '进货价', '采购价', '进货单价', 'purchaseprice'],
  weighed: ['weighed', '称重', '是否称重', '称重商品', '计重', '是否计重', '称重标志'],
  initials: ['pinyinmnemonic', 'mnemonic', 'initials', 'pinyin', '助记码', '拼音码', '拼音简码', '简拼', '速记码'],
  discountable: ['discountable', '打折', '可打折', '允许打折', '是否打折', '参与打折', '允许折扣'],
  lowStock: ['lowstock', '库存下限', '最低库存', '安全库存', '低库存'],
  shelfLife: ['shelflifedays', 'shelflife', '保质期', '保质天数', '保质期天', '保质期天数'],
} as const satisfies Record<string, readonly string[]>;
type Column = keyof typeof HEADINGS;
const COLUMNS = Object.keys(HEADINGS) as Column[];

type Columns = Readonly<Record<Column, readonly number[]>>;
type Cells = Readonly<Record<Column, string>>;

/**
 * Takes in a shop's list of goods as it is. Safe to run again: an item is known by its code, an empty cell never erases
 * what the shop already knows, and a row that changes nothing writes nothing. A row that cannot be sold is named with
 * its number and the reason, and stops no other row.
 */
export async function importItems(
  till: Till,
  catalogue: Catalogue,
  file: Readonly<{ fileName: string; bytes: Uint8Array }>,
): Promise<ImportReport> {
  const sheet = await readSheet(file.bytes);
  if (sheet.kind === 'refused') return sheet;
  const head = headOf(sheet.rows);
  if (head.kind === 'refused') return head;
  const rows = sheet.rows
    .map((cells, index) => ({ row: index + 1, cells: cellsOf(cells, head.columns) }))
    .slice(head.row)
    .filter(({ row }) => (sheet.rows[row - 1] ?? []).some((cell) => cell !== ''));
  if (rows.length === 0) return { kind: 'refused', reason: 'empty' };

  const plusInFile = new Set(rows.flatMap(({ cells }) => pluOf(cells, readCode(cells), isWeighed(cells)) ?? []));
  /** What the accepted rows of this file made of an item, by the one form of its code and by its PLU. */
  const accepted = new Map<string, Item>();
  const acceptedPlus = new Map<string, string>();
  const rejected: RejectedRow[] = [];
  let imported = 0;
  let updated = 0;
  let unchanged = 0;
  let batch: Item[] = [];
  const flush = (): void => {
    if (batch.length === 0) return;
    till.record({
      kind: 'itemChange',
      id: till.world.newId(),
      operator: till.operator()?.id ?? null,
      body: { source: 'import', items: batch },
    });
    batch = [];
  };

  for (const [index, { row, cells }] of rows.entries()) {
    if (index > 0 && index % ITEMS_PER_RECORD === 0) {
      flush();
      // Between two records the till goes on ringing up.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const code = readCode(cells);
    const reject = (reason: ImportReason): void => {
      rejected.push({ row, code: tidyText(cells.code, 40), reason });
    };
    const fault = code === '' ? 'noCode' : faultOf(cells, code);
    if (fault !== null) {
      reject(fault);
      continue;
    }
    const key = keyOf(code);
    const earlier = accepted.get(key);
    const before = earlier ?? catalogue.byCode(code);
    const read = itemFromCells(cells, code, before, till.world.newId);
    if (read.kind === 'refused') {
      reject(read.reason);
      continue;
    }
    const { item } = read;
    const isSame = before !== null && canonical(before) === canonical(item);
    if (earlier !== undefined) {
      // Two rows of one code that disagree: nobody but the shop knows which is right, and letting the later one win
      // would change the price to and fro at every run. The first stands, the other is named.
      if (isSame) unchanged += 1;
      else reject('duplicateRow');
      continue;
    }
    if (item.plu !== null) {
      const holder = acceptedPlus.get(item.plu) ?? catalogue.byPlu(item.plu)?.id ?? item.id;
      if (holder !== item.id) {
        reject('duplicatePlu');
        continue;
      }
    }
    if (before === null && collidesWithLabel(till, catalogue, plusInFile, code)) {
      reject('labelCollision');
      continue;
    }
    if (before !== null && measuredOtherwise(before, item) && catalogue.hasMoved(item.id)) {
      reject('unitChanged');
      continue;
    }
    accepted.set(key, item);
    if (item.plu !== null) acceptedPlus.set(item.plu, item.id);
    if (isSame) unchanged += 1;
    else {
      batch.push(item);
      if (before === null) imported += 1;
      else updated += 1;
    }
  }
  flush();
  return { kind: 'imported', read: rows.length, imported, updated, unchanged, rejected };
}

/** Finds the row of column heads: a list may begin with a title. */
function headOf(
  rows: readonly (readonly string[])[],
): { kind: 'head'; row: number; columns: Columns } | { kind: 'refused'; reason: 'noCodeColumn' | 'noNameColumn' } {
  let reason: 'noCodeColumn' | 'noNameColumn' = 'noCodeColumn';
  for (const [index, cells] of rows.slice(0, HEAD_ROWS_MAX).entries()) {
    const headings = cells.map(normalHeading);
    const columnsOf = (column: Column): number[] =>
      HEADINGS[column].map((heading) => headings.indexOf(heading)).filter((position) => position >= 0);
    const columns = Object.fromEntries(COLUMNS.map((column) => [column, columnsOf(column)])) as Record<
      Column,
      number[]
    >;
    const hasCode = columns.code.length > 0;
    const hasName = columns.name.length > 0;
    if (hasCode && hasName) return { kind: 'head', row: index + 1, columns };
    if (hasCode) reason = 'noNameColumn';
  }
  return { kind: 'refused', reason };
}

/** '售价（元）' and ' Price_Yuan' as the list of headings spells them. */
function normalHeading(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\([^)]*\)|\[[^\]]*\]|【[^】]*】/g, '')
    .replace(/[\s_\-*:./\\\ufeff]+/g, '');
}

function cellsOf(cells: readonly string[], columns: Columns): Cells {
  const valueOf = (column: Column): string =>
    columns[column].map((position) => filled(cells[position])).find((value) => value !== '') ?? '';
  return Object.fromEntries(COLUMNS.map((column) => [column, valueOf(column)])) as Record<Column, string>;
}

/** What programs write into a cell that holds nothing counts as nothing. */
function filled(cell: string | undefined): string {
  const text = cell ?? '';
  return /^(?:-+|—+|\/|无|null|none|n\/a|#n\/a|nan)$/i.test(text) ? '' : text;
}

/** The code without what spreadsheets put around it: ="0690…", '0690… and the .0 of a number. */
function readCode(cells: Cells): string {
  const plain = cells.code
    .normalize('NFKC')
    .replace(/^="?([^"]*)"?$/, '$1')
    .replace(/^['"`]+|['"`]+$/g, '')
    .replace(/^(\d+)\.0+$/, '$1');
  const code = normalCode(expandedCode(plain) ?? plain);
  // A sheet drops the zeros before the number of a weighed article; the scale has five places for it.
  return /^\d{1,4}$/.test(code) && isWeighed(cells) ? code.padStart(5, '0') : code;
}

/** '6.901234567892E+12' as its digits when all of them are there; null for anything else. */
function expandedCode(text: string): string | null {
  const match = SCIENTIFIC.exec(text);
  if (match === null) return null;
  const digits = `${match[1] ?? ''}${match[2] ?? ''}`;
  return digits.length === Number(match[3]) + 1 ? digits : null;
}

const SCIENTIFIC = /^(\d)(?:\.(\d+))?e\+?(\d{1,2})$/i;

/** The code as one key for all forms of an article's number. */
function keyOf(code: string): string {
  return codeForms(code).reduce((shortest, form) => (form.length < shortest.length ? form : shortest));
}

/** What makes a row useless whatever the shop already knows. */
function faultOf(cells: Cells, code: string): ImportReason | null {
  if (SCIENTIFIC.test(code)) return 'digitsLost';
  const fault = codeFault(code);
  if (fault !== null) return fault;
  if (tidyText(cells.name, 100) === '') return 'noName';
  return cells.price !== '' && readPrice(cells.price) === null ? 'badPrice' : null;
}

/** Fen from 0 up; null when it is no price. A thousand's comma is part of how a sheet shows a number. */
function readPrice(text: string): number | null {
  const plain = /^\D?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text) ? text.replaceAll(',', '') : text;
  const fen = parseYuan(plain);
  return fen !== null && fen <= PRICE_MAX_FEN ? fen : null;
}

/** A cost may have more decimals than money has (a case's price shared out); it is rounded to fen. Null when none. */
function readCost(text: string): number | null {
  const match = /^(\d{1,7})(?:\.(\d{1,8}))?\d*$/.exec(text.replaceAll(',', '').replace(/^[¥￥]/, ''));
  if (match === null) return null;
  const decimals = match[2] ?? '';
  const fen = halfUpMulDiv(Number((match[1] ?? '') + decimals), 100, 10 ** decimals.length);
  return fen <= PRICE_MAX_FEN ? fen : null;
}

/** Yes, no, or nothing said. */
function readFlag(text: string): boolean | null {
  if (/^(?:1|y|yes|true|t|是|√|✓|对|可|可以|允许|称重|计重|打折)$/i.test(text)) return true;
  return /^(?:0|n|no|false|f|否|×|x|不|不可|不允许|不称重|计件|不打折)$/i.test(text) ? false : null;
}

/** Days of '365', '365天', '12个月' or '1年'; null when it is none. */
function readDays(text: string): number | null {
  const match = /^(\d{1,4})(?:\.0+)?\s*(天|日|d|days?|个月|月|m|months?|年|y|years?)?$/i.exec(text.normalize('NFKC'));
  if (match === null) return null;
  const unit = (match[2] ?? '天').toLowerCase();
  const factor = /^[年y]/.test(unit) ? 365 : /^[个月m]/.test(unit) ? 30 : 1;
  const days = Number(match[1]) * factor;
  return days <= 3650 ? days : null;
}

/** Pieces or grams; 0 is a level of its own. Null when it is none. */
function readLowStock(text: string, per: Per): number | null {
  return /^0+(?:\.0+)?$/.test(text) ? 0 : parseQuantity(text.replace(/^(\d+)\.0+$/, '$1'), per);
}

function perOfUnit(unit: string): 'kg' | 'jin' | null {
  const plain = unit.normalize('NFKC').trim().toLowerCase();
  if (['kg', '公斤', '千克', '元/kg', '元/公斤'].includes(plain)) return 'kg';
  return ['斤', '市斤', '500g', 'jin', '元/斤'].includes(plain) ? 'jin' : null;
}

/**
 * How the item is priced. A weighed item whose unit is no weight (lists call everything 个) is priced by the kilogram,
 * as scales do. Null when the row says nothing of it.
 */
function readPer(cells: Cells): Per | null {
  const said = cells.per.toLowerCase();
  if (/^(?:piece|pcs|件|个|计件|按件|普通)$/.test(said)) return 'piece';
  const perSaid = perOfUnit(said);
  if (perSaid !== null) return perSaid;
  const weighed = /^(?:称重|计重|按重量|weight)$/.test(said) ? true : readFlag(cells.weighed);
  if (weighed === false) return 'piece';
  if (weighed === true) return perOfUnit(cells.unit) ?? 'kg';
  return cells.unit === '' ? null : (perOfUnit(cells.unit) ?? 'piece');
}

function isWeighed(cells: Cells): boolean {
  const per = readPer(cells);
  return per === 'kg' || per === 'jin';
}

/** The number on the scale's label: its own column, or the code of five digits that a weighed item has. */
function pluOf(cells: Cells, code: string, weighed: boolean): string | null {
  const plu = normalCode(cells.plu).replace(/\.0+$/, '');
  if (/^\d{1,8}$/.test(plu)) return plu.padStart(5, '0');
  return weighed && /^\d{5}$/.test(code) ? code : null;
}

/**
 * Whether the tills would take the article's own number for a label of the scale: the digits after its prefix are the
 * PLU of goods that the shop weighs, and a label is tried before an article.
 */
function collidesWithLabel(till: Till, catalogue: Catalogue, plusInFile: ReadonlySet<string>, code: string): boolean {
  return parseCode(code, { scaleLabels: till.policy().scaleLabels, today: till.businessDay() }).readings.some(
    (reading) =>
      reading.kind === 'scaleLabel' && (plusInFile.has(reading.plu) || catalogue.byPlu(reading.plu) !== null),
  );
}

/** The item as the row and what was known before make it: what the row leaves open stays as it was. */
function itemFromCells(
  cells: Cells,
  code: string,
  before: Item | null,
  newId: () => string,
): { kind: 'item'; item: Item } | { kind: 'refused'; reason: ImportReason } {
  const per = readPer(cells) ?? before?.per ?? 'piece';
  const priceFen = readPrice(cells.price);
  const name = tidyText(cells.name, 100);
  const mnemonic = tidyInitials(cells.initials);
  const item = tidyItem({
    id: before?.id ?? newId(),
    code: before?.code ?? code,
    name,
    category: cells.category === '' ? (before?.category ?? '') : cells.category,
    spec: cells.spec === '' ? (before?.spec ?? '') : cells.spec,
    unit: unitOf(cells.unit === '' ? (before?.unit ?? '') : cells.unit, per),
    per,
    plu: pluOf(cells, code, per !== 'piece') ?? before?.plu ?? null,
    // A price of nothing is a price that nobody has set.
    priceFen: priceFen === null || priceFen === 0 ? (before?.priceFen ?? null) : priceFen,
    clearanceFen: before?.clearanceFen ?? null,
    promotion: before?.promotion ?? null,
    // A helpful number that cannot be read is no reason not to sell the goods.
    costFen: readCost(cells.cost) ?? before?.costFen ?? null,
    discountable: readFlag(cells.discountable) ?? before?.discountable ?? true,
    lowStock: readLowStock(cells.lowStock, per) ?? before?.lowStock ?? null,
    shelfLifeDays: readDays(cells.shelfLife) ?? before?.shelfLifeDays ?? null,
    initials: initialsFor(name, mnemonic, before),
  });
  if (item.plu !== null && !/^\d{5,8}$/.test(item.plu)) return { kind: 'refused', reason: 'badCode' };
  return { kind: 'item', item };
}

/** Goods priced by weight carry the unit of their price, so that a shelf label never says so much for one 个. */
function unitOf(unit: string, per: Per): string {
  switch (per) {
    case 'piece':
      return unit;
    case 'kg':
      return perOfUnit(unit) === 'kg' ? unit : 'kg';
    case 'jin':
      return perOfUnit(unit) === 'jin' ? unit : '斤';
    default:
      return assertNever(per);
  }
}

/**
 * The list's own mnemonic first, since the cashiers know it, then every reading of the name. What a manager made of the
 * initials since stays, as long as the name and the mnemonic are still the same.
 */
function initialsFor(name: string, mnemonic: string, before: Item | null): string {
  const known = before === null ? [] : before.initials.split(' ');
  const wanted = mnemonic.split(' ').filter((word) => word !== '');
  if (before !== null && before.name === name && before.initials !== '' && wanted.every((word) => known.includes(word)))
    return before.initials;
  return tidyInitials(`${mnemonic} ${initialsOf(name)}`);
}
