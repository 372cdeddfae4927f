import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../shared/assert.ts';
import type { JournalRecord, RecordKind } from '../../shared/journal.ts';
import type { Item } from '../../shared/item.ts';
import { policySchema, type Policy } from '../../shared/policy.ts';
import type { BodyOf } from '../../shared/record-bodies.ts';
import { businessDayOf, startOfDayMs, HOUR_MS } from '../../shared/time.ts';
import { openLedger } from './ledger/ledger.ts';
import { createReplicas } from './ledger/replicas.ts';
import type { Operator, Till } from './till.ts';
import { bareCounter } from '../../shared/devices.ts';
import type { Crypto, World } from './world.ts';

/** What tests of the core stand on: a real ledger in a folder of its own, a clock that only the test moves. */
export type TestTill = Till &
  Readonly<{
    /** Moves the clock forward and runs what was planned for the time passed. */
    advance: (milliseconds: number) => void;
    signIn: (operator: Operator | null) => void;
    setPolicy: (policy: Policy) => void;
    /** All records of a kind, oldest first. */
    records: <K extends RecordKind>(kind: K) => (JournalRecord & { body: BodyOf<K> })[];
    /** Closes the ledger and removes its folder. */
    close: () => void;
  }>;

export const manager: Operator = { id: 'operator-manager', name: '店长', role: 'manager' };
export const cashier: Operator = { id: 'operator-cashier', name: '收银员', role: 'cashier' };

/** Ten in the morning of an ordinary day. */
const OPENED_AT_MS = startOfDayMs('2026-03-02') + 10 * HOUR_MS;

export function defaultPolicy(): Policy {
  const file = new URL('../../resources/policy-default.json', import.meta.url);
  return policySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** An item as a test needs it: bread at 5 yuan, unless it says else. */
export function testItem(change: Partial<Item> = {}): Item {
  return {
    id: 'item-bread',
    code: '6901234567892',
    name: '老面包',
    category: '食品',
    spec: '400g',
    unit: '袋',
    per: 'piece',
    plu: null,
    priceFen: 500,
    clearanceFen: null,
    promotion: null,
    costFen: null,
    discountable: true,
    lowStock: null,
    shelfLifeDays: null,
    initials: 'LMB',
    ...change,
  };
}

/** Puts items into the catalogue, as an import does. */
export function putItems(till: Till, ...items: readonly Item[]): void {
  till.record({
    kind: 'itemChange',
    id: till.world.newId(),
    operator: till.operator()?.id ?? null,
    body: { source: 'test', items: [...items] },
  });
}

/** Opens a till with a manager signed in and the default policy; `startMs` is its first moment. */
export function openTestTill(options: { startMs?: number; parts?: Partial<World> } = {}): TestTill {
  const folder = mkdtempSync(join(tmpdir(), 'one-card-till-'));
  const world = { ...testWorld(folder, options.startMs ?? OPENED_AT_MS), ...options.parts };
  const opened = openLedger(join(world.dataFolder, 'till.db'), world.crypto.hash);
  must(opened.kind === 'opened', 'a new ledger opens');
  const { ledger } = opened;
  let operator: Operator | null = manager;
  let policy = defaultPolicy();
  const atMs = (): number => world.clock.nowMs();
  const businessDay = (): string => businessDayOf(atMs(), policy.businessDay.endsAt);
  ledger.begin(
    { town: 'town', shop: 'shop', till: 'till', incarnation: 1 },
    {
      kind: 'genesis',
      id: world.newId(),
      operator: null,
      body: { publicKey: 'key', incarnationId: 'incarnation-1', because: 'enrolled' },
    },
    atMs(),
    businessDay(),
  );
  return {
    world,
    ledger,
    replicas: createReplicas(ledger),
    atMs,
    businessDay,
    policy: () => policy,
    operator: () => operator,
    record: (draft) => ledger.record(draft, atMs(), businessDay()),
    codeOf: (text) => (/^[a-zA-Z]+$/.test(text) ? text : world.crypto.hash(new TextEncoder().encode(`salt${text}`))),
    advance: world.advance,
    signIn: (next) => {
      operator = next;
    },
    setPolicy: (next) => {
      policy = next;
    },
    records: <K extends RecordKind>(kind: K) =>
      ledger
        .all<{ n: number }>('SELECT n FROM journal WHERE kind = ? ORDER BY n', kind)
        .flatMap(({ n }) => ledger.byN(n)?.record ?? []) as (JournalRecord & { body: BodyOf<K> })[],
    close: () => {
      ledger.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A world without town, with silent devices, counted ids and a clock that stands still until it is moved. */
export function testWorld(folder: string, startMs: number): World & { advance: (milliseconds: number) => void } {
  const dataFolder = join(folder, 'data');
  const keepFolder = join(folder, 'keep');
  for (const one of [dataFolder, keepFolder]) mkdirSync(one, { recursive: true });
  let nowMs = startMs;
  let ids = 0;
  const planned = new Map<number, { atMs: number; task: () => void }>();
  let plans = 0;
  return {
    dataFolder,
    keepFolder,
    devices: bareCounter,
    town: null,
    clock: {
      nowMs: () => nowMs,
      later: (delayMs, task) => {
        plans += 1;
        const plan = plans;
        planned.set(plan, { atMs: nowMs + delayMs, task });
        return () => void planned.delete(plan);
      },
    },
    newId: () => {
      ids += 1;
      return `id-${String(ids).padStart(8, '0')}`;
    },
    policy: defaultPolicy(),
    crypto: testCrypto,
    processId: process.pid,
    auditWorker: new URL('./ledger/audit-worker.ts', import.meta.url),
    log: () => {},
    demo: null,
    advance: (milliseconds) => {
      const endMs = nowMs + milliseconds;
      for (;;) {
        const [next] = [...planned].filter(([, { atMs }]) => atMs <= endMs).sort(([, a], [, b]) => a.atMs - b.atMs);
        if (next === undefined) break;
        const [plan, { atMs, task }] = next;
        planned.delete(plan);
        nowMs = Math.max(nowMs, atMs);
        task();
      }
      nowMs = endMs;
    },
  };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Real signatures and hashes; only the PIN's hash is quick, so that tests are. */
export const testCrypto: Crypto = {
  hash: sha256,
  verify: (publicKey, bytes, signature) => {
    try {
      const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
      return verify(null, bytes, key, Buffer.from(signature, 'base64'));
    } catch {
      return false;
    }
  },
  newKeys: () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { format: 'der', type: 'spki' },
      privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    });
    return { publicKey: publicKey.toString('base64'), privateKey: privateKey.toString('base64') };
  },
  signWith: (privateKey) => {
    const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
    return (bytes) => sign(null, bytes, key).toString('base64');
  },
  hashPin: (pin) => sha256(Buffer.from(`pin${pin}`)),
  pinMatches: (pin, hashed) => sha256(Buffer.from(`pin${pin}`)) === hashed,
};
