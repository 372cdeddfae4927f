import { formatFen } from './money.ts';
import { formatQuantity, formatWeight } from './quantity.ts';
import type { Receipt } from './receipt.ts';
import { clockOf, dateTimeOf, dayOf } from './time.ts';
import { priceReasonWords, rateWords } from './words.ts';

/**
 * A receipt as rows of a fixed width (R-P13): the one layout behind paper, screen and the command line. Widths are in
 * columns of a thermal printer, which has two sorts of character: ASCII takes one column, everything else takes two.
 */

/** Columns of the paper: 58 mm has 32; 80 mm has 48, or 42 on printers with a wider font. */
export type Columns = 32 | 42 | 48;

/** Twice as wide and high when 2. */
export type TextSize = 1 | 2;

export type ReceiptRow =
  | Readonly<{ kind: 'text'; text: string; align: 'left' | 'center' | 'right'; bold: boolean; size: TextSize }>
  /** `left` at the left edge and `right` at the right edge, with a gap of a column or more between them. */
  | Readonly<{ kind: 'pair'; left: string; right: string; bold: boolean; size: TextSize }>
  | Readonly<{ kind: 'rule' }>
  | Readonly<{ kind: 'feed'; lines: number }>
  /** For a scanner, in the middle of the paper; `data` is ASCII and stands in words elsewhere on the receipt. */
  | Readonly<{ kind: 'qr'; data: string }>
  | Readonly<{ kind: 'cut' }>;

type Style = Readonly<{ bold?: boolean; size?: TextSize }>;

/** What every receipt of a demo shop says, so that none can pass for a real one. */
const DEMO_MARK = '模拟·非真实交易';

/** What every slip of practice says, large, at its top and its bottom. */
const PRACTICE_MARK = '练习·不是销售凭证';

/** Columns that `text` takes on paper. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** The rows of a receipt; no row is wider than `columns`, and no text is cut short. */
export function layoutReceipt(receipt: Receipt, columns: Columns): ReceiptRow[] {
  const paper = new Paper(columns);
  head(paper, receipt);
  if (receipt.kind === 'exchange') exchanged(paper, receipt);
  else goods(paper, receipt);
  if (receipt.kind === 'sale') salePayment(paper, receipt);
  if (receipt.kind === 'refund') refundPayment(paper, receipt);
  member(paper, receipt);
  foot(paper, receipt);
  return paper.rows;
}

/** A row as it stands on the paper, padded with spaces; '' for rows without text. A double-size row counts in its own wide columns. */
export function rowText(row: ReceiptRow, columns: Columns): string {
  switch (row.kind) {
    case 'text': {
      const free = columns / row.size - displayWidth(row.text);
      if (row.align === 'left') return row.text;
      return ' '.repeat(row.align === 'right' ? free : Math.floor(free / 2)) + row.text;
    }
    case 'pair': {
      const gap = columns / row.size - displayWidth(row.left) - displayWidth(row.right);
      return row.left + ' '.repeat(gap) + row.right;
    }
    case 'rule':
      return '-'.repeat(columns);
    case 'feed':
    case 'qr':
    case 'cut':
      return '';
  }
}

/** Rows as plain text for a terminal, where every character has one size. */
export function rowsText(rows: readonly ReceiptRow[], columns: Columns): string {
  const lines: string[] = [];
  for (const row of rows) {
    if (row.kind === 'feed' || row.kind === 'qr' || row.kind === 'cut') continue;
    lines.push(rowText(row.kind === 'rule' ? row : { ...row, size: 1 }, columns));
  }
  return `${lines.join('\n')}\n`;
}

function head(paper: Paper, receipt: Receipt): void {
  marks(paper, receipt);
  paper.title(receipt.shopName);
  // The town stands in most addresses already.
  const isTownNamed = receipt.shopAddress.includes(receipt.townName) || receipt.shopName.includes(receipt.townName);
  if (!isTownNamed) paper.center(receipt.townName);
  paper.center(receipt.shopAddress);
  if (receipt.kind !== 'sale') {
    paper.feed(1);
    paper.title(receipt.kind === 'refund' ? '退货单' : '换货单');
  }
  paper.rule();
  if (receipt.kind !== 'exchange') paper.pair('单号', receipt.number);
  paper.pair('时间', dateTimeOf(receipt.atMs));
  paper.pair(`收银台 ${receipt.tillName}`, `收银员 ${receipt.cashier}`);
  if (receipt.original !== null) {
    paper.pair('原单号', receipt.original.number);
    if (receipt.original.reason !== '')
      paper.pair(receipt.kind === 'refund' ? '退货原因' : '换货原因', receipt.original.reason);
  }
  paper.rule();
}

