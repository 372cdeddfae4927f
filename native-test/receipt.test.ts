import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openDevices } from '../electron/devices/devices.ts';
import { drawerKick, receiptTicket, TicketBuilder } from '../electron/devices/escpos.ts';
import { filePrinter } from '../electron/devices/file-printer.ts';
import { networkPrinter } from '../electron/devices/network-printer.ts';
import { NO_DEVICES } from '../shared/device-set-up.ts';
import { layoutPaper } from '../shared/paper.ts';
import { type Columns, type ReceiptRow, rowText } from '../shared/receipt-layout.ts';
import { samplePoints, sampleRefund, sampleSale } from '../shared/receipt-sample.ts';
import { photograph } from './browser.ts';
import { interpret, type PaperRow, paperHtml } from './escpos-interpreter.ts';
import { chromium, groupNeeding, type Prerequisite, programOnPath } from './prerequisite.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'till-receipt-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** What a row of the screen has to be on paper. */
function onPaper(row: ReceiptRow, columns: Columns): PaperRow {
  switch (row.kind) {
    case 'text':
      return { kind: 'line', text: row.text, align: row.align, bold: row.bold, size: row.size };
    case 'pair':
      return { kind: 'line', text: rowText(row, columns), align: 'left', bold: row.bold, size: row.size };
    case 'rule':
      return { kind: 'line', text: '-'.repeat(columns), align: 'left', bold: false, size: 1 };
    case 'feed':
    case 'qr':
    case 'cut':
      return row;
    default:
      return row satisfies never;
  }
}

describe.each([
  ['58 mm', 32],
  ['80 mm, wide font', 42],
  ['80 mm', 48],
] as const)('on paper of %s', (_paper, columns) => {
  test.each([
    ['sale', sampleSale],
    ['refund', sampleRefund],
    ['copy', { ...sampleSale, copy: true }],
    ['slip of points', samplePoints],
    ['plain sale', { ...sampleSale, demo: false, member: null, points: null, mobile: null }],
  ])('the bytes of a %s are exactly the rows of the screen', (_case, receipt) => {
    const ticket = receiptTicket(receipt, columns);
    expect(ticket.missing).toBe(0);
    expect(interpret(ticket.bytes, columns)).toEqual(layoutPaper(receipt, columns).map((row) => onPaper(row, columns)));
  });

  test('a character that GBK lacks is one square as wide as itself, so that the row keeps its width', () => {
    const rows = interpret(receiptTicket({ ...sampleSale, shopAddress: '㐂街' }, columns).bytes, columns);
    expect(rows).toContainEqual(expect.objectContaining({ kind: 'line', text: '□街' }));
  });
});

test('the paper ends with a partial cut, and money wears the full-width yuan sign', () => {
  const { bytes } = receiptTicket(sampleSale, 32);
  expect(Buffer.from(bytes).subarray(-4).toString('hex')).toBe('1d564200');
  expect(Buffer.from(bytes).includes(Buffer.from('a3a43131392e3736', 'hex'))).toBe(true);
});

test('the drawer and a QR code are understood', () => {
  expect(interpret(drawerKick(2), 32)).toEqual([{ kind: 'drawer', pin: 2, onMs: 50, offMs: 500 }]);
  const builder = new TicketBuilder(32);
  builder.qr('T01-1-000123');
  expect(interpret(builder.ticket().bytes, 32)).toEqual([{ kind: 'qr', data: 'T01-1-000123' }]);
});

describe('the interpreter is strict', () => {
  test.each([
    ['an unknown ESC', '1b401b99', 'unknown command ESC 99'],
    ['an unknown GS', '1b401d99', 'unknown command GS 99'],
    ['text before the start', '410a', 'text before ESC @'],
    ['Chinese before FS &', '1b40d0c50a', 'Chinese before FS &'],
    ['half a character', '1b401c26d00a', 'half a Chinese character'],
    ['a stray control byte', '1b400741', 'neither text nor a command'],
    ['a size in mid-line', '1b40411d2111', 'GS ! within a line'],
    ['a command cut off', '1b401b', 'ends in the middle'],
    ['a line that never ends', '1b4041', 'never got its line end'],
    ['a line wider than the paper', `1b40${'41'.repeat(33)}0a`, 'a line of 33 columns'],
  ])('%s is refused', (_case, hex, message) => {
    expect(() => interpret(Buffer.from(hex, 'hex'), 32)).toThrow(message);
  });
});

