import type pg from 'pg';

/** What the driver offers to a query that speaks COPY; its own types leave it out. */
type CopyConnection = Readonly<{
  query: (sql: string) => void;
  sendCopyFromChunk: (chunk: Buffer) => void;
  endCopyFrom: () => void;
}>;

const NAMES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What a field of a row is copied from: its text, the UTF-8 bytes of its text, or nothing. */
export type CopyValue = string | Uint8Array | null;

/** Rows as COPY's text form takes them. What comes as bytes goes out as those bytes. */
export function copyLines(rows: readonly (readonly CopyValue[])[]): Buffer {
  const pieces: (string | Uint8Array)[] = [];
  let text = '';
  for (const row of rows) {
    for (const [index, value] of row.entries()) {
      if (index > 0) text += '\t';
      if (typeof value === 'string' || value === null) text += copyField(value);
      else if (isSpecialIn(value)) text += copyField(decoder.decode(value));
      else {
        pieces.push(text, value);
        text = '';
      }
    }
    text += '\n';
  }
  pieces.push(text);
  // A code unit takes at most three bytes.
  const lines = Buffer.allocUnsafe(
    pieces.reduce((sum, piece) => sum + piece.length * (typeof piece === 'string' ? 3 : 1), 0),
  );
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') at += lines.write(piece, at, 'utf8');
    else {
      lines.set(piece, at);
      at += piece.length;
    }
  }
  return lines.subarray(0, at);
}

function isSpecialIn(value: Uint8Array): boolean {
  // The typed array's own search is several times slower than the buffer's.
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  return bytes.includes(0x5c) || bytes.includes(0x09) || bytes.includes(0x0a) || bytes.includes(0x0d);
}

function copyField(value: string | null): string {
  if (value === null) return '\\N';
  // Nearly no record holds any of them, and looking for one character is many times faster than for one of a set.
  const isSpecial = value.includes('\\') || value.includes('\t') || value.includes('\n') || value.includes('\r');
  return isSpecial ? value.replaceAll(/[\\\t\n\r]/g, (special) => NAMES[special] ?? special) : value;
}

/**
 * Copies lines into a table, within the client's transaction. A batch of records goes in at a fraction of what an INSERT
 * of arrays costs, whose every quote is escaped here and read again there. The driver has no call for it, only the
 * messages.
 */
export function copyIn(client: pg.PoolClient, target: string, lines: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const copy = {
      submit: (connection: CopyConnection) => connection.query(`COPY ${target} FROM STDIN`),
      handleCopyInResponse: (connection: CopyConnection) => {
        connection.sendCopyFromChunk(lines);
        connection.endCopyFrom();
      },
      handleCommandComplete: () => {},
      handleReadyForQuery: () => resolve(),
      handleError: (error: Error) => reject(error),
    };
    client.query(copy as unknown as pg.Submittable);
  });
}
