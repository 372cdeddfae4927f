import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cardOf, scan, textsOf, type TestCore } from '../electron/core/test-core.ts';
import { testWorld } from '../electron/core/test-till.ts';
import { openReadOnly } from '../electron/core/ledger/database.ts';
import type { TownApi } from '../electron/core/town-api.ts';
import type { CanonicalValue } from '../shared/canonical.ts';
import type { JournalRecord } from '../shared/journal.ts';
import type { Devices } from '../shared/devices.ts';
import type { Grant } from '../shared/record-bodies.ts';
import { seal, type SignedDocument } from '../shared/signed.ts';
import { DAY_MS } from '../shared/time.ts';
import { card, makeReady, manager, openCarried, sellBread, type Carried } from './carried.ts';

/** What must stand on the disk before anybody outside hears of it, read by a connection of the test's own. */
let world: Carried;
beforeAll(async () => {
  world = await openCarried();
});
afterAll(() => world.close());

type Call = keyof TownApi;

/** The town as a till calls it, with a look at the question before it goes out and a hand on what comes back. */
function lineTo(
  before: (call: Call, question: Record<string, unknown>) => void,
  after: (call: Call, answer: unknown) => unknown = (_call, answer) => answer,
): TownApi {
  return new Proxy(world.town.api, {
    get: (target, call: Call) => async (question: Record<string, unknown>) => {
      before(call, question);
      return after(call, await (target[call] as unknown as (input: unknown) => Promise<unknown>)(question));
    },
  });
}

/** Whether a committed row of a till's file has this value. */
function isOnDisk(folder: string, sql: string, value: unknown): boolean {
  const database = openReadOnly(join(folder, 'data', 'ledger.sqlite'));
  try {
    return database.prepare(sql).get(value) !== undefined;
  } finally {
    database.close();
  }
}

async function enrolled(till: TestCore): Promise<TestCore> {
  const { name, pin } = manager;
  await till.ask({ kind: 'enrol', code: await world.codeFor(), managerName: name, managerPin: pin });
  await makeReady(till);
  await till.client.night();
  return till;
}

const settle = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 20));

const grantsOf = (till: TestCore): JournalRecord[] => till.records().filter((record) => record.kind === 'allotmentIn');

test('whatever a till asks of its town stands on its disk under its id before it is asked (invariant 6)', async () => {
  const asked: string[] = [];
  const late: string[] = [];
  let folder = '';
  const known = (call: Call, question: Record<string, unknown>): boolean => {
    switch (call) {
      case 'enrol': {
        const keys = readdirSync(join(folder, 'keep')).map((name) =>
          readFileSync(join(folder, 'keep', name, 'keys.json'), 'utf8'),
        );
        const isKept = keys.some((text) => text.includes(String(question['publicKey'])));
        const sql = `SELECT 1 FROM setting WHERE key = 'incarnationId' AND value = ?`;
        return isKept && isOnDisk(folder, sql, question['incarnationId']);
      }
      case 'upload':
        return (question['records'] as string[]).every((text) =>
          isOnDisk(folder, 'SELECT 1 FROM journal WHERE text = ?', text),
        );
      case 'topUp':
        return isOnDisk(folder, 'SELECT 1 FROM top_up WHERE request = ?', question['request']);
      case 'reportCard':
        return isOnDisk(folder, 'SELECT 1 FROM card_report WHERE request = ?', question['request']);
      case 'claim':
        return isOnDisk(folder, 'SELECT 1 FROM claim WHERE request = ?', question['request']);
      default:
        return true;
    }
  };
  const line = lineTo((call, question) => {
    asked.push(call);
    if (!known(call, question)) late.push(call);
  });
  const till = world.till({ town: line });
  folder = till.folder;
  await enrolled(till);
  const { receipt } = await sellBread(till, 4);
  await till.client.night();
  await till.ask({
    kind: 'refund',
    id: 'refund-0001',
    receipt: receipt.number,
    lines: [{ line: 0, quantity: 1, goods: 'shelf' }],
    reason: 'quality',
    approval: null,
  });
  // The town refuses a second card beside the one in use, so that the tests after this one still have that.
  const blank = { member: card.slice(2), card: null, blank: cardOf(43) };
  await till.ask({ kind: 'reportCard', id: 'report-0001', ...blank, approval: null });
  await settle();
  expect(asked).toEqual(expect.arrayContaining(['enrol', 'upload', 'topUp', 'claim', 'reportCard']));
  expect(late).toEqual([]);
});