/** Practice, a copy and a demo must not pass for what they are not, wherever the paper is torn. */
export function marks(paper: Paper, slip: Readonly<{ practice: boolean; copy: boolean; demo: boolean }>): void {
  if (slip.practice) paper.title(PRACTICE_MARK);
  if (slip.copy) paper.center('【重打】', { bold: true });
  if (slip.demo) paper.center(`【${DEMO_MARK}】`, { bold: true });
}

type Line = Receipt['lines'][number];

function goods(paper: Paper, receipt: Receipt): void {
  paper.pair(paper.inNameColumn('商品', '数量'), receipt.kind === 'sale' ? '金额' : '退货金额');
  for (const line of receipt.lines) {
    const isMarked = receipt.kind === 'sale' && receipt.member !== null && !line.pointsAllowed;
    const name = isMarked ? `*${line.name}` : line.name;
    const amount = formatFen(line.shelfFen);
    paper.item(name, amountOf(line), amount);
    if (line.payFen !== line.shelfFen) {
      paper.pair(`  ${discountWords(line, receipt.member?.stars ?? null)}`, formatFen(line.payFen - line.shelfFen));
    }
  }
  paper.rule();
}

/** What went out for what came back, and that nothing is owed for it. */
function exchanged(paper: Paper, receipt: Receipt): void {
  paper.pair('换出商品（同款）', '数量');
  for (const line of receipt.lines) {
    const unit = line.per === 'piece' ? line.unit : '';
    paper.pair(line.name, `${formatQuantity(line.quantity, line.per)}${unit}`, { bold: true });
  }
  paper.rule();
  paper.left('同款换新，不收钱、不退钱，积分不变。');
}

/** How much of what at which price; a label that carries only its amount may know no weight. */
function amountOf(line: Line): string {
  if (line.per === 'piece') return `${line.quantity}${line.unit} x ${formatFen(line.priceFen)}`;
  if (line.quantity === 0) return '秤签金额';
  return `${formatWeight(line.quantity, line.per)} x ${formatFen(line.priceFen)}`;
}

function discountWords(line: Line, stars: number | null): string {
  if (line.reason === 'shelf') return '优惠';
  if (line.reason !== 'star') return priceReasonWords[line.reason];
  const rate = line.starRateBp === null ? '' : rateWords(line.starRateBp);
  return [stars === null ? priceReasonWords.star : `${stars}星会员`, rate].filter((word) => word !== '').join(' ');
}

function salePayment(paper: Paper, receipt: Receipt): void {
  paper.pair('件数', String(pieces(receipt.lines)));
  if (receipt.discountFen !== 0) {
    paper.pair('原价合计', formatFen(receipt.shelfFen));
    paper.pair('优惠', formatFen(-receipt.discountFen));
  }
  paper.pair('应付', `￥${formatFen(receipt.totalFen)}`, { bold: true, size: 2 });
  if (receipt.points !== null && receipt.points.used !== 0) {
    paper.pair(`积分抵扣 ${receipt.points.used} 分`, formatFen(-receipt.points.fen));
  }
  // 抹零 is money the shop gave up, so it always has a line of its own (R-P3).
  if (receipt.truncationFen !== 0) paper.pair('抹零', formatFen(-receipt.truncationFen));
  if (receipt.mobile !== null) paper.pair(`手机支付(${receipt.mobile.channel})`, formatFen(receipt.mobile.fen));
  if (receipt.cashDueFen !== 0 || receipt.cashGivenFen !== 0) {
    paper.pair('现金应收', formatFen(receipt.cashDueFen));
    paper.pair('实收现金', formatFen(receipt.cashGivenFen));
    paper.pair('找零', `￥${formatFen(receipt.changeFen)}`, { bold: true });
  }
  if (receipt.discountFen > 0) {
    paper.rule();
    paper.pair('本单共省', `￥${formatFen(receipt.discountFen)}`, { bold: true });
  }
}

