import iconv from 'iconv-lite';

/**
 * A label printer of 203 dpi in software: what a printer that speaks TSPL would put on the label. It throws on every
 * command it does not know, on what would stand beside the label or on something else, and on bars that no scanner could
 * read, so that drift in our bytes is seen.
 */
export type LabelPart =
  | Readonly<{ kind: 'text'; x: number; y: number; width: number; height: number; scale: number; text: string }>
  | Readonly<{
      kind: 'code';
      x: number;
      y: number;
      width: number;
      height: number;
      type: 'EAN13' | 'EAN8' | '128';
      data: string;
      narrow: number;
      barsHeight: number;
      /** A letter for each module: `1` a bar, `0` none. */
      modules: string;
    }>;

export type DrawnLabel = Readonly<{ widthDots: number; heightDots: number; parts: readonly LabelPart[] }>;

const DOTS_PER_MM = 8;
const COLUMN_DOTS = 12;
const FONT_DOTS = 24;
/** The figures below the bars, with the gap above them. */
const FIGURES_DOTS = 26;
/** The blank that a scanner wants beside the bars, in modules (ISO/IEC 15420 and 15417). */
const QUIET_MODULES = { EAN13: 11, EAN8: 7, '128': 10 } as const;

/** The labels that a stream of commands prints, in order. */
export function interpretLabels(bytes: Uint8Array): DrawnLabel[] {
  const printed: DrawnLabel[] = [];
  let size: Readonly<{ widthDots: number; heightDots: number }> | null = null;
  let [hasGap, hasDirection] = [false, false];
  let parts: LabelPart[] | null = null;

  const put = (part: LabelPart, line: string): void => {
    if (size === null || parts === null) throw new Error(`drawn before SIZE and CLS: ${line}`);
    const { widthDots, heightDots } = size;
    if (part.x < 0 || part.y < 0 || part.x + part.width > widthDots || part.y + part.height > heightDots) {
      throw new Error(`off the label: ${line}`);
    }
    const under = parts.find((other) => overlap(part, other));
    if (under !== undefined) throw new Error(`on top of ${JSON.stringify(under)}: ${line}`);
    if (part.kind === 'code') {
      const quietDots = Math.min(part.x, widthDots - part.x - part.width);
      if (quietDots < QUIET_MODULES[part.type] * part.narrow) throw new Error(`too near the edge to be read: ${line}`);
    }
    parts.push(part);
  };

  for (const line of linesOf(bytes)) {
    const [, command = '', rest = ''] = /^([A-Z]+)(?: (.*))?$/.exec(line) ?? [];
    switch (command) {
      case 'SIZE': {
        const [, width, height] = /^(\d+) mm,(\d+) mm$/.exec(rest) ?? fail(line);
        size = { widthDots: Number(width) * DOTS_PER_MM, heightDots: Number(height) * DOTS_PER_MM };
        break;
      }
      case 'GAP':
        if (!/^\d+ mm,0 mm$/.test(rest)) fail(line);
        hasGap = true;
        break;
      case 'DIRECTION':
        if (rest !== '1') fail(line);
        hasDirection = true;
        break;
      case 'CLS':
        if (rest !== '') fail(line);
        parts = [];
        break;
      case 'TEXT':
        put(textOf(rest) ?? fail(line), line);
        break;
      case 'BARCODE':
        put(codeOf(rest) ?? fail(line), line);
        break;
      case 'PRINT':
        if (rest !== '1,1' || size === null || parts === null || !hasGap || !hasDirection) fail(line);
        else printed.push({ ...size, parts });
        // What is not cleared would come out on the next label as well.
        parts = null;
        break;
      default:
        fail(line);
    }
  }
  if (parts !== null) throw new Error('a label that was never printed');
  return printed;
}

function fail(line: string): never {
  throw new Error(`unknown command: ${JSON.stringify(line)}`);
}

/** Lines end in CR LF; between them stand printable ASCII and whole characters of GBK. */
function linesOf(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  let text = '';
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x20 && byte <= 0x7e) text += String.fromCharCode(byte);
    else if (byte === 0x0d && bytes[at + 1] === 0x0a) {
      lines.push(text);
      text = '';
      at += 1;
    } else {
      const low = bytes[(at += 1)] ?? 0;
      const character = iconv.decode(Buffer.from([byte, low]), 'gbk');
      const isWhole = byte >= 0x81 && byte <= 0xfe && low >= 0x40 && Array.from(character).length === 1;
      if (!isWhole || character === '\ufffd') throw new Error(`byte ${byte.toString(16)} at ${at} is no text`);
      text += character;
    }
  }
  if (text !== '') throw new Error('the last command has no end');
  return lines;
}

function textOf(rest: string): LabelPart | null {
  const match = /^(\d+),(\d+),"TSS24\.BF2",0,([1-3]),\3,"([^"]+)"$/.exec(rest);
  if (match === null) return null;
  const [scale, text] = [Number(match[3]), match[4] ?? ''];
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return {
    kind: 'text',
    x: Number(match[1]),
    y: Number(match[2]),
    width: columns * COLUMN_DOTS * scale,
    height: FONT_DOTS * scale,
    scale,
    text,
  };
}

function columnsOf(character: string): number {
  return character <= '\u007f' ? 1 : 2;
}

function codeOf(rest: string): LabelPart | null {
  const match = /^(\d+),(\d+),"(EAN13|EAN8|128)",(\d+),1,0,([1-4]),\5,"([^"]+)"$/.exec(rest);
  if (match === null) return null;
  const type = match[3] === 'EAN13' || match[3] === 'EAN8' ? match[3] : '128';
  const [barsHeight, narrow, data] = [Number(match[4]), Number(match[5]), match[6] ?? ''];
  const modules = type === '128' ? code128Of(data) : eanOf(data, type === 'EAN13' ? 13 : 8);
  return {
    kind: 'code',
    x: Number(match[1]),
    y: Number(match[2]),
    width: modules.length * narrow,
    height: barsHeight + FIGURES_DOTS,
    type,
    data,
    narrow,
    barsHeight,
    modules,
  };
}

