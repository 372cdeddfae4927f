import { createORPCClient } from '@orpc/client';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import { lawHolds } from '../../shared/allotment.ts';
import { townContract } from '../../shared/town-contract.ts';
import type { StartedTown } from '../../town-server/server.ts';
import { enrolTestTill, type TestTill } from '../../town-server/test-till.ts';
import { codeFor } from '../../town-server/test-town.ts';
import type { Chance } from '../ledger/chance.ts';

/** What came of a row of faults at a town; `failures` are sentences, each with what repeats it. */
export type TownFigures = { seed: number; ran: number; lost: number; doubled: number; failures: string[] };

export const noTownFigures = (seed: number): TownFigures => ({ seed, ran: 0, lost: 0, doubled: 0, failures: [] });

type Ack = Readonly<{ seq: number; hash: string }>;

/** A till that uploads all the time, and the newest acknowledgement that it heard. */
export type Uploader = Readonly<{ till: TestTill; ack: () => Ack }>;

/** Enrols a till of the demo shop over HTTP; the address is asked anew at each call, since a town may move. */
export async function enrolUploader(town: StartedTown, url: () => string): Promise<TestTill> {
  const link = new OpenAPILink(townContract, { url: () => `${url()}/api` });
  return enrolTestTill(createORPCClient(link), await codeFor(town.town, 's01'), Date.now);
}

/**
 * Tills that sell and upload side by side until they are stopped, in small batches: most of them once, some twice at the
 * same moment, some again long after, some before the batch that they follow. No answer is waited for twice: what is cut
 * off is sent again with the next.
 */
export class Intake {
  /** Requests that no answer has come for yet. */
  underWay = 0;
  answered = 0;
  replayed = 0;
  early = 0;
  /** Acknowledgements of something that the till never had; there are none. */
  readonly strange: string[] = [];
  readonly #acks: Map<TestTill, Ack>;
  readonly #heard: (till: TestTill, ack: Ack) => void;
  #stopped = false;
  #work: Promise<unknown>;

  constructor(tills: readonly TestTill[], chance: Chance, heard: (till: TestTill, ack: Ack) => void = () => {}) {
    this.#acks = new Map(tills.map((till) => [till, { seq: 0, hash: '' }]));
    this.#heard = heard;
    this.#work = Promise.all(tills.map((till) => this.#keepOn(till, chance)));
  }

  ackOf(till: TestTill): Ack {
    return this.#acks.get(till) ?? { seq: 0, hash: '' };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  async #keepOn(till: TestTill, chance: Chance): Promise<void> {
    while (!this.#stopped) {
      const count = 1 + chance.below(5);
      for (let sale = 0; sale < count; sale += 1) till.sell(1 + chance.below(3));
      const first = this.ackOf(till).seq + 1;
      const last = till.records.length;
      const how = chance.below(10);
      if (how === 0) await Promise.all([this.#upload(till, first, last), this.#upload(till, first, last)]);
      else if (how === 1 && first > 2) {
        this.replayed += 1;
        await this.#upload(till, 1 + chance.below(first - 1), last);
      } else if (how === 2 && last > first) {
        this.early += 1;
        await Promise.all([this.#upload(till, first + 1, last), this.#upload(till, first, first)]);
      } else await this.#upload(till, first, last);
    }
  }

  async #upload(till: TestTill, first: number, last: number): Promise<void> {
    this.underWay += 1;
    try {
      const answer = await till.upload(first, last);
      // What comes before the batch that it follows is refused, and sent again behind it.
      if (answer.kind === 'refused') {
        if (answer.reason !== 'gap') this.strange.push(`an honest batch was refused: ${answer.reason}`);
        return;
      }
      this.answered += 1;
      const { ack } = answer;
      if (ack.seq > till.records.length || ack.hash !== till.hashes[ack.seq - 1])
        this.strange.push(`record ${ack.seq} of ${till.from.till} was acknowledged with another hash`);
      if (answer.quarantined.length > 0) this.strange.push(`record ${answer.quarantined[0]?.seq} was called poison`);
      if (ack.seq <= this.ackOf(till).seq) return;
      this.#acks.set(till, ack);
      till.acknowledge(ack.seq);
      this.#heard(till, ack);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      this.underWay -= 1;
    }
  }
}

/**
 * Holds the rows of a till's chain against its own texts: everything acknowledged is there (invariant 23), nothing twice,
 * nothing that is another, and the head stands where the rows end.
 */
export async function checkHeld(
  town: StartedTown,
  till: TestTill,
  acknowledged: number,
  figures: TownFigures,
  where: string,
): Promise<number> {
  const { till: name, incarnation } = till.from;
  // The chain's own lock, so that no batch comes in between rows and head.
  return town.town.store.transact([`intake:${name}:${incarnation}`], async (transaction) => {
    const rows = await transaction.list('record', { equal: { till: name, incarnation } });
    const head = await transaction.get('head', { till: name, incarnation });
    const fail = (text: string): void => void figures.failures.push(`${where}: ${name} ${text}`);
    if (rows.length < acknowledged) {
      figures.lost += acknowledged - rows.length;
      fail(`${acknowledged - rows.length} acknowledged records are gone`);
    }
    if ((head?.seq ?? 0) !== rows.length) fail(`its head is ${head?.seq ?? 0}, its rows are ${rows.length}`);
    const texts = new Set(rows.map((row) => row.text));
    figures.doubled += rows.length - texts.size;
    if (texts.size !== rows.length) fail(`${rows.length - texts.size} records are there twice`);
    const other = rows.find(
      ({ seq, hash, text }, index) => seq !== index + 1 || hash !== till.hashes[index] || text !== till.texts[index],
    );
    if (other !== undefined) fail(`record ${other.seq} is another one`);
    return rows.length;
  });
}

/** Every lot keeps its law, and no chain is in doubt. */
export async function checkTown(town: StartedTown, figures: TownFigures, where: string): Promise<void> {
  await town.town.store.transact([], async (transaction) => {
    for (const lot of await transaction.list('lot'))
      if (!lawHolds(lot)) figures.failures.push(`${where}: the law of lot ${lot.lot} is broken`);
    for (const table of ['fork', 'break'] as const) {
      const count = (await transaction.list(table)).length;
      if (count > 0) figures.failures.push(`${where}: ${count} rows of ${table}`);
    }
  });
}

/** Ends with a night at each till: the statement must count every sale that was rung up, once. */
export async function checkNights(tills: readonly TestTill[], figures: TownFigures, where: string): Promise<void> {
  for (const till of tills) {
    const statement = await till.night();
    const sales = till.records.filter((record) => record.kind === 'sale').length;
    const counted = statement.perpetual.sales;
    if (counted < sales) figures.lost += sales - counted;
    if (counted > sales) figures.doubled += counted - sales;
    if (counted !== sales || statement.breaks.length > 0)
      figures.failures.push(
        `${where}: ${till.from.till} sold ${sales}, the town counts ${counted}, ${statement.breaks.length} breaks`,
      );
  }
}
