import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyChain } from './verify.ts';
import { clientOfOpened, coreOn, goods, openTestCore, screenOf, sellAt, tryCore, type TestCore } from '../test-core.ts';

let till: TestCore;
let file: string;
beforeEach(async () => {
  till = await openTestCore();
  await sellAt(till, goods.bread.code, goods.salt.code);
  await till.ask({ kind: 'moveCash', id: 'move-0001', direction: 'in', amountFen: 100, reason: 'coins' });
  file = join(till.folder, 'data', 'ledger.sqlite');
});
afterEach(() => rmSync(till.folder, { recursive: true, force: true }));

const digest = (): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Turns over one byte of the text that stands at its last place in the file. */
function turnByte(text: string): void {
  const bytes = readFileSync(file);
  const at = bytes.lastIndexOf(Buffer.from(text));
  expect(at).toBeGreaterThan(0);
  const last = at + text.length - 1;
  bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
  writeFileSync(file, bytes);
}

function tamper(sql: string): void {
  const database = new Database(file);
  const triggers = database
    .prepare<[], { name: string; sql: string }>(`SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`)
    .all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`);
  database.exec(sql);
  for (const { sql: trigger } of triggers) database.exec(trigger);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

const LAST_SALE = `(SELECT MAX(n) FROM journal WHERE kind = 'sale')`;

describe('a damaged journal', () => {
  for (const [what, damage] of [
    ['an amount whose byte turned over', () => turnByte('"totalFen":750')],
    ['a hash that is another', () => tamper(`UPDATE journal SET hash = '${'0'.repeat(64)}' WHERE n = ${LAST_SALE}`)],
    ['a text that is no record', () => tamper(`UPDATE journal SET text = '{}' WHERE n = ${LAST_SALE}`)],
    ['an amount that was changed and hashed to fit', () => tamper(changedSale())],
    ['a record that was cut out of the middle', () => tamper(`DELETE FROM journal WHERE n = ${LAST_SALE} - 1`)],
    ['a page of zeros', () => zeroPage()],
    ['a setting whose byte turned over', () => turnByte('"shopName":')],
    ['a name in the schema whose byte turned over', () => turnByte('counter INTEGER')],
  ] as const) {
    // Invariant 10.
    test(`${what} stops the till by name, with its page, and leaves the file as it was`, async () => {
      await till.core.close();
      damage();
      const before = digest();
      const { opened } = tryCore(till.folder);
      expect(opened).toMatchObject({ kind: 'refused', reason: 'journalDamaged', holder: null });
      const client = clientOfOpened(opened);
      const screen = await screenOf(client);
      expect([screen.phase, screen.stopped]).toEqual(['stopped', 'journalDamaged']);
      expect(screen.stoppedDetail).not.toBe('');
      expect(await client.send({ kind: 'startPay' })).toEqual({ kind: 'refused', reason: 'journalDamaged' });
      expect(digest()).toBe(before);
      // Nobody holds it, and looking again says the same.
      expect(tryCore(till.folder).opened).toMatchObject({ reason: 'journalDamaged' });
      expect(digest()).toBe(before);
    });
  }

  test('far behind the newest records is found by the walk, which names it, while the till sells on', async () => {
    for (let sale = 0; sale < 55; sale += 1) await sellAt(till, goods.bread.code);
    await till.core.close();
    tamper(`UPDATE journal SET text = replace(text, '"totalFen":750', '"totalFen":751') WHERE kind = 'sale'`);
    const again = coreOn(till.folder);
    const found = await again.client.verify();
    expect(found).toMatchObject({ state: 'damaged' });
    expect(found.fault).toMatch(/^record 1\/\d+: /);
    const sale = again.records().find((record) => record.kind === 'sale');
    expect(found.atSeq).toBe(sale?.seq);
    await again.core.close();
  });

  for (const [column, change] of [
    ['at_ms', 'at_ms + 1'],
    ['kind', `'refund'`],
    ['id', `id || 'x'`],
    ['period', 'period + 1'],
    ['business_day', `'2031-01-01'`],
  ] as const) {
    test(`a record whose column ${column} is not what its bytes say is named by the walk`, async () => {
      await till.core.close();
      tamper(`UPDATE journal SET ${column} = ${change} WHERE n = ${LAST_SALE}`);
      expect(verifyChain(file)).toMatchObject({
        state: 'damaged',
        fault: expect.stringMatching(/^record 1\/\d+: stored columns differ$/),
      });
    });
  }

  test('an index that leads past a record is found by the walk over the pages', async () => {
    await till.core.close();
    const id = till.records().find((record) => record.kind === 'sale')?.id ?? '';
    const bytes = readFileSync(file);
    // The id stands in its row, in its record, and in the index by which a sale is known when it is asked for again.
    const places: number[] = [];
    for (let at = bytes.indexOf(id); at >= 0; at = bytes.indexOf(id, at + 1)) places.push(at);
    const found = new Set<string>();
    for (const at of places) {
      const turned = Buffer.from(bytes);
      turned.writeUInt8(turned.readUInt8(at) ^ 1, at);
      writeFileSync(file, turned);
      const { state, fault } = verifyChain(file);
      if (state === 'damaged') found.add((fault ?? '').replace(/\d+/g, 'N'));
    }
    expect([...found].some((fault) => fault.includes('missing from index'))).toBe(true);
  });

  test('a database of a newer program has its page too', async () => {
    await till.core.close();
    const database = new Database(file);
    database.pragma('user_version = 999');
    database.close();
    const { opened } = tryCore(till.folder);
    expect(opened).toMatchObject({ kind: 'refused', reason: 'newerDatabase' });
    expect((await screenOf(clientOfOpened(opened))).stopped).toBe('newerDatabase');
  });
});

/** A forger who knows the rule hashes the changed text anew; the next record still names the old hash. */
function changedSale(): string {
  const database = new Database(file, { readonly: true });
  const row = database.prepare<[], { text: string }>(`SELECT text FROM journal WHERE n = ${LAST_SALE}`).get();
  database.close();
  const text = (row?.text ?? '').replace('"totalFen":750', '"totalFen":751');
  const hash = createHash('sha256').update(`onecard/v1\0${text}`).digest('hex');
  return `UPDATE journal SET text = '${text}', hash = '${hash}' WHERE n = ${LAST_SALE}`;
}

function zeroPage(): void {
  const bytes = readFileSync(file);
  const at = bytes.lastIndexOf(Buffer.from('"totalFen":750'));
  const page = Math.floor(at / 4_096) * 4_096;
  bytes.fill(0, page, page + 4_096);
  writeFileSync(file, bytes);
}
