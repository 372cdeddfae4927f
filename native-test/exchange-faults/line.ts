import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Core } from '../../electron/core/core.ts';
import { openReadOnly } from '../../electron/core/ledger/database.ts';
import { readDemo, type DemoFacts } from '../../electron/demo-shop.ts';
import { hostClock, newId, townOver } from '../../electron/host-world.ts';
import { clientOf, currentScreen, type TillClient } from '../../electron/till-client.ts';
import { lawHolds } from '../../shared/allotment.ts';
import type { JournalRecord } from '../../shared/journal.ts';
import { cardTokenHash } from '../../shared/member.ts';
import type { NightReport } from '../../shared/till-contract.ts';
import { hash } from '../../town-server/crypto.ts';
import { issueLot } from '../../town-server/points.ts';
import { createMemoryStore } from '../../town-server/memory-store.ts';
import { startTown, startTownOn, type StartedTown } from '../../town-server/server.ts';
import { command, goods, openTill, saveGoods } from '../shop.ts';
import { layTown } from '../town-mould.ts';
import { openProxy, type Fault, type Measured, type Proxy } from './proxy.ts';

/** What was wrong after an exchange; each is a sentence. `lost` and `doubled` count facts of the counter. */
export type Found = { lost: number; doubled: number; failures: string[] };

/** How long a till under a fault waits for an answer, and a customer for the town, in milliseconds. */
const SHORT_MS = 250;
const HURRY = 6;
const CALM_MS = 30_000;

/** What each new lot brings. */
export const LOT_POINTS = 3;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** In memory where the machine has such a place: what is tried here is the line between, not the disk. */
export function scratchFolder(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'one-card-line-'));
}

/** Starts the town of a line on its folder; again on the same folder it is the same town. */
type StartTown = (dataFolder: string) => Promise<StartedTown>;

const onPostgres: StartTown = async (dataFolder) => {
  await layTown(dataFolder);
  return startTown({ dataFolder, port: 0, demo: true, pagesFolder: null });
};

/**
 * A town whose books stand in the store in memory, which passes the tests of PostgreSQL: three times as fast, where it is
 * the line that is tried and not the database.
 */
export function inMemory(): StartTown {
  const store = createMemoryStore();
  const books = { storeOf: () => store, enginePid: () => null, close: async () => {} };
  return (dataFolder) => startTownOn({ dataFolder, port: 0, demo: true, pagesFolder: null }, async () => books);
}

/** What befell one of the two parts of an exchange. */
export type Befell = Readonly<{ struck: number; measured: Measured }>;

/** A real till core and a real town with a proxy between them, and a cashier who keeps own books. */
export class Line {
  readonly folder: string;
  readonly facts: DemoFacts;
  readonly proxy: Proxy;
  readonly log: string[];
  town: StartedTown;
  core: Core;
  client: TillClient;
  #underFault = { now: false };
  /** What the cashier saw done: facts that may be neither lost nor doubled. */
  #sales = 0;
  #refunds = 0;
  #points = 0;
  #rounds = 0;
  /** What of the till's journal was compared already. */
  #compared = 0;
  readonly #held = new Map<string, number>();

  readonly #start: StartTown;

  private constructor(
    parts: Readonly<{ folder: string; start: StartTown; town: StartedTown; proxy: Proxy; log: string[] }>,
  ) {
    this.#start = parts.start;
    this.folder = parts.folder;
    this.town = parts.town;
    this.proxy = parts.proxy;
    this.log = parts.log;
    this.facts = readDemo(root);
    this.core = this.#openCore();
    this.client = clientOf(this.core.router);
  }

  static async open(start: StartTown = onPostgres): Promise<Line> {
    const folder = scratchFolder();
    const log: string[] = [];
    const town = await start(join(folder, 'town'));
    const line = new Line({ folder, start, town, proxy: await openProxy(town.url), log });
    const { name, pin } = line.facts.manager;
    const code = town.enrolmentCode ?? '';
    await command(line.client, { kind: 'enrol', code, managerName: name, managerPin: pin });
    await command(line.client, { kind: 'signIn', pin });
    await saveGoods(line.client);
    await command(line.client, { kind: 'openShift', shift: newId(), floatFen: 20_000 });
    return line;
  }

