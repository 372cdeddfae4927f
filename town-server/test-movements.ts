import { must } from '../shared/assert.ts';
import { HOUR_MS } from '../shared/time.ts';
import { type SealedMovements, sealedMovementsSchema } from '../shared/town-contract.ts';
import { setCardState } from './console.ts';
import { freeSilentTerm } from './points.ts';
import type { ShopTown } from './test-claims.ts';
import type { TestTill } from './test-till.ts';
import { checkLaws } from './test-town.ts';

/** What every engine of the town must tell of a member's points; each case throws when it does not. */
export type MovementCase = readonly [what: string, run: (open: () => Promise<ShopTown>) => Promise<void>];

function same(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  must(got === wanted, `${what}: ${got}, not ${wanted}`);
}

async function told(till: TestTill, card = 'card-anna'): Promise<SealedMovements> {
  const answer = await till.movements(card);
  must(answer.kind === 'ok', `refused: ${JSON.stringify(answer)}`);
  return sealedMovementsSchema.parse(JSON.parse(answer.movements.bytes));
}

/** Each line as kind, points, what a shortfall bore, and the balance behind it. */
async function linesOf(till: TestTill, card = 'card-anna') {
  const { member, movements } = await told(till, card);
  same(movements[0]?.balance ?? 0, member.townPoints, 'the newest line ends at the balance');
  return movements.map((one) => [one.kind, one.points, one.borne, one.balance]);
}

const EARNED = [
  ['earned', 40, 0, 100],
  ['earned', 60, 0, 60],
];

