import { mkdirSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { must } from '../../shared/assert.ts';
import type { CanonicalValue } from '../../shared/canonical.ts';
import { GENESIS_PREVIOUS, recordHash, recordText, type JournalRecord } from '../../shared/journal.ts';
import { salePostings } from '../../shared/posting.ts';
import { signRequest } from '../../shared/signed.ts';
import { dayOf } from '../../shared/time.ts';
import type { TownApi } from '../../electron/core/town-api.ts';
import { startDemoTown } from '../../electron/demo-town.ts';
import { hostCrypto, newId, townOver } from '../../electron/host-world.ts';
import { copyIn, copyLines } from '../../town-server/copy.ts';
import { openDatabase } from '../../town-server/database.ts';
import demoTown from '../../resources/demo/town.json' with { type: 'json' };
import { madeUpItem } from './made-up-goods.ts';
import { madeUpSale } from './made-up-sales.ts';
import { atLeast, percentile, timed, type BenchResult, type BenchRun } from './result.ts';

const TILLS = 50;
const SHARE_OF_COPY = 0.35;
/** What a till sends in one batch: about 900 kB. */
const BATCH = 250;

type Enrolled = Readonly<{ town: string; shop: string; till: string; publicKey: string; privateKey: string }>;
type Chain = Readonly<{ from: Enrolled; texts: readonly string[]; hashes: readonly string[] }>;

/** Fifty tills bring a day to one town: what it takes in durably, and what it then folds, beside a bare COPY. */
export async function intakeRows(run: BenchRun): Promise<BenchResult[]> {
  const sales = run.quick ? 100 : 500;
  const folder = join(run.scratch, 'intake-town');
  mkdirSync(folder, { recursive: true });
  run.say(`a town and ${TILLS} tills with ${sales} sales each …`);
  const town = await startDemoTown(run.root, folder, () => {});
  try {
    const { password } = town;
    must(password !== null, 'a demo town tells its password');
    const api = townOver(() => Promise.resolve(town.url));
    const accepted: number[] = [];
    const folded: number[] = [];
    const copied: number[] = [];
    for (let round = 0; round < (run.quick ? 1 : 3); round += 1) {
      const chains = (await enrolTills(town.url, password, api)).map((from, index) => chainOf(from, sales, index));
      const records = chains.reduce((sum, chain) => sum + chain.texts.length, 0);
      const rate = (tookMs: number): number => (records / tookMs) * 1_000;
      copied.push(rate(await copyBare(run, chains, round)));
      // Signed and written beforehand: the town's work is measured, not the tills'.
      const uploads = chains.map(uploadsOf);
      const acceptMs = await timed(() => Promise.all(uploads.map((batches) => sendInTurn(town.url, batches))));
      accepted.push(rate(acceptMs));
      folded.push(rate(await timed(() => foldAll(api, chains))));
    }
    const limit = percentile(copied, 0.5);
    const name = `town intake, ${TILLS} tills x ${sales} sales`;
    return [
      atLeast({
        name: `${name}: durable acceptance`,
        unit: 'records/s',
        rates: accepted,
        limit,
        budget: limit * SHARE_OF_COPY,
      }),
      atLeast({ name: `${name}: fold`, unit: 'records/s', rates: folded, limit, budget: null }),
    ];
  } finally {
    await town.stop();
  }
}

async function askConsole<T>(url: string, path: string, token: string, body: object | null): Promise<T> {
  const response = await fetch(`${url}/api/console/${path}`, {
    method: body === null ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as T & { kind: string };
  must(answer.kind === 'ok', `the town's console answers ${path}: ${JSON.stringify(answer).slice(0, 200)}`);
  return answer;
}

/** New tills at every round, by the codes that the town's staff give out. */
async function enrolTills(url: string, password: string, api: TownApi): Promise<Enrolled[]> {
  const { token } = await askConsole<{ token: string }>(url, 'sign-in', '', { password });
  const shop = demoTown.shop.id;
  const tills: Enrolled[] = [];
  for (let index = 0; index < TILLS; index += 1) {
    const wanted = { shop, till: null, tillName: `${index + 1}号机` };
    const { code } = await askConsole<{ code: string }>(url, 'enrolment-codes', token, wanted);
    const keys = hostCrypto.newKeys();
    const { publicKey } = keys;
    const answer = await api.enrol({ code, publicKey, incarnationId: newId(), till: null, incarnation: 1 });
    must(answer.kind === 'ok', 'a till with a code is enrolled');
    tills.push({ town: answer.town, shop: answer.shop, till: answer.till, ...keys });
  }
  return tills;
}

const goods = Array.from({ length: 2_000 }, (_, index) => madeUpItem(index));

/** A till's day as its journal would hold it: genesis and sales, each chained to the one before. */
function chainOf(from: Enrolled, sales: number, tillIndex: number): Chain {
  const texts: string[] = [];
  const hashes: string[] = [];
  const atMs = Date.now();
  const day = dayOf(atMs);
  const { publicKey } = from;
  const write = (rest: Pick<JournalRecord, 'kind' | 'body' | 'postings' | 'stock'>): void => {
    const { town, shop, till } = from;
    const text = recordText({
      v: 1,
      town,
      shop,
      till,
      incarnation: 1,
      seq: texts.length + 1,
      period: 1,
      businessDay: day,
      at: atMs,
      id: newId(),
      operator: null,
      ...rest,
      previous: hashes.at(-1) ?? GENESIS_PREVIOUS,
    });
    texts.push(text);
    hashes.push(recordHash(text, hostCrypto.hash));
  };
  write({ kind: 'genesis', body: { publicKey, incarnationId: newId(), because: 'enrolled' }, postings: [], stock: [] });
  for (let turn = 0; turn < sales; turn += 1) {
    const body = madeUpSale({
      turn: turn + tillIndex * 13,
      items: goods,
      member: null,
      shift: 'bench-shift',
      counter: turn + 1,
      receipt: `${from.till}-1-${String(turn + 1).padStart(7, '0')}`,
      atMs,
      day,
    });
    write({
      kind: 'sale',
      body,
      postings: salePostings(body),
      stock: body.lines.map(({ item, quantity }, line) => ({ item, batch: null, delta: -quantity, line })),
    });
  }
  return { from, texts, hashes };
}

/** A batch as its till's client writes it to the wire. */
type Upload = Readonly<{ lastSeq: number; body: Buffer }>;

function signed<T extends Record<string, CanonicalValue>>(from: Enrolled, fields: T) {
  const { town, till } = from;
  return signRequest({ town, till, incarnation: 1, ...fields }, hostCrypto.signWith(from.privateKey));
}

function uploadsOf({ from, texts, hashes }: Chain): Upload[] {
  const uploads: Upload[] = [];
  for (let start = 0; start < texts.length; start += BATCH) {
    const records = texts.slice(start, start + BATCH);
    const lastSeq = start + records.length;
    const request = signed(from, { firstSeq: start + 1, lastSeq, headHash: hashes[lastSeq - 1] ?? '', records });
    uploads.push({ lastSeq, body: Buffer.from(JSON.stringify(request)) });
  }
  return uploads;
}

type Taken = Awaited<ReturnType<TownApi['upload']>>;

async function sendInTurn(url: string, uploads: readonly Upload[]): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  for (const { lastSeq, body } of uploads) {
    const answer = JSON.parse(await post(`${url}/api/records`, body, agent)) as Taken;
    must(answer.kind === 'ok' && answer.ack.seq === lastSeq, 'the town takes the batch in');
    must(answer.quarantined.length === 0, 'nothing of it is quarantined');
  }
  agent.destroy();
}

function post(url: string, body: Uint8Array, agent: Agent): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const sending = httpRequest(url, { method: 'POST', headers, agent }, (response) => {
      readText(response).then(resolve, reject);
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

async function foldAll(api: TownApi, chains: readonly Chain[]): Promise<void> {
  await Promise.all(
    chains.map(async ({ from, texts, hashes }) => {
      const answer = await api.settle(
        signed(from, { seq: texts.length, hash: hashes.at(-1) ?? '', afterStatement: 0 }),
      );
      must(answer.kind === 'ok', 'the town folds the day and signs');
    }),
  );
}

const RECORD_TABLE = 'record (town_id, till, incarnation, seq, hash, text, fault)';

/** The same bytes into the town's own table and indexes by COPY, a transaction for each batch, ten of them at a time. */
async function copyBare(run: BenchRun, chains: readonly Chain[], round: number): Promise<number> {
  const folder = join(run.scratch, `bare-town-${round}`);
  mkdirSync(folder, { recursive: true });
  const database = await openDatabase(folder, process.env['DATABASE_URL'] ?? null, () => {});
  try {
    const town = `bench-${newId()}`;
    const batches = chains.flatMap(({ from, texts, hashes }) => {
      const rows = texts.map(
        (text, index) => [town, from.till, '1', String(index + 1), hashes[index] ?? '', text, null] as const,
      );
      const parts: Buffer[] = [];
      for (let start = 0; start < rows.length; start += BATCH) {
        parts.push(copyLines(rows.slice(start, start + BATCH)));
      }
      return parts;
    });
    const clients = await Promise.all(Array.from({ length: 10 }, () => database.pool.connect()));
    const tookMs = await timed(() =>
      Promise.all(
        clients.map(async (client) => {
          for (let batch = batches.pop(); batch !== undefined; batch = batches.pop())
            await copyIn(client, RECORD_TABLE, batch);
        }),
      ),
    );
    for (const client of clients) client.release();
    await database.pool.query('DELETE FROM record WHERE town_id = $1', [town]);
    return tookMs;
  } finally {
    await database.close();
  }
}
