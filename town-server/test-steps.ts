import fc from 'fast-check';
import { canonical } from '../shared/canonical.ts';
import { HOUR_MS } from '../shared/time.ts';
import { newId } from './crypto.ts';
import { issueLot } from './points.ts';
import { enrolTestTill, type SaleOf, type TestTill } from './test-till.ts';
import { addShop, breaksOf, checkLaws, codeFor, lotsOf, type TestTown } from './test-town.ts';
import { must } from '../shared/assert.ts';
import { asCanonical } from './town.ts';

export const ANNA = {
  id: 'anna',
  lots: [
    { id: 'lot-a', points: 60 },
    { id: 'lot-b', points: 40 },
  ],
};
export const BEN = { id: 'ben', lots: [{ id: 'lot-c', points: 100 }] };
const MEMBERS = ['anna', 'ben'] as const;

type Made = {
  sale: SaleOf;
  till: TestTill;
  refunded: boolean;
  /** A claim of another till on it whose answer was lost: the till lets it go before it asks again. */
  lost: { till: TestTill; claim: string } | null;
};

/**
 * Takes the steps with two tills in one shop and a third in another, checking the laws after each; then lets every
 * message through and checks that town and tills agree to the point, that nothing was spent twice and nobody is short.
 */
export async function runSteps(opened: TestTown, steps: readonly Step[]): Promise<void> {
  const { town, api, nowMs } = opened;
  await addShop(town, 's02');
  const tills = [
    await enrolTestTill(api, await opened.code(), nowMs),
    await enrolTestTill(api, await opened.code(), nowMs),
    await enrolTestTill(api, await codeFor(town, 's02'), nowMs),
  ];
  const sales: Made[] = [];
  for (const step of steps) {
    await take(step, opened, tills, sales);
    await checkLaws(town);
  }
  // Several rounds: what one till gives back or refunds reaches another only in the round after.
  for (const till of [...tills, ...tills, ...tills, ...tills]) await till.night();
  await checkLaws(town, tills);
  const lots = await lotsOf(town);
  const spent = sales.filter((one) => !one.refunded).reduce((sum, { sale }) => sum + pointsOf(sale), 0);
  const spentAtTown = lots.reduce((sum, lot) => sum + lot.spent, 0);
  must(spentAtTown === spent, `${spent} points were spent, the town counts ${spentAtTown}`);
  must(
    lots.every((lot) => lot.shortfall === 0),
    'honest tills leave no shortfall',
  );
  const kinds = (await breaksOf(town)).map((one) => one.kind).filter((kind) => kind !== 'capExceeded');
  must(kinds.length === 0, `honest tills leave no breaks: ${kinds.join(', ')}`);
}

/** What may happen in any order; every answer may be lost, every message may come twice. */
export type Step =
  | { kind: 'sell'; till: number; member: number; points: number }
  | { kind: 'refund'; till: number; sale: number }
  | { kind: 'refundElsewhere'; till: number; sale: number; lost: boolean; twice: boolean }
  | { kind: 'upload'; till: number; lost: boolean; twice: boolean }
  | { kind: 'settle'; till: number; lost: boolean; twice: boolean }
  | { kind: 'topUp'; till: number; member: number; lost: boolean }
  | { kind: 'issue'; member: number; points: number }
  | { kind: 'wait'; hours: number };

const tillNumber = fc.nat({ max: 2 });
const memberNumber = fc.nat({ max: 1 });
export const aStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('sell' as const),
      till: tillNumber,
      member: memberNumber,
      points: fc.nat({ max: 40 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('refund' as const), till: tillNumber, sale: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('refundElsewhere' as const),
      till: tillNumber,
      sale: fc.nat(),
      lost: fc.boolean(),
      twice: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('upload' as const),
      till: tillNumber,
      lost: fc.boolean(),
      twice: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      till: tillNumber,
      lost: fc.boolean(),
      twice: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('topUp' as const),
      till: tillNumber,
      member: memberNumber,
      lost: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('issue' as const),
      member: memberNumber,
      points: fc.integer({ min: 1, max: 50 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 30 }) }) },
);

function canonicalOf(value: object): string {
  return canonical(asCanonical(value));
}

function pointsOf(sale: SaleOf): number {
  return sale.lots.reduce((sum, lot) => sum + lot.points, 0);
}

async function take(step: Step, opened: TestTown, tills: readonly TestTill[], sales: Made[]): Promise<void> {
  if (step.kind === 'wait') {
    opened.clock.ms += step.hours * HOUR_MS;
    return;
  }
  if (step.kind === 'issue') {
    const member = MEMBERS[step.member] ?? 'anna';
    const lot = {
      id: newId(),
      member,
      village: 'v01',
      fund: 'fund',
      points: step.points,
      earnedOn: '2026-11-01',
      note: '',
    };
    await opened.town.store.transact(['points'], (transaction) => issueLot(opened.town, transaction, lot));
    return;
  }
  const till = tills[step.till];
  if (till === undefined) return;
  switch (step.kind) {
    case 'sell': {
      const member = MEMBERS[step.member] ?? 'anna';
      const points = Math.min(step.points, till.spendable(member));
      sales.push({ sale: till.sell(points + 1, member, points), till, refunded: false, lost: null });
      return;
    }
    case 'refund': {
      // A till that may be claimed from elsewhere is asked for its own goods only where nobody else has them.
      const own = sales.filter((one) => !one.refunded && one.lost === null && one.till === till);
      const chosen = own[step.sale % Math.max(1, own.length)];
      if (chosen === undefined) return;
      chosen.refunded = true;
      till.refund(chosen.sale, chosen.sale.pieces, till.term());
      return;
    }
    case 'refundElsewhere': {
      const others = sales.filter((one) => !one.refunded && one.till !== till);
      const chosen = others[step.sale % Math.max(1, others.length)];
      if (chosen === undefined) return;
      const claim = newId();
      if (chosen.lost !== null) {
        const elsewhere = await till.claim(chosen.sale);
        must(elsewhere.kind === 'refused', 'one claim on a sale at a time');
        await chosen.lost.till.release(chosen.lost.claim);
        chosen.lost = null;
      }
      const answer = await till.claim(chosen.sale, claim);
      if (step.twice) must(canonicalOf(await till.claim(chosen.sale, claim)) === canonicalOf(answer), 'the same again');
      if (answer.kind === 'refused') {
        must(answer.reason === 'unknownReceipt', `an honest claim is refused only before its sale: ${answer.reason}`);
        return;
      }
      if (step.lost) {
        chosen.lost = { till, claim };
        return;
      }
      chosen.refunded = true;
      till.refund(chosen.sale, chosen.sale.pieces, null, claim);
      return;
    }
    case 'upload': {
      if (till.unsent() === 0) return;
      const answer = await till.upload();
      if (step.twice) await till.upload();
      if (!step.lost && answer.kind === 'ok') till.acknowledge(answer.ack.seq);
      return;
    }
    case 'settle': {
      await till.push();
      const answer = await till.settle();
      const again = step.twice ? await till.settle() : answer;
      if (!step.lost && answer.kind === 'ok') till.apply(answer.statement);
      if (!step.lost && again.kind === 'ok') till.apply(again.statement);
      return;
    }
    case 'topUp': {
      if (till.term() === null) return;
      const { grant } = await till.topUp(MEMBERS[step.member] ?? 'anna');
      if (!step.lost && grant !== null) till.take(grant, 'topUp');
      return;
    }
  }
}