function refundPayment(paper: Paper, receipt: Receipt): void {
  paper.pair('件数', String(pieces(receipt.lines)));
  paper.pair('退货合计', `￥${formatFen(receipt.totalFen)}`, { bold: true, size: 2 });
  if (receipt.truncationFen !== 0) paper.pair('抹零与取整', formatFen(-receipt.truncationFen));
  if (receipt.points !== null && receipt.points.used !== 0) {
    paper.pair(`退积分 ${receipt.points.used} 分`, formatFen(receipt.points.fen), { bold: true });
  }
  if (receipt.mobile !== null) {
    paper.pair(`退手机支付(${receipt.mobile.channel})`, formatFen(receipt.mobile.fen), { bold: true });
    // Large, because no machine does it: whoever holds this slip must see that a person still owes it.
    paper.title(`请用手机原路退款 ${formatFen(receipt.mobile.fen)}元`);
    paper.left('手机支付须由店员人工退还，请当面核对到账。');
  }
  if (receipt.cashDueFen !== 0 || (receipt.mobile === null && (receipt.points?.used ?? 0) === 0)) {
    paper.pair('退现金', `￥${formatFen(receipt.cashDueFen)}`, { bold: true });
  }
}

/** Pieces by the piece; each weighing is one. */
function pieces(lines: readonly Line[]): number {
  return lines.reduce((count, line) => count + (line.per === 'piece' ? line.quantity : 1), 0);
}

function member(paper: Paper, receipt: Receipt): void {
  const { member } = receipt;
  if (member === null) return;
  paper.rule();
  // Whoever left the scheme, or is not known here, has no figures to print (`receipt-build.ts`).
  if (member.townAsOfMs === 0) {
    paper.left(member.mask);
    return;
  }
  paper.pair(`会员 ${member.mask} ${member.stars}星`, `卡尾号 ${member.lastFour}`);
  if (member.bearer !== undefined) paper.pair('代购人', member.bearer);
  paper.pair('本店现在可用', `${member.spendableAfter} 分`, { bold: true });
  paper.pair(`镇上总数(截至 ${asOfWords(member.townAsOfMs, receipt.atMs)})`, `${member.townPoints} 分`);
  if (member.nextExpiry !== null) {
    paper.pair(`最近到期 ${member.nextExpiry.day}`, `${member.nextExpiry.points} 分`);
  }
  paper.pair('今年已省', `￥${formatFen(member.savedThisYearFen)}`);
  if (receipt.kind === 'sale' && receipt.lines.some((line) => !line.pointsAllowed)) {
    paper.left('带 * 的商品不收积分。');
  }
}

/** The time of today, the day of this year, or the whole date. */
export function asOfWords(asOfMs: number, printedAtMs: number): string {
  const day = dayOf(asOfMs);
  const printedDay = dayOf(printedAtMs);
  if (day === printedDay) return clockOf(asOfMs);
  return day.slice(0, 4) === printedDay.slice(0, 4) ? day.slice(5) : day;
}

function foot(paper: Paper, receipt: Receipt): void {
  paper.rule();
  paper.center(`序号 ${receipt.seq}  校验 ${receipt.shortHash}`);
  if (receipt.hotline !== '') paper.center(`服务热线 ${receipt.hotline}`);
  if (/^[ -~]{1,60}$/.test(receipt.number)) paper.qr(receipt.number);
  // Nobody is to keep what is worth nothing.
  if (!receipt.practice) {
    paper.center(receipt.kind === 'exchange' ? '请与原小票一起保留' : '请保留小票，退货凭此单');
    if (receipt.kind === 'sale') paper.center('谢谢惠顾', { bold: true });
  }
  if (receipt.boardLine !== undefined) paper.center(receipt.boardLine);
  marks(paper, receipt);
  paper.feed(2);
  paper.cut();
}

/** Collects rows and keeps each within the width. */
export class Paper {
  readonly rows: ReceiptRow[] = [];
  /** Where the quantity begins: wide paper has a column for it beside the name. */
  readonly nameColumns: number;
  readonly #columns: Columns;

  constructor(columns: Columns) {
    this.#columns = columns;
    this.nameColumns = columns === 32 ? 0 : columns - 28;
  }

  rule(): void {
    this.rows.push({ kind: 'rule' });
  }

  feed(lines: number): void {
    this.rows.push({ kind: 'feed', lines });
  }

  qr(data: string): void {
    this.rows.push({ kind: 'qr', data });
  }