function overlap(one: LabelPart, other: LabelPart): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

// The bars, from the tables of the standards and nothing of ours.

/** Left digits with odd parity; even parity is the mirror of the right ones, which are the complement of these. */
const EAN_ODD = '0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011'.split(' ');
/** By the first of 13 digits: which of the next six are of even parity. */
const EAN_PARITY = '000000 001011 001101 001110 010011 011001 011100 010101 010110 011010'.split(' ');

function eanOf(data: string, length: 13 | 8): string {
  const digits = Array.from(data, Number);
  if (!/^\d+$/.test(data) || digits.length !== length) throw new Error(`no EAN of ${length} digits: ${data}`);
  const weighted = digits.toReversed().reduce((sum, digit, at) => sum + digit * (at % 2 === 0 ? 1 : 3), 0);
  if (weighted % 10 !== 0) throw new Error(`a wrong check digit, which the printer would replace by another: ${data}`);
  const odd = (digit: number): string => EAN_ODD[digit] ?? '';
  const right = (digit: number): string => Array.from(odd(digit), (bit) => (bit === '1' ? '0' : '1')).join('');
  const even = (digit: number): string => Array.from(right(digit)).toReversed().join('');
  const bars = length === 13 ? digits.slice(1) : digits;
  const half = bars.length / 2;
  const parity = length === 13 ? (EAN_PARITY[digits[0] ?? 0] ?? '') : '0000';
  const left = bars.slice(0, half).map((digit, at) => (parity.charAt(at) === '1' ? even(digit) : odd(digit)));
  return `101${left.join('')}01010${bars.slice(half).map(right).join('')}101`;
}

/** Widths of bar, gap, bar, gap, bar, gap for the values 0 to 105 of Code 128. */
const CODE_128 = (
  '212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221' +
  '223211221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321' +
  '112313132113132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131' +
  '311123311321331121312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114' +
  '122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141' +
  '214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232'
).match(/.{6}/g);

const [START_B, START_C, TO_B] = [104, 105, 100] as const;

/** Pairs of digits in set C, the rest in set B, as the printer's automatic mode has it. */
function code128Of(data: string): string {
  if (!/^[ -~]+$/.test(data)) throw new Error(`no Code 128: ${data}`);
  const values: number[] = [];
  const isPairs = /^\d{2,}$/.test(data);
  values.push(isPairs ? START_C : START_B);
  const pairs = isPairs ? Math.floor(data.length / 2) : 0;
  for (let at = 0; at < pairs; at += 1) values.push(Number(data.slice(at * 2, at * 2 + 2)));
  const rest = data.slice(pairs * 2);
  if (isPairs && rest !== '') values.push(TO_B);
  for (const character of rest) values.push(character.charCodeAt(0) - 32);
  const sum = values.reduce((total, value, at) => total + value * Math.max(1, at), 0);
  const all = [...values, sum % 103].map((value) => CODE_128?.[value] ?? '');
  if (all.includes('')) throw new Error(`no Code 128: ${data}`);
  return [...all, '2331112']
    .map((widths) => Array.from(widths, (width, at) => (at % 2 === 0 ? '1' : '0').repeat(Number(width))).join(''))
    .join('');
}

/** Labels as a page to look at, `zoom` pixels a dot. */
export function labelsHtml(labels: readonly DrawnLabel[], zoom = 2): string {
  const px = (dots: number): string => `${dots * zoom}px`;
  const box = ({ x, y, width, height }: LabelPart): string =>
    `left:${px(x)};top:${px(y)};width:${px(width)};height:${px(height)}`;
  const drawn = labels.map(({ widthDots, heightDots, parts }) => {
    const inner = parts.map((part) => {
      if (part.kind === 'text') {
        const cells = Array.from(part.text, (character) => {
          const width = columnsOf(character) * COLUMN_DOTS * part.scale;
          return `<i style="width:${px(width)}">${character === ' ' ? '&nbsp;' : escaped(character)}</i>`;
        });
        return `<p style="${box(part)};font-size:${px(FONT_DOTS * part.scale)}">${cells.join('')}</p>`;
      }
      const bars = Array.from(part.modules, (bit, at) =>
        bit === '1' ? `<rect x="${at * part.narrow}" width="${part.narrow}" height="${part.barsHeight}"/>` : '',
      );
      const view = `viewBox="0 0 ${part.width} ${part.barsHeight}" shape-rendering="crispEdges"`;
      const svg = `<svg ${view} width="${px(part.width)}" height="${px(part.barsHeight)}">${bars.join('')}</svg>`;
      return `<div style="${box(part)}">${svg}<small style="font-size:${px(20)}">${escaped(part.data)}</small></div>`;
    });
    return `<section style="width:${px(widthDots)};height:${px(heightDots)}">${inner.join('')}</section>`;
  });
  return `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 16px; background: #888; display: flex; flex-wrap: wrap; gap: 16px; }
section { position: relative; overflow: hidden; background: #fff; color: #000; }
p, div { position: absolute; margin: 0; display: flex; line-height: 1; font-family: "Noto Sans CJK SC", sans-serif; }
div { display: block; } svg { display: block; } small { display: block; line-height: 1.2; font-family: monospace; }
i { font-style: normal; text-align: center; flex: none; }
</style>${drawn.join('\n')}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
