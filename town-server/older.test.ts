import { beforeEach, describe, expect, test } from 'vitest';
import { must } from '../shared/assert.ts';
import { GENESIS_PREVIOUS } from '../shared/journal.ts';
import { unseal } from '../shared/signed.ts';
import { sealedAckSchema } from '../shared/town-contract.ts';
import { verify } from './crypto.ts';
import { enrolTestTill, type TestTill } from './test-till.ts';
import { breaksOf, checkLaws, codeFor, openTestTown, type TestTown } from './test-town.ts';

const MEMBER = { id: 'm1', lots: [{ id: 'lot1', points: 100 }] };

let town: TestTown;
let first: TestTill;
let second: TestTill;

/** A till that sold, then came back as its next incarnation on another folder. */
beforeEach(async () => {
  town = await openTestTown([MEMBER]);
  first = await enrolTestTill(town.api, await town.code(), town.nowMs);
  await first.night();
  first.sell(5, 'm1', 3);
  await first.night();
  await first.push();
  const code = await codeFor(town.town, 's01', first.from.till);
  second = await enrolTestTill(town.api, code, town.nowMs, { till: first.from.till, incarnation: 2 });
});

const own = (till: TestTill, of: number, afterSeq: number, hash: string) =>
  town.api.ownRecords(till.signed({ of, afterSeq, hash }));
const bring = (till: TestTill, of: number, from: TestTill, firstSeq: number, lastSeq = from.texts.length) =>
  town.api.bringRecords(
    till.signed({
      of,
      firstSeq,
      lastSeq,
      headHash: from.hashes[lastSeq - 1] ?? '',
      records: from.texts.slice(firstSeq - 1, lastSeq),
    }),
  );

describe('what a restored folder lacks', () => {
  test('comes back as the exact bytes that were sent, from any sequence on, to the old key and to the next', async () => {
    for (const till of [first, second]) {
      for (const seq of [0, 1, 4]) {
        const answer = await own(till, 1, seq, first.hashes[seq - 1] ?? GENESIS_PREVIOUS);
        must(answer.kind === 'ok', JSON.stringify(answer));
        expect(answer.records).toEqual(first.texts.slice(seq));
        const ack = unseal('ack', answer.ack, town.town.publicKey, verify, (value) => sealedAckSchema.parse(value));
        const held = { of: 1, till: first.from.till, seq: first.texts.length, hash: first.hashes.at(-1) };
        expect(ack).toMatchObject({ kind: 'opened', value: held });
      }
    }
  });

  test('is nothing for a till that holds all or more', async () => {
    const head = first.texts.length;
    expect(await own(second, 1, head, first.hashes.at(-1) ?? '')).toMatchObject({ kind: 'ok', records: [] });
    expect(await own(second, 1, head + 7, 'f'.repeat(64))).toMatchObject({ kind: 'ok', records: [] });
  });

  test('is refused to another record at its place, which is named as a fork', async () => {
    expect(await own(second, 1, 3, 'f'.repeat(64))).toEqual({ kind: 'refused', reason: 'fork' });
    expect((await breaksOf(town.town)).map((one) => [one.kind, one.incarnation, one.seq])).toEqual([['fork', 1, 3]]);
  });

  test('is refused to another till, to a stranger, of a later incarnation, and to altered requests', async () => {
    const other = await enrolTestTill(town.api, await town.code(), town.nowMs);
    expect(await own(other, 1, 0, GENESIS_PREVIOUS)).toMatchObject({ kind: 'ok', records: [] });
    const asked = second.signed({ of: 1, afterSeq: 0, hash: GENESIS_PREVIOUS });
    expect(await town.api.ownRecords({ ...asked, till: other.from.till, incarnation: 1 })).toMatchObject({
      reason: 'wrongSignature',
    });
    expect(await own(first, 2, 0, GENESIS_PREVIOUS)).toMatchObject({ reason: 'unknownIncarnation' });
    expect(await own(second, 3, 0, GENESIS_PREVIOUS)).toMatchObject({ reason: 'unknownIncarnation' });
  });
});

