import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../shared/assert.ts';
import { recordHash, recordText, type JournalRecord } from '../../shared/journal.ts';
import { codeFor } from '../../town-server/test-town.ts';
import { hash } from '../../town-server/crypto.ts';
import { enrolTestTill } from '../../town-server/test-till.ts';
import { countFrom, seedOfRun } from '../ledger/chance.ts';
import { townOver } from '../../electron/host-world.ts';
import { BYTES_MOST } from './bytes-most.ts';
import { placeOf, runCuts, runLineFaults, walkCuts, type ExchangeFigures } from './cuts.ts';
import { Frames } from './frames.ts';
import { Line } from './line.ts';

const CUTS = countFrom('NETWORK_CUTS', 3);
/** Enough that each kind of fault comes, whatever the seed. */
const LINE_FAULTS = countFrom('NETWORK_LINE_FAULTS', 8);
const LONG_MS = 1_200_000;

test('frames are found wherever the bytes are split, with a length, in chunks, and without a body', () => {
  const messages = [
    'POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n0\r\n\r\n2\r\nab\r\n0\r\n\r\n',
    'GET /b HTTP/1.1\r\nhost: town\r\n\r\n',
  ];
  const [first = '', second = '', third = ''] = messages;
  // A body of chunks is never cut in a line break of its own: JSON has none.
  const whole = Buffer.from(first + second.replace('3\r\n0\r\n\r\n', '1\r\n0\r\n') + third);
  const ends = (pieces: readonly Buffer[]): string[] => {
    const frames = new Frames();
    let before = 0;
    return pieces.flatMap((piece) => {
      const found = frames.feed(piece).map(({ at, what }) => `${what} ${before + at}`);
      before += piece.length;
      return found;
    });
  };
  const wanted = ends([whole]);
  expect(wanted.filter((one) => one.startsWith('end'))).toHaveLength(3);
  expect(wanted.at(-1)).toBe(`end ${whole.length}`);
  for (let at = 1; at < whole.length; at += 1)
    expect([at, ends([whole.subarray(0, at), whole.subarray(at)])]).toEqual([at, wanted]);
});

test('numbers that follow each other come to every byte, either way, once in a round, wherever they begin', () => {
  for (const from of [0, 20_781_000]) {
    const places = Array.from({ length: 2 * BYTES_MOST }, (_, step) => placeOf(from + step));
    expect(new Set(places.map(({ way, offset }) => `${way} ${offset}`)).size).toBe(2 * BYTES_MOST);
    expect(Math.max(...places.map(({ offset }) => offset))).toBe(BYTES_MOST - 1);
  }
});

test(
  'a walk over the bytes cuts each exchange at the counter and in the night, and says which places it came to',
  async () => {
    const { cut, ran, places, ...figures } = await walkCuts({ from: seedOfRun(), count: 2 * CUTS });
    console.log('walk over the bytes:', JSON.stringify({ ran, places, ...figures }));
    expect(figures).toMatchObject({ failures: [], lost: 0, doubled: 0 });
    expect(ran).toBeGreaterThan(0);
    expect(new Set(cut).size).toBe(ran);
    expect(places).toBeGreaterThan(ran);
  },
  LONG_MS,
);

