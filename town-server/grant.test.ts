import { expect, test } from 'vitest';
import { allotmentInPostings } from '../shared/posting.ts';
import { enrolTestTill } from './test-till.ts';
import { breaksOf, checkLaws, lotsOf, openTestTown } from './test-town.ts';

const BEN = { id: 'ben', lots: [{ id: 'lot-c', points: 100 }] };

/** Two tills of one shop; the first was granted all of the member's points, and the town has not heard that it knows. */
async function twoTills() {
  const opened = await openTestTown([BEN]);
  const first = await enrolTestTill(opened.api, await opened.code(), opened.nowMs);
  await first.push();
  const {
    grants: [grant],
    term,
  } = await first.night();
  if (grant === undefined) throw new Error('the first till was granted nothing');
  const second = await enrolTestTill(opened.api, await opened.code(), opened.nowMs);
  const named = async () => (await breaksOf(opened.town)).map((one) => [one.till, one.kind, one.account]);
  const allotted = async () => (await lotsOf(opened.town))[0]?.allotted[term.id] ?? 0;
  return { ...opened, first, second, grant, named, allotted };
}

test('what another till than the one it names spends of a grant is nobody’s points (invariants 16 and 19)', async () => {
  const { town, first, second, grant, named, allotted } = await twoTills();
  second.take(grant, 'statement');
  second.sell(30, 'ben', 30);
  await second.night();
  expect(await named()).toEqual([
    [second.from.till, 'shortfall', 'points granted'],
    [second.from.till, 'shortfall', 'points lot-c'],
  ]);
  expect(await allotted()).toBe(100);
  expect((await lotsOf(town))[0]).toMatchObject({ spent: 30, shortfall: 30 });
  // The till that it was meant for spends it all the same.
  first.sell(100, 'ben', 100);
  await first.night();
  expect((await lotsOf(town))[0]).toMatchObject({ spent: 130, shortfall: 30, free: 0 });
  await checkLaws(town);
});

test('a grant that its till writes down a second time is named, and fills no term twice (invariants 14 and 19)', async () => {
  const { town, first, grant, named, allotted } = await twoTills();
  await first.night();
  first.record('allotmentIn', { source: 'topUp', grant }, allotmentInPostings(grant.term, grant.lots));
  for (const lot of grant.lots) first.held.set(`${grant.term} ${lot.lot}`, { ...lot, term: grant.term, points: 200 });
  first.sell(160, 'ben', 160);
  await first.night();
  expect(await named()).toEqual([
    [first.from.till, 'shortfall', 'points granted'],
    [first.from.till, 'shortfall', 'points lot-c'],
  ]);
  expect(await allotted()).toBe(0);
  expect((await lotsOf(town))[0]).toMatchObject({ spent: 160, shortfall: 60 });
  await checkLaws(town);
});
