import type { JournalRecord } from '../../shared/journal.ts';
import { createMemoryStore, type MemoryStore, type StoreImage } from '../../town-server/memory-store.ts';
import { foldNext } from '../../town-server/settle.ts';
import type { Rows } from '../../town-server/store.ts';
import type { Town } from '../../town-server/town.ts';
import { createRandom, type Random } from './random.ts';
import type { Simulation } from './simulation.ts';
import { ensure } from './violation.ts';

/** What the fold of records writes: everything in it must come out the same, whoever is heard first (invariant 26). */
const FOLDED = ['lot', 'sale', 'spending', 'payable', 'tillDay'] as const;

/** A town that has every grant behind it and no record yet: what tills hold left the free part, and nothing is spent. */
function beforeRecords(simulation: Simulation): StoreImage {
  const { town } = simulation;
  const granted = new Map<string, Map<string, number>>();
  for (const { term, lots } of town.rows('grant')) {
    for (const { lot, points } of lots) {
      const terms = granted.get(lot) ?? new Map<string, number>();
      terms.set(term, (terms.get(term) ?? 0) + points);
      granted.set(lot, terms);
    }
  }
  const image = new Map(town.image());
  const rowsOf = <Row>(rows: readonly Row[], key: (row: Row) => string): Map<string, Row> =>
    new Map(rows.map((row) => [JSON.stringify([key(row)]), row]));
  const lots = town.rows('lot').filter((lot) => lot.note !== 'refund');
  image.set(
    'lot',
    rowsOf(
      lots.map((lot): Rows['lot'] => {
        const allotted = Object.fromEntries(granted.get(lot.lot) ?? []);
        const moved = Object.values(allotted).reduce((sum, points) => sum + points, 0);
        // Points went round: what a term gave back was granted again, so all of it together may be more than the lot.
        const issued = Math.max(lot.issued, moved);
        const none = { spent: 0, expired: 0, shortfall: 0, overdrawn: 0, unlisted: 0 };
        return { ...lot, ...none, issued, free: issued - moved, allotted };
      }),
      (lot) => lot.lot,
    ),
  );
  for (const table of ['sale', 'spending', 'payable', 'tillDay', 'break', 'movement'] as const) image.delete(table);
  const chains = town
    .rows('incarnation')
    .map((row): [string, Rows['incarnation']] => [
      JSON.stringify([row.till, row.incarnation]),
      { ...row, settledSeq: 0, perpetual: noTotals(), period: 1, periodTotals: noTotals(), closedPeriod: null },
    ]);
  image.set('incarnation', new Map(chains));
  return image;
}

function noTotals(): Rows['incarnation']['perpetual'] {
  const none = { records: 0, sales: 0, refunds: 0, lines: 0, totalFen: 0, pointsSpent: 0, pointsBack: 0 };
  return { ...none, cashFen: 0, mobileFen: 0, accounts: {} };
}

/** Folds every chain to its end, a few records at a time, whichever chain chance picks next. */
async function foldAll(
  town: Town,
  store: MemoryStore,
  heads: readonly Rows['head'][],
  random: Random,
): Promise<string> {
  const left = heads.map((head) => ({ ...head, folded: 0 }));
  while (left.length > 0) {
    const chain = random.pick(left);
    const until = Math.min(chain.seq, chain.folded + random.between(1, 40));
    await store.transact(['points'], (transaction) =>
      foldNext({ ...town, store }, transaction, chain.till, chain.incarnation, until),
    );
    chain.folded = until;
    if (until === chain.seq) left.splice(left.indexOf(chain), 1);
  }
  const tables = FOLDED.map((table) => {
    const rows = [...store.rows(table)].map((row) => sortedJson(row));
    return `${table}\n${rows.toSorted().join('\n')}`;
  });
  const totals = [...store.rows('incarnation')].map(({ till, incarnation, perpetual }) =>
    sortedJson({ till, incarnation, perpetual }),
  );
  return [...tables, ...totals.toSorted()].join('\n');
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

/**
 * Goods of one sale that came back at two tills, at one into its term and at the other into the free part, or after the
 * lot's last day by its clock: the first that is heard decides where the points go, and the town names both for a person
 * to judge.
 */
function isBackInTwoPlaces({ town }: Simulation): boolean {
  const twice = new Set(
    town
      .rows('break')
      .flatMap(({ kind, account }) => (kind === 'refundedTwice' ? [account?.slice('points '.length)] : [])),
  );
  if (twice.size === 0) return false;
  const places = new Map<string, Set<string>>();
  const lastDays = new Map(town.rows('lot').map((lot) => [lot.lot, lot.expiresOn]));
  for (const { text, fault } of town.rows('record')) {
    if (fault !== null) continue;
    const record = JSON.parse(text) as JournalRecord;
    if (record.kind !== 'refund') continue;
    for (const { account, lot = '', term = '' } of record.postings) {
      if (!twice.has(lot) || (account !== 'allotment' && account !== 'returned')) continue;
      const place = `${account} ${term} ${(lastDays.get(lot) ?? '') < record.businessDay}`;
      places.set(lot, (places.get(lot) ?? new Set()).add(place));
    }
  }
  return [...places.values()].some((ofLot) => ofLot.size > 1);
}

/** The records of all tills in two orders of arrival: every balance comes out the same. */
export async function checkOrder(simulation: Simulation): Promise<void> {
  const { town, options } = simulation;
  // A lot that a refund brought to life is granted only once that refund was heard: there the order is not free.
  const reborn = new Set(town.rows('lot').flatMap((lot) => (lot.note === 'refund' ? [lot.lot] : [])));
  if (town.rows('grant').some((grant) => grant.lots.some(({ lot }) => reborn.has(lot)))) return;
  if (isBackInTwoPlaces(simulation)) return;
  const image = beforeRecords(simulation);
  const heads = town.rows('head').filter((head) => head.seq > 0);
  const results: string[] = [];
  for (const turn of ['one', 'two']) {
    const random = createRandom(`${options.seed}:order:${turn}`);
    results.push(await foldAll(town.town(), createMemoryStore(image), heads, random));
  }
  const [one = '', two = ''] = results;
  ensure(one === two, 'orderOfArrival', () => firstDifference(one, two));
}

function firstDifference(one: string, two: string): string {
  const others = two.split('\n');
  const at = one.split('\n').findIndex((line, index) => line !== others[index]);
  return `${one.split('\n')[at]} / ${others[at]}`;
}