describe('an exchange between a real till and a real town', () => {
  let line: Line;
  beforeAll(async () => {
    line = await Line.open();
  });
  afterAll(() => line.close());

  const expectWhole = (what: string, { failures, lost, doubled, ...figures }: ExchangeFigures): void => {
    console.log(`${what}:`, JSON.stringify({ ...figures, lost, doubled }));
    expect({ failures, lost, doubled }).toEqual({ failures: [], lost: 0, doubled: 0 });
  };

  test(
    'peers B16: cut at frame boundaries, both ways: the next try ends matched, nothing lost, nothing doubled',
    async () => {
      // Others each day; the soak comes to all of them in one part.
      const figures = await runCuts({ seed: seedOfRun(), count: 2 * CUTS, at: 'frames', line });
      expectWhole('cuts at frames', figures);
      // The fault really happened: each cut struck, and nights did not get through at the first try.
      expect(figures.ran).toBe(2 * CUTS);
      expect(figures.pending).toBeGreaterThan(0);
    },
    LONG_MS,
  );

  test(
    `cut after any number of bytes, ${CUTS} times`,
    async () => {
      const figures = await runCuts({ seed: seedOfRun(), count: CUTS, line });
      expectWhole('cuts at bytes', figures);
      // Only an exchange in which the cut came is counted.
      expect(figures.ran).toBe(CUTS);
    },
    LONG_MS,
  );

  test(
    'half open, silent, late, doubled, delayed and in drips',
    async () => {
      const figures = await runLineFaults({ seed: seedOfRun(), count: LINE_FAULTS, line });
      expectWhole('faults of the line', figures);
      expect(figures.ran).toBe(LINE_FAULTS);
      for (const kind of ['halfOpen', 'double', 'late', 'drip', 'delay'])
        expect(figures.byKind[kind], kind).toBeGreaterThan(0);
    },
    LONG_MS,
  );

  test('a poisoned record is kept apart and named by its number and fault, and everything behind it counts', async () => {
    line.proxy.arm(null);
    const { town } = line.town;
    const till = await enrolTestTill(
      townOver(() => Promise.resolve(line.proxy.url)),
      await codeFor(town, 's01'),
      Date.now,
    );
    const poison = (change: (record: JournalRecord, text: string) => string): number => {
      till.sell(1);
      const at = till.records.length - 1;
      const [record, text] = [till.records[at], till.texts[at]];
      must(record !== undefined && text !== undefined, 'a sale was recorded');
      till.texts[at] = change(record, text);
      till.hashes[at] = recordHash(till.texts[at] ?? '', hash);
      return record.seq;
    };
    till.sell(2);
    const planted = [
      [poison(() => '{"v":1,\u0000 half a rec'), 'notJson'],
      [poison((_record, text) => ` ${text}`), 'notCanonical'],
      [poison((record) => recordText({ ...record, previous: 'b'.repeat(64) })), 'brokenChain'],
      [poison((record) => recordText({ ...record, body: { receipt: 5 } })), 'wrongBody'],
      [poison((_record, text) => text.replace('"kind":"sale"', '"kind":"gift"')), 'wrongShape'],
      [poison((record) => recordText({ ...record, postings: record.postings.slice(1) })), 'unbalanced'],
    ] as const;
    till.sell(4);
    till.closePeriod();
    const answer = await till.upload();
    must(answer.kind === 'ok', 'a batch with poison in it is taken in');
    expect(answer.ack).toEqual({ seq: till.records.length, hash: till.hashes.at(-1) });
    const named = answer.quarantined.map(({ seq, reason }) => [seq, reason]);
    expect(named.map(([seq]) => seq)).toEqual(planted.map(([seq]) => seq));
    expect(named).toEqual(planted);
    till.acknowledge(answer.ack.seq);
    // Asked again, and after more sales, it is the same poison and no more.
    expect(await till.upload(1)).toEqual(answer);
    till.sell(3);
    const statement = await till.night();
    const breaks = statement.breaks.filter((one) => one.kind === 'quarantined');
    expect(breaks.map((one) => [one.seq, one.account, one.owner])).toEqual(
      planted.map(([seq, fault]) => [seq, fault, 'clerk']),
    );
    // The two sales around the poison, the one after it, and none of the poisoned.
    expect(statement.perpetual.sales).toBe(3);
    expect(statement.perpetual.totalFen).toBe((2 + 4 + 3) * 100);
  });

  test('what this comparison is there for would be found: a point too many, a record that is another', async () => {
    const clean = await line.exchange(null);
    expect(clean.doubled + clean.lost).toBe(0);
    const { store } = line.town.town;
    await store.transact(['points'], async (transaction) => {
      const lots = await transaction.list('lot');
      const lot = lots.find((one) => Object.values(one.allotted).some((points) => points > 0));
      must(lot !== undefined, 'a lot is with the till');
      const allotted = Object.fromEntries(Object.entries(lot.allotted).map(([term, points]) => [term, points + 1]));
      await transaction.put('lot', [{ ...lot, allotted }]);
    });
    const found = await line.exchange(null);
    expect(found.failures.join()).toMatch(/the law of lot|the town allotted/);
    expect(found.lost + found.doubled).toBeGreaterThan(0);
  });
});
