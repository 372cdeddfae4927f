import { z } from 'zod';
import { newLot } from '../shared/allotment.ts';
import { cardStateSchema, cardTokenHash, memberStateSchema, standingWishSchema } from '../shared/member.ts';
import { policySchema } from '../shared/policy.ts';
import { seal } from '../shared/signed.ts';
import { NOTICE_DAYS_MAX, NOTICES_MAX, noticeFaults } from '../shared/board.ts';
import { addDays, dayOf, HOUR_MS, startOfDayMs } from '../shared/time.ts';
import { hash } from './crypto.ts';
import { putLots } from './lots.ts';
import { earning } from './movements.ts';
import { expiryOf } from './points.ts';
import type { Transaction } from './store.ts';
import { asCanonical, type Town } from './town.ts';

/** A town's first data, as `resources/demo/town.json` has them. */
export const seedSchema = z.object({
  town: z.object({ id: z.string().min(1), name: z.string().min(1) }),
  shop: z.object({ id: z.string(), name: z.string(), address: z.string(), hotline: z.string() }),
  villages: z.array(z.object({ id: z.string(), name: z.string(), fund: z.string() })),
  members: z.array(
    z.object({
      id: z.string(),
      name: z.string().min(1),
      village: z.string(),
      stars: z.int().min(0).max(5),
      standingWish: standingWishSchema,
      state: memberStateSchema,
      cards: z.array(
        z.object({
          id: z.string(),
          token: z.string(),
          lastFour: z.string(),
          state: cardStateSchema,
          expiresOn: z.string().nullable(),
        }),
      ),
      lots: z.array(
        z.object({
          id: z.string(),
          issuerVillage: z.string(),
          fund: z.string(),
          points: z.int().min(1),
          earnedDaysAgo: z.int().min(0),
          note: z.string().max(100),
        }),
      ),
    }),
  ),
  /** What hangs on the notice board from the first day on, each for so many days. */
  notices: z
    .array(
      z
        .object({
          id: z.string(),
          title: z.string(),
          text: z.string(),
          village: z.string().nullable(),
          days: z.int().min(1).max(NOTICE_DAYS_MAX),
          onReceipt: z.boolean(),
          by: z.string(),
        })
        .refine((one) => noticeFaults({ ...one, fromDay: '2026-01-01', toDay: '2026-01-01' }).length === 0),
    )
    .max(NOTICES_MAX)
    .optional(),
});
export type Seed = z.infer<typeof seedSchema>;

const NOON_MS = 12 * HOUR_MS;

/** Fills an empty town. Of a card only the hash of its token is kept. */
export async function seedTown(town: Town, transaction: Transaction, seed: Seed, policy: unknown): Promise<void> {
  const nowMs = town.nowMs();
  const today = dayOf(nowMs);
  const { shop } = seed;
  await transaction.put('shop', [{ shop: shop.id, name: shop.name, address: shop.address, hotline: shop.hotline }]);
  await transaction.put(
    'village',
    seed.villages.map(({ id, name, fund }) => ({ village: id, name, fund })),
  );
  await transaction.put(
    'member',
    seed.members.map(({ id, name, village, stars, state, standingWish }, index) => ({
      member: id,
      name,
      village,
      homeShop: shop.id,
      stars,
      state,
      standingWish,
      version: index + 1,
    })),
  );
  await transaction.put('setting', [{ name: 'membersVersion', value: String(seed.members.length) }]);
  await transaction.put(
    'card',
    seed.members.flatMap((member) =>
      member.cards.map(({ id, token, lastFour, state, expiresOn }) => ({
        card: id,
        tokenHash: cardTokenHash(token, town.id, hash),
        member: member.id,
        lastFour,
        lastSix: token.slice(-6),
        state,
        expiresOn,
        unreadableAtMs: null,
        lostAtMs: state === 'lost' || state === 'blocked' ? nowMs : null,
      })),
    ),
  );
  const lots = seed.members.flatMap((member) =>
    member.lots.map(({ id, issuerVillage, fund, points, earnedDaysAgo, note }) => {
      const earnedOn = addDays(today, -earnedDaysAgo);
      const expiresOn = expiryOf(earnedOn);
      const lot = newLot({ lot: id, member: member.id, village: issuerVillage, fund, expiresOn, issued: points });
      return { ...lot, earnedOn, note, unlisted: 0 };
    }),
  );
  await putLots(transaction, lots);
  await transaction.put(
    'movement',
    // Credited long before this town began to write: the day stands for the hour too.
    lots.map((lot) => earning(null, lot, lot.issued, startOfDayMs(lot.earnedOn) + NOON_MS)),
  );
  const notices = (seed.notices ?? []).map(({ id, days, by, ...notice }, index) => ({
    ...notice,
    notice: id,
    shop: null,
    fromDay: today,
    toDay: addDays(today, days - 1),
    writtenAtMs: nowMs + index,
    writtenBy: by,
    endedAtMs: null,
    endedBy: null,
  }));
  await transaction.put('notice', notices);
  await transaction.put('setting', [{ name: 'boardVersion', value: String(notices.length) }]);
  const first = policySchema.parse(policy);
  const sealed = seal('policy', asCanonical(first), town.sign);
  await transaction.put('policy', [{ version: first.version, effectiveFrom: first.effectiveFrom, ...sealed }]);
}