describe('what an ended incarnation never sent', () => {
  test('is taken in, counted once and settled, however often it is brought', async () => {
    const acked = first.texts.length;
    first.sell(7, 'm1', 4);
    for (let time = 0; time < 3; time += 1) {
      expect(await bring(second, 1, first, acked + 1)).toMatchObject({
        kind: 'ok',
        ack: { seq: first.texts.length },
        quarantined: [],
      });
    }
    await checkLaws(town.town);
    const [lot] = await town.town.store.transact([], (transaction) => transaction.list('lot'));
    expect(lot?.spent).toBe(7);
    expect(await breaksOf(town.town)).toEqual([]);
  });

  test('of an incarnation that never had a code is known by its genesis; its key opens nothing', async () => {
    const code = await codeFor(town.town, 's01', first.from.till);
    const third = await enrolTestTill(town.api, code, town.nowMs, { till: first.from.till, incarnation: 5 });
    // A till of incarnation 4 on paper: made at another town, so that this one never enrolled it.
    const elsewhere = await openTestTown([MEMBER]);
    const foreignFirst = await enrolTestTill(elsewhere.api, await elsewhere.code(), elsewhere.nowMs);
    const foreignCode = await codeFor(elsewhere.town, 's01', foreignFirst.from.till);
    const fourth = await enrolTestTill(elsewhere.api, foreignCode, elsewhere.nowMs, {
      till: foreignFirst.from.till,
      incarnation: 4,
    });
    fourth.sell(2);
    expect(await bring(third, 4, fourth, 2)).toMatchObject({ reason: 'unknownIncarnation' });
    expect(await bring(third, 4, fourth, 1)).toMatchObject({ kind: 'ok', ack: { seq: 2 } });
    const hello = fourth.signed({ nonce: 'nonce-nonce', seq: 2, hash: fourth.hashes[1] ?? '' });
    expect(await town.api.hello(hello)).toMatchObject({ reason: 'unknownIncarnation' });
    expect(await own(third, 4, 0, GENESIS_PREVIOUS)).toMatchObject({ kind: 'ok', records: fourth.texts });
  });

  test('is refused with another chain behind the same head, which is kept apart', async () => {
    const other = await enrolTestTill(town.api, await town.code(), town.nowMs);
    other.sell(1);
    expect(await bring(second, 1, other, 1)).toMatchObject({ kind: 'refused', reason: 'fork' });
    expect((await breaksOf(town.town)).map((one) => one.kind)).toContain('fork');
  });

  test('is no part of a chain that another machine was enrolled for: a fork, of which nothing is taken', async () => {
    const enrolAs = async (of: TestTown, till: string, incarnation: number) =>
      enrolTestTill(of.api, await codeFor(of.town, 's01', till), of.nowMs, { till, incarnation });
    const original = await enrolAs(town, first.from.till, 3);
    // On a copy of the folder the same number was taken, before anybody had given it a code.
    const elsewhere = await openTestTown([MEMBER]);
    const there = await enrolTestTill(elsewhere.api, await elsewhere.code(), elsewhere.nowMs);
    const copy = await enrolAs(elsewhere, there.from.till, 3);
    copy.sell(2);
    const latest = await enrolAs(town, first.from.till, 4);
    expect(await bring(latest, 3, copy, 1)).toEqual({ kind: 'refused', reason: 'fork' });
    expect((await breaksOf(town.town)).map(({ kind, incarnation }) => ({ kind, incarnation }))).toContainEqual({
      kind: 'fork',
      incarnation: 3,
    });
    original.sell(1);
    await original.push();
    expect(await own(latest, 3, 0, GENESIS_PREVIOUS)).toMatchObject({ kind: 'ok', records: original.texts });
  });

  test('is not taken of the present incarnation or a later one', async () => {
    expect(await bring(second, 2, second, 1)).toMatchObject({ reason: 'unknownIncarnation' });
    expect(await bring(first, 2, second, 1)).toMatchObject({ reason: 'unknownIncarnation' });
  });
});
