import { hasRightCheckDigit } from '../../shared/barcode.ts';
import type { TagSize } from '../../shared/device-set-up.ts';
import type { ShelfTag } from '../../shared/devices.ts';
import { formatFen } from '../../shared/money.ts';
import { displayWidth } from '../../shared/receipt-layout.ts';
import { inGbk, SQUARE } from './gbk.ts';

/**
 * Shelf tags in TSPL, the language of most label printers in China. The printer draws the bar code by its own command,
 * so that it is sharp at the head's resolution; the text is its own 24-dot Chinese font in GBK.
 */

/** Dots a millimetre of a 203 dpi head. */
const DOTS_PER_MM = 8;
const FONT_DOTS = 24;
const COLUMN_DOTS = FONT_DOTS / 2;
const MARGIN_DOTS = 10;
/** Three dots are 0.375 mm, a little more than a symbol on goods has; wider ones only take room. */
const NARROW_DOTS_MAX = 3;

type Layout = Readonly<{
  widthMm: number;
  heightMm: number;
  specY: number;
  priceY: number;
  priceScale: 2 | 3;
  codeY: number;
  codeDots: number;
}>;

const LAYOUTS: Readonly<Record<TagSize, Layout>> = {
  '40x30': { widthMm: 40, heightMm: 30, specY: 62, priceY: 90, priceScale: 2, codeY: 148, codeDots: 54 },
  '60x40': { widthMm: 60, heightMm: 40, specY: 72, priceY: 104, priceScale: 3, codeY: 190, codeDots: 88 },
};

const PER: Readonly<Record<ShelfTag['per'], string | null>> = { piece: null, jin: '斤', kg: '公斤' };

/** The bytes of one shelf tag. */
export function tagBytes(tag: ShelfTag, size: TagSize): Uint8Array {
  const layout = LAYOUTS[size];
  const widthDots = layout.widthMm * DOTS_PER_MM - 2 * MARGIN_DOTS;
  const columns = Math.floor(widthDots / COLUMN_DOTS);
  const label = new Label(layout);
  label.name(clean(tag.name), columns);
  label.text(layout.specY, cut(clean(tag.spec), columns), 1);
  label.text(layout.priceY, priceWords(tag, Math.floor(columns / layout.priceScale)), layout.priceScale);
  label.barcode(layout.codeY, tag.code, layout.codeDots);
  return label.bytes();
}

/** ￥12.50/瓶; without the unit where both do not fit, because the price must. */
function priceWords(tag: ShelfTag, columns: number): string {
  const price = `￥${formatFen(tag.priceFen)}`;
  const whole = `${price}/${PER[tag.per] ?? clean(tag.unit)}`;
  return displayWidth(whole) <= columns ? whole : price;
}

/** From the top of one line of a name to the top of the next. */
const LINE_DOTS = FONT_DOTS + 2;

class Label {
  readonly #bytes: number[] = [];
  readonly #widthDots: number;

  constructor({ widthMm, heightMm }: Layout) {
    this.#widthDots = widthMm * DOTS_PER_MM;
    this.#line(`SIZE ${widthMm} mm,${heightMm} mm`);
    this.#line('GAP 2 mm,0 mm');
    this.#line('DIRECTION 1');
    this.#line('CLS');
  }

  text(y: number, content: string, scale: number): void {
    if (content === '') return;
    this.#line(`TEXT ${MARGIN_DOTS},${y},"TSS24.BF2",0,${scale},${scale},"${content}"`);
  }

  /** A short name is read from the aisle, so it takes the room of both lines; a longer one has them, or stands between. */
  name(name: string, columns: number): void {
    if (displayWidth(name) * 2 <= columns) return this.text(MARGIN_DOTS, name, 2);
    const [first, second] = twoLines(name, columns);
    if (second === '') return this.text(MARGIN_DOTS + LINE_DOTS / 2, first, 1);
    this.text(MARGIN_DOTS, first, 1);
    this.text(MARGIN_DOTS + LINE_DOTS, second, 1);
  }

  /** The widest bars that fit; a code that fits in none is printed in figures, which a hand can type. */
  barcode(y: number, code: string, heightDots: number): void {
    const symbol = symbolOf(code);
    const widthDots = this.#widthDots;
    // A scanner wants blank beside the bars, and the edge of a tag lies against the next thing on the shelf.
    const narrow =
      symbol === null
        ? 0
        : Math.min(NARROW_DOTS_MAX, Math.floor(widthDots / (symbol.modules + 2 * symbol.quietModules)));
    if (symbol === null || narrow === 0) {
      return this.text(y, cut(clean(code), Math.floor((widthDots - 2 * MARGIN_DOTS) / COLUMN_DOTS)), 1);
    }
    const x = Math.floor((widthDots - symbol.modules * narrow) / 2);
    this.#line(`BARCODE ${x},${y},"${symbol.type}",${heightDots},1,0,${narrow},${narrow},"${symbol.data}"`);
  }

  bytes(): Uint8Array {
    this.#line('PRINT 1,1');
    return Uint8Array.from(this.#bytes);
  }

  #line(command: string): void {
    for (const character of command) this.#bytes.push(...(inGbk(character) ?? SQUARE));
    this.#bytes.push(0x0d, 0x0a);
  }
}

type BarSymbol = Readonly<{ type: 'EAN13' | 'EAN8' | '128'; data: string; modules: number; quietModules: number }>;

/**
 * Which bars a code gets, how many modules they take, and how many a scanner wants blank at either side. Code 128 packs
 * pairs of digits into one symbol.
 */
function symbolOf(code: string): BarSymbol | null {
  if (/^\d{13}$/.test(code) && hasRightCheckDigit(code)) {
    return { type: 'EAN13', data: code, modules: 95, quietModules: 11 };
  }
  if (/^\d{8}$/.test(code) && hasRightCheckDigit(code)) {
    return { type: 'EAN8', data: code, modules: 67, quietModules: 7 };
  }
  if (!/^[ !#-[\]-~]{1,40}$/.test(code)) return null;
  const symbols = /^\d+$/.test(code) ? Math.ceil(code.length / 2) + (code.length % 2) : code.length;
  return { type: '128', data: code, modules: 11 * (symbols + 3) + 2, quietModules: 10 };
}

/** No text can become a command: no quotation mark, no control character, no line end. */
function clean(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\s\p{Z}]/gu, ' ')
    .replace(/\p{C}/gu, '')
    .replaceAll('"', '＂')
    .replaceAll('¥', '￥')
    .trim();
}

/** As much of a text as `columns` hold. */
function cut(text: string, columns: number): string {
  let kept = '';
  for (const character of text) {
    if (displayWidth(kept + character) > columns) break;
    kept += character;
  }
  return kept;
}

/** A word of Latin letters goes to the second line as a whole where it can. */
function twoLines(text: string, columns: number): readonly [string, string] {
  const first = cut(text, columns);
  const isInWord = /[!-~]$/.test(first) && /^[!-~]/.test(text.slice(first.length));
  const words = isInWord && first.includes(' ') ? first.slice(0, first.lastIndexOf(' ')) : first;
  return [words.trimEnd(), cut(text.slice(words.length).trimStart(), columns)];
}
