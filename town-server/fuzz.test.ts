import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeExchange, type ExchangeUp } from '../shared/exchange.ts';
import { exchangeRefusals } from '../shared/exchange-reasons.ts';
import { recordHash, recordText, type JournalRecord } from '../shared/journal.ts';
import { mutated, TREACHEROUS_CANONICAL } from '../shared/mutated-sample.ts';
import { hash, newId, newKeys, signWith } from './crypto.ts';
import { exchange } from './exchange.ts';
import { breaksOf, checkLaws, openTestTown } from './test-town.ts';
import { enrolTestTill } from './test-till.ts';

/** More for a soak; a run here is a whole town with its till. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? '40');
const SLOWEST_MS = 20_000 + RUNS * 500;

const member = { id: 'm1', lots: [{ id: 'lot1', points: 500 }] };

async function aTown() {
  const town = await openTestTown([member]);
  const till = await enrolTestTill(town.api, await town.code(), town.nowMs);
  await till.night();
  await till.night();
  return { town, till };
}

type Aged = Awaited<ReturnType<typeof aTown>>['till'];

/** Puts another text in a record's place and chains what is behind it anew, as a till with a fault in it would. */
function rewrite(till: Aged, index: number, text: string): void {
  for (let at = index; at < till.records.length; at += 1) {
    const record = till.records[at];
    if (record === undefined) return;
    const next = at === index ? text : recordText({ ...record, previous: till.hashes[at - 1] ?? record.previous });
    till.texts[at] = next;
    till.hashes[at] = recordHash(next, hash);
  }
}

/** Both sides of the postings of an amount take another one, so that the record still balances. */
function withAmounts(record: JournalRecord, amount: number): JournalRecord {
  const [first] = record.postings;
  if (first === undefined) return record;
  const twin = record.postings.find((one) => one.unit === first.unit && one.lot === first.lot && one !== first);
  return twin === undefined
    ? record
    : {
        ...record,
        postings: [
          { ...first, amount },
          { ...twin, amount: -amount },
        ],
      };
}

test(
  'whatever one record of a till says, the others count, the laws hold and a statement is signed (invariant 29)',
  async () => {
    const change = fc.record({
      record: fc.nat(),
      at: fc.nat(),
      how: fc.nat(),
      amounts: fc.option(fc.nat(), { nil: null }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ record, at, how, amounts }) => {
        const { town, till } = await aTown();
        const first = till.records.length;
        const sale = till.sell(10, 'm1', 4);
        till.refund(sale, 2);
        till.closePeriod();
        const wanted = first + (record % (till.records.length - first));
        const original = till.records[wanted];
        if (original === undefined) return;
        const sizes = [1, -1, -3, -400, 1e6, -1e6, 1e7, 1e11, 1e13, -1e15, Number.MAX_SAFE_INTEGER];
        const changed =
          amounts === null
            ? (mutated(original, at, how, TREACHEROUS_CANONICAL) as JournalRecord)
            : withAmounts(original, sizes[amounts % sizes.length] ?? 1);
        rewrite(till, wanted, recordText(changed));
        const uploaded = await till.upload();
        expect(uploaded.kind, JSON.stringify(changed)).toBe('ok');
        till.acknowledge(till.records.length);
        till.sell(3, 'm1', 1);
        await till.push();
        const answer = await till.settle();
        expect(answer.kind, JSON.stringify(changed)).toBe('ok');
        await checkLaws(town.town);
        // What is wrong with it has a name and an owner.
        for (const one of await breaksOf(town.town)) expect(one.owner, JSON.stringify(one)).not.toBe('');
        const other = await enrolTestTill(town.api, await town.code(), town.nowMs);
        await other.night();
        other.sell(1, 'm1', 0);
        await other.night();
      }),
      { numRuns: RUNS },
    );
  },
  SLOWEST_MS,
);

for (const name of ['constructor', 'toString', '__proto__']) {
  test(`a closing that claims an account named ${name} is a break, and stops nothing`, async () => {
    const { town, till } = await aTown();
    till.sell(2);
    till.closePeriod();
    const closing = till.records.at(-1);
    if (closing === undefined) throw new Error('the period was not closed');
    const totals = { ...(closing.body['totals'] as object), accounts: Object.fromEntries([[name, 5]]) };
    rewrite(till, till.records.length - 1, recordText({ ...closing, body: { ...closing.body, totals } }));
    await till.push();
    expect((await till.settle()).kind).toBe('ok');
    const found = await breaksOf(town.town);
    // What it signed is not what it says now, whatever else of it was readable.
    expect(found.map((one) => one.kind)).toContain('closingWrong');
    for (const one of found) if (one.account === name) expect([one.tillAmount, one.townAmount]).toEqual([5, 0]);
  });

  test(`points spent of a term named ${name} are a shortfall, and the law of the lot holds`, async () => {
    const { town, till } = await aTown();
    till.sell(10, 'm1', 4);
    const index = till.records.length - 1;
    const sale = till.records[index];
    if (sale === undefined) throw new Error('nothing was sold');
    const postings = sale.postings.map((one) => (one.term === undefined ? one : { ...one, term: name }));
    rewrite(till, index, recordText({ ...sale, postings }));
    await till.push();
    expect((await till.settle()).kind).toBe('ok');
    await checkLaws(town.town);
    expect((await breaksOf(town.town)).map((one) => [one.kind, one.tillAmount])).toContainEqual(['shortfall', 4]);
  });
}

