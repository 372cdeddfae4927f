import type { CellValue } from 'exceljs';
import iconv from 'iconv-lite';

/**
 * A file as shops have it, read as rows of texts: CSV in UTF-8, UTF-16 or GB18030 (which holds GBK), parted by commas,
 * semicolons or tabs, and Excel's .xlsx. What the bytes are decides, not the file's name: shop programs write
 * tab-parted text into files called .xls. Empty rows stay, so that a row's number is what the person sees.
 */
export type Sheet =
  | { kind: 'sheet'; rows: readonly (readonly string[])[] }
  | { kind: 'refused'; reason: 'unreadableFile' | 'empty' };

export async function readSheet(bytes: Uint8Array): Promise<Sheet> {
  const rows = startsWith(bytes, [0x50, 0x4b, 0x03, 0x04]) ? await readWorkbook(bytes) : await readText(bytes);
  if (rows === null) return { kind: 'refused', reason: 'unreadableFile' };
  return rows.some((row) => row.some((cell) => cell !== ''))
    ? { kind: 'sheet', rows }
    : { kind: 'refused', reason: 'empty' };
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

async function readText(bytes: Uint8Array): Promise<string[][] | null> {
  const text = decode(bytes);
  if (text === null || isBinary(text) || /^\s*<(?:!doctype|html|table|\?xml)/i.test(text)) return null;
  const delimiter = delimiterOf(text);
  // Only an import pays for loading the library.
  const { parse } = await import('csv-parse/sync');
  try {
    return cleaned(parse(text, { delimiter, ...CSV_OPTIONS }));
  } catch {
    // A quote that is never closed ('6" 盘') would swallow the rest of the file: then quotes are letters.
    try {
      return cleaned(parse(text, { delimiter, ...CSV_OPTIONS, quote: null }));
    } catch {
      return null;
    }
  }
}

/** A list holds a stray control character at most; many of them say that this is a picture, an old .xls or the like. */
function isBinary(text: string): boolean {
  const controls = text.match(/(?!\s)\p{Cc}/gu)?.length ?? 0;
  return controls * 200 > text.length;
}

const CSV_OPTIONS = {
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: false,
  record_delimiter: ['\r\n', '\n', '\r'],
};

function cleaned(rows: string[][]): string[][] {
  return rows.map((row) => row.map((cell) => cell.toWellFormed().trim()));
}

/** UTF-8 where the bytes are valid UTF-8, which Chinese in GBK never is by chance for long; GB18030 otherwise. */
function decode(bytes: Uint8Array): string | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsWith(bytes, [0xff, 0xfe])) return iconv.decode(buffer, 'utf16-le');
  if (startsWith(bytes, [0xfe, 0xff])) return iconv.decode(buffer, 'utf16-be');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return buffer.includes(0) ? null : iconv.decode(buffer, 'gb18030');
  }
}

/** What parts the cells of the first line that has any: a name may hold a comma, a header line seldom does. */
function delimiterOf(text: string): string {
  const lines = text.split(/\r\n|\n|\r/, 20).map((line) => line.replace(/"[^"]*"/g, ''));
  const counted = [',', '\t', ';', '|'].map((delimiter) => ({
    delimiter,
    parts: Math.max(...lines.map((line) => line.split(delimiter).length)),
    first: (lines.find((line) => line.trim() !== '') ?? '').split(delimiter).length,
  }));
  const [best] = counted.sort((a, b) => b.first - a.first || b.parts - a.parts);
  return best?.delimiter ?? ',';
}

/** The first worksheet that has anything in it. */
async function readWorkbook(bytes: Uint8Array): Promise<string[][] | null> {
  try {
    // Only an import of a workbook pays for loading the library.
    const { default: excel } = await import('exceljs');
    const workbook = new excel.Workbook();
    await workbook.xlsx.load(Uint8Array.from(bytes).buffer);
    const sheet = workbook.worksheets.find((one) => one.actualRowCount > 0);
    if (sheet === undefined) return [];
    const rows: string[][] = [];
    // Only cells that are there are visited: a sheet that was coloured to its last row has millions that are not.
    sheet.eachRow((cells, number) => {
      while (rows.length < number - 1) rows.push([]);
      const row: string[] = [];
      cells.eachCell((cell, column) => {
        while (row.length < column - 1) row.push('');
        // Merged cells repeat their first one; a title over a table is one text, not one in each column.
        const isRepeat = cell.isMerged && cell.master.address !== cell.address;
        row.push(isRepeat ? '' : cellText(cell.value, cell.numFmt).toWellFormed().trim());
      });
      rows.push(row);
    });
    return rows;
  } catch {
    return null;
  }
}

function cellText(value: CellValue | undefined, format: string | undefined): string {
  if (value === null || value === undefined) return '';
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return numberText(value, format);
    case 'boolean':
      return value ? '1' : '0';
    default:
  }
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  if ('richText' in value) return value.richText.map((part) => part.text).join('');
  if ('text' in value) return typeof value.text === 'string' ? value.text : cellText(value.text, format);
  if ('result' in value) return cellText(value.result, format);
  return '';
}

/**
 * A number as the sheet meant it. Excel keeps 15 digits: a longer code has lost its end, which the scientific form says
 * to whoever reads it. A format of zeros ('00000') is how a sheet keeps leading zeros of a numeric cell.
 */
function numberText(value: number, format: string | undefined): string {
  if (Math.abs(value) >= 1e15) return value.toExponential(14);
  const text = String(Number(value.toPrecision(15)));
  return format !== undefined && /^0+$/.test(format) && /^\d+$/.test(text) ? text.padStart(format.length, '0') : text;
}