test('drawer and paper move only for a sale that another reader finds on the disk (invariants 6 and 7)', async () => {
  const moved: string[] = [];
  let till: TestCore | null = null;
  let sale = '';
  const look = (what: string): void => {
    const isPaid = till !== null && isOnDisk(till.folder, `SELECT 1 FROM journal WHERE kind = 'sale' AND id = ?`, sale);
    moved.push(isPaid ? what : `${what} before its sale`);
  };
  const devices: Devices = {
    ...testWorld(world.scratch, 0).devices,
    printer: 'ready',
    print: async () => {
      look('paper');
      return 'printed';
    },
    openDrawer: async () => {
      look('drawer');
      return 'opened';
    },
  };
  const at = world.till({ town: world.town.api, devices, clock: { nowMs: world.town.nowMs, later: now } });
  till = await enrolled(at);
  await till.ask(scan('6901234567892'));
  await till.ask({ kind: 'startPay' });
  sale = (await till.screen()).sale.id;
  await till.ask({ kind: 'pay', sale });
  await settle();
  expect(moved).toEqual(['drawer', 'paper']);
});

/** Does at once what was put off for behind the answer, and nothing of what runs by itself. */
function now(delayMs: number, task: () => void): () => void {
  if (delayMs === 0) queueMicrotask(task);
  return () => {};
}

describe('a grant that names another', () => {
  const wrong: readonly (readonly [string, (grant: Grant) => Grant])[] = [
    ['till', (grant) => ({ ...grant, till: 't99' })],
    ['incarnation', (grant) => ({ ...grant, incarnation: grant.incarnation + 1 })],
  ];
  const signed = (kind: 'grant' | 'statement', value: object): SignedDocument =>
    seal(kind, value as unknown as CanonicalValue, world.town.town.sign);
  const opened = <T>(document: SignedDocument): T => JSON.parse(document.bytes) as T;

  for (const [what, change] of wrong) {
    test(`${what} is not taken from a top-up, and comes rightly named with the next statement (invariant 19)`, async () => {
      let asked = 0;
      const line = lineTo(
        () => {},
        (call, answer) => {
          if (call !== 'topUp') return answer;
          const document = (answer as { grant: SignedDocument }).grant;
          const value = opened<{ grant: Grant | null }>(document);
          if (value.grant !== null) asked += 1;
          const grant = value.grant === null ? null : change(value.grant);
          return { ...(answer as object), grant: signed('grant', { ...value, grant }) };
        },
      );
      const till = await enrolled(world.till({ town: line }));
      const before = grantsOf(till).length;
      await world.give(`lot-for-another-${what}`);
      await till.ask(scan('6901234567892'));
      await till.ask(scan(card, 'card'));
      await settle();
      expect([asked, grantsOf(till).length]).toEqual([1, before]);
      await till.client.night();
      expect(grantsOf(till)).toHaveLength(before + 1);
    });

    test(`${what} is not taken from a statement, which counts all the same (invariant 19)`, async () => {
      let isLying = false;
      const line = lineTo(
        () => {},
        (call, answer) => {
          if (call !== 'settle' || !isLying) return answer;
          const value = opened<{ grants: Grant[] }>((answer as { statement: SignedDocument }).statement);
          expect(value.grants.length).toBeGreaterThan(0);
          return { kind: 'ok', statement: signed('statement', { ...value, grants: value.grants.map(change) }) };
        },
      );
      const till = await enrolled(world.till({ town: line }));
      const statements = (): number => till.records().filter((record) => record.kind === 'statementApplied').length;
      const before = [statements(), grantsOf(till).length] as const;
      await world.give(`lot-by-statement-${what}`);
      isLying = true;
      await till.client.night();
      expect([statements(), grantsOf(till).length]).toEqual([before[0] + 1, before[1]]);
    });
  }
});

test('four hundred days after everything was acknowledged every record is still there, to the byte (invariant 24)', async () => {
  const till = await enrolled(world.till({ town: world.town.api }));
  await sellBread(till);
  await till.client.night();
  await till.client.night();
  const before = textsOf(till.folder);
  world.town.clock.ms += 401 * DAY_MS;
  till.world.advance(401 * DAY_MS);
  const again = await till.again();
  await again.client.night();
  await sellBread(again);
  await again.client.night();
  expect(textsOf(till.folder).slice(0, before.length)).toEqual(before);
  await again.core.close();
});
