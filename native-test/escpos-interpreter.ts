import iconv from 'iconv-lite';

/**
 * A receipt printer in software: what a 58 or 80 mm printer in Chinese mode would put on paper. It throws on every
 * command it does not know and on every line a real one would break, so that drift in our bytes is seen.
 */

/** One thing that the printer did. */
export type PaperRow =
  | Readonly<{ kind: 'line'; text: string; align: 'left' | 'center' | 'right'; bold: boolean; size: 1 | 2 }>
  | Readonly<{ kind: 'feed'; lines: number }>
  | Readonly<{ kind: 'cut' }>
  | Readonly<{ kind: 'qr'; data: string }>
  | Readonly<{ kind: 'drawer'; pin: 2 | 5; onMs: number; offMs: number }>;

const ALIGNMENTS = ['left', 'center', 'right'] as const;

export function interpret(bytes: Uint8Array, columns: number): PaperRow[] {
  const rows: PaperRow[] = [];
  let position = 0;
  let text = '';
  let isInitialised = false;
  let isChinese = false;
  let align: (typeof ALIGNMENTS)[number] = 'left';
  let isBold = false;
  let size: 1 | 2 = 1;
  let qrData: string | null = null;

  const fail = (what: string): never => {
    throw new Error(`${what} at byte ${position}`);
  };
  const next = (): number => {
    const byte = bytes[position];
    if (byte === undefined) return fail('a command ends in the middle');
    position += 1;
    return byte;
  };
  const onlyAtLineStart = (what: string): void => {
    if (text !== '') fail(`${what} within a line`);
  };
  const oneOf = <T>(values: readonly T[], index: number): T => values[index] ?? fail(`parameter ${index} is unknown`);

  const escape = (): void => {
    const command = next();
    switch (command) {
      case 0x40:
        if (isInitialised) fail('initialised twice');
        onlyAtLineStart('ESC @');
        isInitialised = true;
        return;
      case 0x61:
        onlyAtLineStart('ESC a');
        align = oneOf(ALIGNMENTS, next());
        return;
      case 0x45:
        isBold = oneOf([false, true], next());
        return;
      case 0x64:
        onlyAtLineStart('ESC d');
        rows.push({ kind: 'feed', lines: next() });
        return;
      case 0x70: {
        const pin = oneOf([2, 5] as const, next());
        const onMs = next() * 2;
        const offMs = next() * 2;
        rows.push({ kind: 'drawer', pin, onMs, offMs });
        return;
      }
      default:
        fail(`unknown command ESC ${command.toString(16)}`);
    }
  };

  const group = (): void => {
    const command = next();
    switch (command) {
      case 0x21: {
        onlyAtLineStart('GS !');
        const value = next();
        if (value !== 0x00 && value !== 0x11) fail(`unknown size ${value.toString(16)}`);
        size = value === 0x11 ? 2 : 1;
        return;
      }
      case 0x56:
        onlyAtLineStart('GS V');
        if (next() !== 0x42 || next() !== 0x00) fail('unknown cut');
        rows.push({ kind: 'cut' });
        return;
      case 0x28:
        qrCode();
        return;
      default:
        fail(`unknown command GS ${command.toString(16)}`);
    }
  };

  const qrCode = (): void => {
    onlyAtLineStart('GS ( k');
    if (next() !== 0x6b) fail('unknown command GS (');
    const length = next() + next() * 256;
    const body = Array.from({ length }, next);
    const [symbol, function_, ...parameters] = body;
    if (symbol !== 0x31) fail('unknown symbol');
    switch (function_) {
      case 0x41:
        if (parameters.join() !== '50,0') fail('unknown QR model');
        return;
      case 0x43:
        if ((parameters[0] ?? 0) < 1 || (parameters[0] ?? 0) > 16) fail('unknown QR size');
        return;
      case 0x45:
        if ((parameters[0] ?? 0) < 0x30 || (parameters[0] ?? 0) > 0x33) fail('unknown QR correction');
        return;
      case 0x50:
        if (parameters[0] !== 0x30) fail('unknown QR store');
        qrData = String.fromCharCode(...parameters.slice(1));
        return;
      case 0x51:
        if (qrData === null) fail('a QR code without data');
        rows.push({ kind: 'qr', data: qrData ?? '' });
        return;
      default:
        fail(`unknown QR function ${String(function_)}`);
    }
  };

  const printed = (byte: number): void => {
    if (!isInitialised) fail('text before ESC @');
    if (byte >= 0x20 && byte <= 0x7e) {
      text += String.fromCharCode(byte);
      return;
    }
    if (byte < 0x81 || byte > 0xfe) fail(`byte ${byte.toString(16)} is neither text nor a command`);
    if (!isChinese) fail('Chinese before FS &');
    const low = next();
    if (low < 0x40 || low === 0x7f || low === 0xff) fail('half a Chinese character');
    const character = iconv.decode(Buffer.from([byte, low]), 'gbk');
    if (Array.from(character).length !== 1 || character === '\ufffd') fail('a character GBK does not have');
    text += character;
  };

  while (position < bytes.length) {
    const byte = next();
    switch (byte) {
      case 0x0a: {
        let width = 0;
        for (const character of text) width += (character <= '\u007f' ? 1 : 2) * size;
        if (width > columns) fail(`a line of ${width} columns on paper of ${columns}`);
        rows.push({ kind: 'line', text, align, bold: isBold, size });
        text = '';
        break;
      }
      case 0x1b:
        escape();
        break;
      case 0x1c:
        if (next() !== 0x26) fail('unknown command FS');
        if (isChinese || text !== '') fail('FS & twice or within a line');
        isChinese = true;
        break;
      case 0x1d:
        group();
        break;
      default:
        printed(byte);
    }
  }
  if (text !== '') fail('text that never got its line end');
  return rows;
}

const CELL_PIXELS = 12;

/** The paper as a page to look at: a grid of half-width cells, as the printer's head has it. */
export function paperHtml(rows: readonly PaperRow[], columns: number): string {
  const width = columns * CELL_PIXELS;
  const lines = rows.map((row) => {
    switch (row.kind) {
      case 'line':
        return `<p class="${row.align} ${row.bold ? 'bold' : ''} s${row.size}">${cells(row.text, row.size)}</p>`;
      case 'feed':
        return `<p style="height:${row.lines * 30}px"></p>`;
      case 'cut':
        return '<hr>';
      case 'qr':
        return `<p class="center">[QR ${escaped(row.data)}]</p>`;
      case 'drawer':
        return `<p class="center">[drawer ${row.pin}]</p>`;
      default:
        return row satisfies never;
    }
  });
  return `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #888; }
main { width: ${width}px; margin: 16px; padding: 20px 16px; background: #fff; color: #111; }
main { font: 22px/30px "Noto Sans Mono CJK SC", monospace; }
p { margin: 0; height: 30px; white-space: nowrap; display: flex; } p.s2 { height: 60px; font-size: 44px; line-height: 60px; }
.center { justify-content: center; } .right { justify-content: flex-end; } .bold { font-weight: 700; }
i { font-style: normal; text-align: center; overflow: visible; }
hr { border: 0; border-top: 2px dashed #999; margin: 0 -16px; }
</style><main>${lines.join('\n')}</main>`;
}

function cells(text: string, size: 1 | 2): string {
  let html = '';
  for (const character of text) {
    const width = (character <= '\u007f' ? 1 : 2) * size * CELL_PIXELS;
    html += `<i style="width:${width}px;flex:none">${character === ' ' ? '&nbsp;' : escaped(character)}</i>`;
  }
  return html;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