test(
  'a request with one thing wrong is refused by name or by the contract, and never thrown on',
  async () => {
    const { town, till } = await aTown();
    till.sell(2);
    await till.push();
    const requests = {
      hello: { nonce: newId(), seq: 0, hash: '0'.repeat(64) },
      upload: {
        firstSeq: 1,
        lastSeq: 1,
        headHash: till.hashes[0] ?? '',
        records: till.texts.slice(0, 1),
      },
      ownRecords: { of: 1, afterSeq: 0, hash: '0'.repeat(64) },
      bringRecords: { of: 1, firstSeq: 1, lastSeq: 1, headHash: till.hashes[0] ?? '', records: till.texts.slice(0, 1) },
      settle: { seq: 1, hash: till.hashes[0] ?? '', afterStatement: 0 },
      statement: { number: 1 },
      topUp: { request: newId(), term: till.term() ?? '', member: 'm1' },
      movements: { request: newId(), card: 'card-m1' },
      findSale: { request: newId(), receipt: 't01-1-1' },
      claim: { request: newId(), receipt: 't01-1-1', lines: [{ line: 0, quantity: 1 }] },
      releaseClaim: { request: newId() },
      members: { since: 0 },
      policies: { since: 0 },
      catalogue: { since: 0 },
    } as const;
    const names = Object.keys(requests) as (keyof typeof requests)[];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.nat(), fc.nat(), async (name, at, how) => {
        // Signed as it is sent: what is wrong with it was signed, too.
        const fields = mutated(requests[name], at, how, TREACHEROUS_CANONICAL);
        if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return;
        const call = town.api[name] as unknown as (input: unknown) => Promise<{ kind: string; reason?: string }>;
        const answer = await call(till.signed(fields as Parameters<typeof till.signed>[0])).catch((error: unknown) => {
          // The contract's own word for input that is none.
          if (error instanceof Error && 'code' in error && error.code === 'BAD_REQUEST')
            return { kind: 'refused', reason: 'BAD_REQUEST' };
          throw error;
        });
        expect(['ok', 'refused'], JSON.stringify(fields)).toContain(answer.kind);
        if (answer.kind === 'refused') expect(answer.reason).toMatch(/^\w+$/);
      }),
      { numRuns: RUNS * 3 },
    );
    await till.night();
    await checkLaws(town.town, [till]);
  },
  SLOWEST_MS,
);

test(
  'an exchange file with one thing wrong in what was signed is refused by name, or does its other work',
  async () => {
    const { town, till } = await aTown();
    const keys = newKeys();
    const known = new Set<string>(exchangeRefusals);
    const content: ExchangeUp = {
      v: 1,
      way: 'toTown',
      town: null,
      till: null,
      incarnation: 1,
      number: 1,
      madeAtMs: 1,
      enrol: { code: 'AAAA-BBBB', publicKey: keys.publicKey, incarnationId: newId(), till: null, incarnation: 1 },
      hello: till.signed({ nonce: newId(), seq: 0, hash: '0'.repeat(64) }),
      older: [till.signed({ of: 1, afterSeq: 0, hash: '0'.repeat(64) })],
      brought: [],
      uploads: [
        till.signed({ firstSeq: 1, lastSeq: 1, headHash: till.hashes[0] ?? '', records: till.texts.slice(0, 1) }),
      ],
      reports: [
        till.signed({
          request: newId(),
          member: 'm1',
          card: 'card-m1',
          atMs: 1,
          blank: { tokenHash: '0'.repeat(64), lastFour: '4321', lastSix: '654321' },
        }),
      ],
      topUps: [till.signed({ request: newId(), term: till.term() ?? '', member: 'm1', seq: 1 })],
      releases: [till.signed({ request: newId() })],
      settle: till.signed({ seq: 1, hash: till.hashes[0] ?? '', afterStatement: 0 }),
      policies: till.signed({ since: 0 }),
      members: till.signed({ since: 0 }),
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.boolean(), async (at, how, isNamed) => {
        const whole = isNamed ? { ...content, ...till.from, enrol: null } : content;
        const file = writeExchange(
          mutated(whole, at, how, TREACHEROUS_CANONICAL) as ExchangeUp,
          keys.publicKey,
          signWith(keys.privateKey),
        );
        const answer = await exchange(town.town, file);
        if (answer.kind === 'refused') expect(known.has(answer.reason), answer.reason).toBe(true);
      }),
      { numRuns: RUNS },
    );
    await checkLaws(town.town);
  },
  SLOWEST_MS,
);