  cut(): void {
    this.rows.push({ kind: 'cut' });
  }

  left(text: string): void {
    this.#text(text, 'left', {});
  }

  center(text: string, style: Style = {}): void {
    this.#text(text, 'center', style);
  }

  /** Large where it fits: as a whole, or broken where a name has a natural joint; bold in plain size otherwise. */
  title(text: string): void {
    const whole = clean(text);
    const half = this.#columns / 2;
    const parts = displayWidth(whole) <= half ? [whole] : whole.split(/(?=[（(【])|[ ·]/).filter((part) => part !== '');
    const isLarge = parts.every((part) => displayWidth(part) <= half);
    if (!isLarge) this.center(whole, { bold: true });
    else for (const part of parts) this.center(part, { bold: true, size: 2 });
  }

  /** The quantity behind its name where the paper has a column for it; indented by two where it has none. */
  inNameColumn(name: string, quantity: string): string {
    if (this.nameColumns === 0) return name === '' ? `  ${quantity}` : name;
    const gap = this.nameColumns - displayWidth(name);
    return gap > 0 ? name + ' '.repeat(gap) + quantity : `${name} ${quantity}`;
  }

  /** A name with its quantity and amount: on wide paper they stand behind the name's last words where these leave room. */
  item(name: string, quantity: string, amount: string): void {
    const rows = wrap(clean(name), this.#columns);
    const last = rows.at(-1) ?? '';
    const shared = this.inNameColumn(last, clean(quantity));
    const isShared =
      displayWidth(last) < this.nameColumns && displayWidth(shared) + 1 + displayWidth(amount) <= this.#columns;
    for (const row of isShared ? rows.slice(0, -1) : rows) this.left(row);
    this.pair(isShared ? shared : this.inNameColumn('', quantity), amount);
  }

  /** Falls back to plain size, and then to a row for each side: an amount never runs into what stands before it. */
  pair(leftText: string, rightText: string, style: Style = {}): void {
    const indent = leftText.length - leftText.trimStart().length;
    const left = ' '.repeat(indent) + clean(leftText.slice(indent));
    const right = clean(rightText);
    const width = displayWidth(left) + 1 + displayWidth(right);
    const bold = style.bold ?? false;
    const size = style.size === 2 && width <= this.#columns / 2 ? 2 : 1;
    if (width <= this.#columns / size) {
      this.rows.push({ kind: 'pair', left, right, bold, size });
      return;
    }
    const edge = Math.min(indent, 2);
    for (const part of wrap(left.trimStart(), this.#columns - edge)) {
      this.rows.push({ kind: 'text', text: ' '.repeat(edge) + part, align: 'left', bold, size });
    }
    this.#text(right, 'right', { bold });
  }

  #text(raw: string, align: 'left' | 'center' | 'right', style: Style): void {
    const size = style.size ?? 1;
    for (const text of wrap(clean(raw), this.#columns / size)) {
      this.rows.push({ kind: 'text', text, align, bold: style.bold ?? false, size });
    }
  }
}

/**
 * What a printer can be given: no control characters, which it would take for commands, no invisible ones, one sort of
 * space, and the full-width ￥ for ¥, which GBK does not have.
 */
function clean(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\s\p{Z}]/gu, ' ')
    .replace(/[\p{C}\uFE0E\uFE0F]/gu, '')
    .replaceAll('¥', '￥')
    .trim();
}

function widthOf(character: string): number {
  return character <= '\u007f' ? 1 : 2;
}

/** Breaks at spaces where it can, between Chinese characters anywhere, and within a word only when it must. */
function wrap(text: string, width: number): string[] {
  const rows: string[] = [];
  let row = '';
  let rowWidth = 0;
  const close = (): void => {
    if (row.trim() !== '') rows.push(row.trimEnd());
    row = '';
    rowWidth = 0;
  };
  for (const [word] of text.matchAll(/ +|[!-~]+|[^ -~]/gu)) {
    const wordWidth = displayWidth(word);
    if (rowWidth + wordWidth > width && (wordWidth <= width || word.startsWith(' '))) close();
    if (word.startsWith(' ') && row === '') continue;
    for (const character of wordWidth <= width ? [word] : word) {
      const characterWidth = displayWidth(character);
      if (rowWidth + characterWidth > width) close();
      row += character;
      rowWidth += characterWidth;
    }
  }
  close();
  return rows;
}