/** A printer on a real socket of this machine; `serve` is what it does with each connection. */
async function printerOn(serve: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    closers.push(() => socket.destroy());
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Whether these bytes only ask the printer how it is. */
const isLook = (bytes: Buffer): boolean => bytes.length === 0 || bytes[0] === 0x10;

function networkDevices(port: number) {
  const printer = { kind: 'network', host: '127.0.0.1', port, columns: 48 } as const;
  const devices = openDevices({ ...NO_DEVICES, printer }, { rowMs: 5 });
  closers.push(devices.close);
  return devices;
}

describe('a printer on the network', () => {
  test('gets every byte of each ticket, one connection after the other', async () => {
    const tickets: Buffer[] = [];
    let openNow = 0;
    const port = await printerOn((socket) => {
      openNow += 1;
      expect(openNow).toBe(1);
      const parts: Buffer[] = [];
      socket.on('data', (part) => parts.push(part));
      socket.on('end', () => {
        tickets.push(Buffer.concat(parts));
        openNow -= 1;
        socket.end();
      });
    });
    const devices = networkDevices(port);
    const outcomes = await Promise.all([devices.openDrawer(), devices.print(sampleSale), devices.print(sampleRefund)]);
    expect(outcomes).toEqual(['opened', 'printed', 'printed']);
    expect(tickets.filter((bytes) => !isLook(bytes))).toEqual([
      Buffer.from(drawerKick(2)),
      Buffer.from(receiptTicket(sampleSale, 48).bytes),
      Buffer.from(receiptTicket(sampleRefund, 48).bytes),
    ]);
  });

  test('may keep its side open for ever and still has printed', async () => {
    const port = await printerOn((socket) => void socket.resume());
    expect(await networkDevices(port).print(sampleSale)).toBe('printed');
  });

  test('may talk back without holding anything up', async () => {
    const port = await printerOn((socket) => {
      socket.resume();
      socket.write(Uint8Array.of(0x12));
    });
    expect(await networkDevices(port).print(sampleSale)).toBe('printed');
  });

  test('that dies in the middle of a receipt has failed, and the next receipt finds it again', async () => {
    let tickets = 0;
    const port = await printerOn((socket) => {
      socket.on('end', () => socket.end());
      socket.once('data', (bytes) => {
        if (isLook(bytes)) return;
        tickets += 1;
        if (tickets === 1) socket.resetAndDestroy();
      });
    });
    const devices = networkDevices(port);
    expect(await devices.print(sampleSale)).toBe('failed');
    expect(await devices.print({ ...sampleSale, copy: true })).toBe('printed');
  });

  test('that hangs up before it has taken everything has failed', async () => {
    const port = await printerOn((socket) => void socket.once('readable', () => socket.destroy()));
    const printer = networkPrinter({ host: '127.0.0.1', port });
    expect(await printer.write(new Uint8Array(32 * 1024 * 1024), null)).toBe('failed');
  });

  test('that takes no bytes any more has failed when its time is up', async () => {
    const port = await printerOn((socket) => void socket.pause());
    const printer = networkPrinter({ host: '127.0.0.1', port, timeoutMs: 300 });
    expect(await printer.write(new Uint8Array(32 * 1024 * 1024), null)).toBe('failed');
  });

  test('that is switched off has failed, without a throw', async () => {
    const port = await printerOn(() => {});
    for (const close of closers.splice(0)) close();
    const devices = networkDevices(port);
    expect(await devices.print(sampleSale)).toBe('failed');
    expect(await devices.openDrawer()).toBe('failed');
  });
});

const fifo: Prerequisite = {
  name: 'mkfifo',
  find: () => programOnPath('mkfifo'),
  enableWith: 'sudo apt-get install coreutils',
};

groupNeeding('a printer behind a path', fifo, (mkfifo) => {
  const devicesAt = (path: string) => openDevices({ ...NO_DEVICES, printer: { kind: 'file', path, columns: 48 } });

  test('gets every byte, also where the device is busy for a while', async () => {
    const path = join(newFolder(), 'lp0');
    execFileSync(mkfifo, [path]);
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    closers.push(() => reader.kill());
    const closed = once(reader, 'close');
    const parts: Buffer[] = [];
    // More than the pipes hold, and nobody takes any of it at first.
    const bytes = Buffer.alloc(1024 * 1024, receiptTicket(sampleSale, 48).bytes);
    const printer = filePrinter({ path, timeoutMs: 30_000 });
    setTimeout(() => reader.stdout.on('data', (part: Buffer) => parts.push(part)), 100);
    let outcome = 'failed';
    // Until the reader has its end open, the device is not there.
    while (outcome === 'failed') outcome = await printer.write(bytes, null);
    await closed;
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });

  test('that stays busy has failed when its time is up', async () => {
    const path = join(newFolder(), 'lp0');
    execFileSync(mkfifo, [path]);
    const reader = spawn('sh', ['-c', 'exec 3<"$1"; echo open; exec sleep 60', 'sh', path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    closers.push(() => reader.kill());
    const printer = filePrinter({ path, timeoutMs: 200 });
    const opened = once(reader.stdout, 'data');
    // A pipe opens on the reading side only once there is a writer, which fails while there is no reader.
    let outcome = await printer.write(new Uint8Array(1), null);
    while (outcome === 'failed') outcome = await printer.write(new Uint8Array(1), null);
    await opened;
    expect(await printer.write(new Uint8Array(1024 * 1024), null)).toBe('failed');
  });

  test('that nobody reads has failed at once instead of holding a thread', async () => {
    const path = join(newFolder(), 'lp0');
    execFileSync(mkfifo, [path]);
    expect(await devicesAt(path).print(sampleSale)).toBe('failed');
  });
});

groupNeeding('a picture of the paper', chromium, (browser) => {
  test.each([32, 48] as const)('of %i columns is drawn from the bytes alone', (columns) => {
    const folder = newFolder();
    const picture = join(folder, 'receipt.png');
    const paper = paperHtml(interpret(receiptTicket(sampleSale, columns).bytes, columns), columns);
    photograph(browser, paper, picture, { width: columns * 12 + 64, height: 1_700 });
    expect(statSync(picture).size).toBeGreaterThan(20_000);
  });
});