export const movementCases: readonly MovementCase[] = [
  [
    'what was earned, spent and given back, newest first, each with its place, its paper and the balance behind it',
    async (open) => {
      const shop = await open();
      const sale = shop.seller.sell(10, 'anna', 7);
      await shop.seller.push();
      shop.clock.ms += HOUR_MS;
      shop.seller.refund(sale, 3);
      await shop.seller.push();
      const { movements, member } = await told(shop.seller);
      const lots = [
        { place: 'Village fund', about: '' },
        { place: 'Village fund', about: '' },
      ];
      same(
        movements.map(({ place, about }) => ({ place, about })),
        [{ place: 'Shop', about: `${shop.seller.from.till}-1-2` }, { place: 'Shop', about: sale.receipt }, ...lots],
        'words',
      );
      same(await linesOf(shop.other), [['returned', 3, 0, 96], ['spent', -7, 0, 93], ...EARNED], 'at any till');
      same(
        [member.id, member.townPoints, member.nextExpiry],
        ['anna', 96, { points: 96, day: '2027-12-31' }],
        'member',
      );
      await checkLaws(shop.town);
    },
  ],
  [
    'what was heard late stands where it happened, and the balances behind it are counted anew',
    async (open) => {
      const shop = await open();
      // The second shop asks for its share, the first gives it back, and the second gets it.
      for (const till of [shop.other, shop.seller, shop.seller, shop.other]) await till.night();
      shop.other.sell(5, 'anna', 5);
      shop.clock.ms += HOUR_MS;
      shop.seller.sell(2, 'anna', 2);
      await shop.seller.push();
      same(await linesOf(shop.seller), [['spent', -2, 0, 98], ...EARNED], 'before');
      await shop.other.push();
      same(await linesOf(shop.other), [['spent', -2, 0, 93], ['spent', -5, 0, 95], ...EARNED], 'after');
    },
  ],
  [
    'a refund that is heard before its sale is told with the sale, at its own time',
    async (open) => {
      const shop = await open();
      const sale = shop.seller.sell(4, 'anna', 4);
      shop.clock.ms += HOUR_MS;
      shop.other.refund(sale, 4, null);
      await shop.other.push();
      same(await linesOf(shop.other), EARNED, 'before its sale');
      await shop.seller.push();
      same(await linesOf(shop.seller), [['returned', 4, 0, 100], ['spent', -4, 0, 96], ...EARNED], 'after');
    },
  ],
  [
    'what expired is told at the end of its last day, and a sale that was made in time takes its part out of it',
    async (open) => {
      const shop = await open();
      shop.clock.ms = Date.parse('2027-12-31T04:00:00Z');
      await shop.seller.night();
      shop.seller.sell(7, 'anna', 7);
      shop.clock.ms = Date.parse('2027-12-31T18:59:59Z');
      same((await linesOf(shop.other)).length, 2, 'the last day ends at three');
      shop.clock.ms = Date.parse('2028-01-01T04:00:00Z');
      same(
        (await linesOf(shop.other))
          .slice(0, 2)
          .map(([, points]) => points)
          .toSorted((a, b) => Number(a) - Number(b)),
        [-60, -40],
        'all of it',
      );
      const { movements, member } = await told(shop.other);
      same(movements[0]?.atMs, Date.parse('2027-12-31T19:00:00Z'), 'when');
      same([member.townPoints, member.nextExpiry], [0, null], 'nothing left');
      await shop.seller.push();
      const lines = await linesOf(shop.seller);
      const sum = (kind: string): number =>
        lines.reduce((total, [of, points]) => total + (of === kind ? Number(points) : 0), 0);
      same([sum('expired'), sum('spent'), lines.at(2)?.[0]], [-93, -7, 'spent'], 'the rest of it, after the sale');
      await checkLaws(shop.town);
    },
  ],
  [
    'points that come back to an expired lot are told once, as they came back',
    async (open) => {
      const shop = await open();
      const sale = shop.seller.sell(10, 'anna', 10);
      await shop.seller.push();
      shop.clock.ms = Date.parse('2028-01-02T04:00:00Z');
      shop.seller.refund(sale, 10, null);
      await shop.seller.push();
      const lines = await linesOf(shop.seller);
      same(lines[0], ['returned', 10, 0, 10], 'back');
      const sum = lines.reduce((total, [, points]) => total + Number(points), 0);
      same(sum, 10, 'all of it');
      await checkLaws(shop.town);
    },
  ],
  [
    'what was bought with a card that had been reported lost is told, and costs its holder nothing',
    async (open) => {
      const shop = await open();
      await setCardState(shop.town, { card: 'card-anna', state: 'lost' });
      shop.clock.ms += HOUR_MS;
      shop.seller.sell(9, 'anna', 9, 'card-anna');
      await shop.seller.push();
      same(await shop.seller.movements('card-anna'), { kind: 'refused', reason: 'unknownCard' }, 'while it is lost');
      await setCardState(shop.town, { card: 'card-anna', state: 'active' });
      same(await linesOf(shop.seller), [['spent', 0, 9, 100], ...EARNED], 'found again');
      await checkLaws(shop.town);
    },
  ],
  [
    'what a shortfall bears of a sale is told apart, and its refund gives back only what was taken',
    async (open) => {
      const shop = await open();
      const term = shop.seller.term() ?? '';
      await shop.seller.night();
      const sale = shop.seller.sell(7, 'ben', 7);
      shop.clock.ms += 200 * HOUR_MS;
      same((await freeSilentTerm(shop.town, term)).kind, 'ok', 'freed');
      await shop.seller.push();
      same(
        await linesOf(shop.other, 'card-ben'),
        [
          ['spent', 0, 7, 100],
          ['earned', 100, 0, 100],
        ],
        'borne',
      );
      shop.seller.refund(sale, 7, null);
      await shop.seller.push();
      same((await linesOf(shop.other, 'card-ben'))[0], ['returned', 0, 7, 100], 'undone');
      await checkLaws(shop.town);
    },
  ],
  [
    'ten lines are told and no more, and a sale without points is none of them',
    async (open) => {
      const shop = await open();
      for (let count = 0; count < 12; count += 1) {
        shop.clock.ms += HOUR_MS;
        shop.seller.sell(1, 'anna', count < 11 ? 1 : 0);
      }
      await shop.seller.push();
      const lines = await linesOf(shop.seller);
      same([lines.length, lines[0], lines[9]], [10, ['spent', -1, 0, 89], ['spent', -1, 0, 98]], 'lines');
    },
  ],
  [
    'only a card in use is answered, and nobody by a name',
    async (open) => {
      const shop = await open();
      same(await shop.seller.movements('anna'), { kind: 'refused', reason: 'unknownCard' }, 'a member');
      same(await shop.seller.movements('nobody'), { kind: 'refused', reason: 'unknownCard' }, 'nobody');
      await setCardState(shop.town, { card: 'card-ben', state: 'blocked' });
      same(await shop.seller.movements('card-ben'), { kind: 'refused', reason: 'unknownCard' }, 'blocked');
      const { till, incarnation, town, card } = await told(shop.other);
      same([town, till, incarnation, card], ['testtown', shop.other.from.till, 1, 'card-anna'], 'for whom');
    },
  ],
];