  #openCore(): Core {
    const under = this.#underFault;
    const address = (): Promise<string> => Promise.resolve(this.proxy.url);
    return openTill(this.folder, null, { fault: null, calls: [] }, this.log, {
      town: townOver(address, { connected: true }, () => (under.now ? SHORT_MS : CALM_MS)),
      backups: null,
      clock: {
        nowMs: hostClock.nowMs,
        // While a fault is on, the few seconds for which a customer waits are fewer still.
        later: (delayMs, task) =>
          hostClock.later(under.now && delayMs >= 1_000 && delayMs < 5_000 ? delayMs / HURRY : delayMs, task),
      },
    });
  }

  /** The town ends, `between` does something to its folder, and it starts again on another port. */
  async restartTown(between: (folder: string) => void): Promise<void> {
    await this.town.close();
    const dataFolder = join(this.folder, 'town');
    between(dataFolder);
    this.town = await this.#start(dataFolder);
    this.proxy.target(this.town.url);
  }

  /** Points of a member that no till holds yet, so that the next card read has something to top up. */
  async issue(card: string = this.#nextCard()): Promise<void> {
    const id = newId();
    const { town } = this.town;
    await town.store.transact(['points'], async (transaction) => {
      const [row] = await transaction.list('card', { equal: { tokenHash: cardTokenHash(card, town.id, hash) } });
      if (row === undefined) throw new Error('the town knows its demo cards');
      const lot = { id, member: row.member, village: 'v01', fund: 'fund', points: LOT_POINTS, note: '' };
      const refused = await issueLot(town, transaction, { ...lot, earnedOn: new Date().toISOString().slice(0, 10) });
      if (refused !== null) throw new Error(`no lot was issued: ${refused}`);
    });
  }

  /**
   * One exchange under a fault: a card is read (top-up), a sale paid with a point, a piece of it taken back (claim), and
   * the night run (hello, upload, settle, statement, refresh). Then the line heals, the night is tried once more, and both
   * sides are compared to the byte, the fen and the point.
   */
  async exchange(fault: Fault | null): Promise<Found & { struck: number; measured: Measured; pending: boolean }> {
    const card = this.#nextCard();
    await this.issue(card);
    const failures: string[] = [];
    this.#underFault.now = fault !== null;
    this.proxy.arm(fault);
    await this.#serve(card, failures);
    const cut = await this.client.night();
    const befell = this.proxy.heal();
    return { ...(await this.#healed(failures)), ...befell, pending: cut.state === 'pending' };
  }

  /** The same with a fault of its own for each part: while a customer is served, and in the night. */
  async exchangeInParts(
    counter: Fault | null,
    night: Fault | null,
  ): Promise<Found & Readonly<{ counter: Befell; night: Befell; pending: boolean }>> {
    const card = this.#nextCard();
    await this.issue(card);
    const failures: string[] = [];
    this.#underFault.now = true;
    this.proxy.arm(counter);
    await this.#serve(card, failures);
    const atCounter = this.proxy.heal();
    this.proxy.arm(night);
    const cut = await this.client.night();
    const atNight = this.proxy.heal();
    const found = await this.#healed(failures);
    return { ...found, counter: atCounter, night: atNight, pending: cut.state === 'pending' };
  }

  /** The next try on a line that is well again, and what both sides hold after it. */
  async #healed(failures: readonly string[]): Promise<Found> {
    this.#underFault.now = false;
    let healed = await this.client.night();
    if ((await this.proxy.deliver()) > 0) healed = await this.client.night();
    const found = await this.compare(healed);
    return { ...found, failures: [...failures, ...found.failures] };
  }

  #nextCard(): string {
    this.#rounds += 1;
    return this.facts.cards[this.#rounds % this.facts.cards.length] ?? '';
  }

  /** Sells and takes back without a night; the points are whatever the till holds. */
  async sellOn(card: string = this.#nextCard()): Promise<string[]> {
    const failures: string[] = [];
    await this.#serve(card, failures);
    return failures;
  }

  async #serve(card: string, failures: string[]): Promise<void> {
    const { client } = this;
    await command(client, { kind: 'scan', code: card, source: 'card' });
    for (let piece = 0; piece < 2; piece += 1)
      await command(client, { kind: 'scan', code: goods.salt.code, source: 'scanner' });
    await command(client, { kind: 'startPay' });
    const { sale } = await currentScreen(client);
    const points = Math.min(1, sale.member?.spendable ?? 0);
    await command(client, { kind: 'setPoints', points: points === 0 ? 'none' : points });
    await command(client, { kind: 'pay', sale: sale.id });
    const { paid } = await currentScreen(client);
    if (paid === null) throw new Error('the sale was not paid');
    this.#sales += 1;
    this.#points += paid.pointsUsed;
    const refund = await client.send({
      kind: 'refund',
      id: newId(),
      receipt: paid.receipt.number,
      lines: [{ line: 0, quantity: 1, goods: 'shelf' }],
      reason: 'quality',
      approval: null,
    });
    if (refund.kind === 'refused') failures.push(`the refund was refused: ${refund.reason}`);
    else this.#refunds += 1;
    await command(client, { kind: 'nextSale' });
  }

  /** The same from the till's first record on: for a town that may have forgotten what was compared before. */
  async compareAll(report: NightReport): Promise<Found> {
    this.#compared = 0;
    this.#held.clear();
    return this.compare(report);
  }

  /** Holds what the town has of this till against the till's own file and the cashier's books. */
  async compare(report: NightReport): Promise<Found> {
    const found: Found = { lost: 0, doubled: 0, failures: [] };
    const fail = (text: string): void => void found.failures.push(text);
    if (report.state !== 'matched')
      fail(`the next try was ${report.state} at ${report.pendingAt}: ${report.pendingBecause}`);
    if (report.breaks.length > 0) fail(`breaks: ${report.breaks.map((one) => one.kind).join(' ')}`);
    const rows = this.#newRows();
    const last = rows.at(-1);
    if (last === undefined) return found;
    const { till } = JSON.parse(last.text) as JournalRecord;
    const { incarnation } = last;
    await this.town.town.store.transact([], async (transaction) => {
      const above = { seq: (rows[0]?.seq ?? 1) - 1 };
      const held = await transaction.list('record', { equal: { till, incarnation }, above });
      for (const [index, row] of rows.entries()) {
        const other = held[index];
        if (other === undefined) found.lost += 1;
        else if (other.seq !== row.seq || other.hash !== row.hash || other.text !== row.text)
          fail(`record ${row.seq} is another one at the town`);
      }
      if (held.length > rows.length) fail(`the town holds ${held.length - rows.length} records more than the till`);
      if (found.lost > 0) fail(`${found.lost} records did not arrive`);
      const chain = await transaction.get('incarnation', { till, incarnation });
      const totals = chain?.perpetual;
      const books = [
        ['sales', this.#sales, totals?.sales ?? 0],
        ['refunds', this.#refunds, totals?.refunds ?? 0],
        ['points', this.#points, totals?.pointsSpent ?? 0],
      ] as const;
      for (const [what, wanted, got] of books) {
        if (wanted === got) continue;
        fail(`${wanted} ${what} were done, the town counts ${got}`);
        if (got < wanted) found.lost += wanted - got;
        else found.doubled += got - wanted;
      }
      const term = chain?.term ?? '';
      let spent = 0;
      for (const lot of await transaction.list('lot')) {
        if (!lawHolds(lot)) fail(`the law of lot ${lot.lot} is broken: ${JSON.stringify(lot)}`);
        const allotted = lot.allotted[term] ?? 0;
        const holds = this.#held.get(`${term} ${lot.lot}`) ?? 0;
        if (allotted !== holds) fail(`lot ${lot.lot}: the town allotted ${allotted}, the till holds ${holds}`);
        if (allotted > holds) found.lost += allotted - holds;
        else found.doubled += holds - allotted;
        spent += lot.spent;
      }
      const net = this.#points - (totals?.pointsBack ?? 0);
      if (spent !== net) fail(`${net} points are spent, the lots say ${spent}`);
      const claims = await transaction.list('claim', { equal: { doneSeq: null, releasedAtMs: null } });
      if (claims.length > 0) fail(`${claims.length} claims are still held`);
      for (const table of ['fork', 'break'] as const) {
        const count = (await transaction.list(table)).length;
        if (count > 0) fail(`the town has ${count} rows of ${table}`);
      }
    });
    return found;
  }

  /** What the till's file holds since the last look, read behind its back; keeps what it holds of each lot. */
  #newRows(): { n: number; incarnation: number; seq: number; hash: string; text: string }[] {
    const database = openReadOnly(join(this.folder, 'till', 'ledger.sqlite'));
    try {
      const rows = database
        .prepare<[number], { n: number; incarnation: number; seq: number; hash: string; text: string }>(
          'SELECT n, incarnation, seq, hash, text FROM journal WHERE n > ? ORDER BY n',
        )
        .all(this.#compared);
      for (const { n, text } of rows) {
        this.#compared = n;
        for (const { account, lot, term, amount } of (JSON.parse(text) as JournalRecord).postings) {
          if (account !== 'allotment') continue;
          const key = `${term} ${lot}`;
          this.#held.set(key, (this.#held.get(key) ?? 0) + amount);
        }
      }
      return rows;
    } finally {
      database.close();
    }
  }

  async close(): Promise<void> {
    await this.core.close();
    await this.proxy.close();
    await this.town.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
