import { z } from 'zod';
import type { Hash } from './signed.ts';
import { LAST_INSTANT_MS } from './time.ts';

/** What of their points a member wishes to spend when nobody says otherwise; most wish none. */
export const standingWishSchema = z.enum(['none', 'half', 'max']);
export type StandingWish = z.infer<typeof standingWishSchema>;

export const memberStateSchema = z.enum(['active', 'suspended', 'moved_out', 'deceased', 'withdrawn']);
export type MemberState = z.infer<typeof memberStateSchema>;

/**
 * A member as a till may know them (R-V3): a mask instead of the name, stars, and the town's figures with their time.
 * No full name, no phone, no ID number ever leaves the town.
 */
export const memberViewSchema = z.object({
  id: z.string(),
  mask: z.string(),
  /**
   * Pinyin initials of the name in each of its readings, parted by spaces: by them and the village somebody without a
   * card is found among masks (R-C5). Views from before they were sent have none.
   */
  initials: z.string().optional(),
  village: z.string(),
  villageName: z.string(),
  stars: z.int().min(0).max(5),
  state: memberStateSchema,
  standingWish: standingWishSchema,
  /** Members who may buy with this one's card, up to what needs no PIN (R-Q4), as registered at the town. */
  bearers: z.array(z.string()).optional(),
  /** The town's total of unexpired points of this member, wherever they are allotted. */
  townPoints: z.int().min(0),
  spentToday: z.int(),
  spentThisMonth: z.int(),
  /** The business day that `spentToday` and `spentThisMonth` speak of. */
  spentDay: z.string(),
  nextExpiry: z.object({ points: z.int(), day: z.string() }).nullable(),
  /** Discount given to this member since the year began, fen (R-P13). */
  savedThisYearFen: z.int(),
  /** The last sequence of the asking till's present incarnation that these figures count (what the town has settled). */
  countedSeq: z.int().min(0),
  /** When the town wrote these figures. */
  asOfMs: z.int().min(0).max(LAST_INSTANT_MS),
});
export type MemberView = z.infer<typeof memberViewSchema>;

export const cardStateSchema = z.enum(['issued', 'active', 'lost', 'blocked', 'replaced', 'cancelled']);
export type CardState = z.infer<typeof cardStateSchema>;

/** A card as a till may know it: its token only as a hash, and as many of its digits as it takes to find it by. */
export const cardViewSchema = z.object({
  id: z.string(),
  tokenHash: z.string(),
  member: z.string(),
  /** What stands on paper. */
  lastFour: z.string(),
  /** What a cashier reads off a card that no reader takes; of cards from before it was kept only the last four are known. */
  lastSix: z.string().optional(),
  state: cardStateSchema,
  expiresOn: z.string().nullable(),
});
export type CardView = z.infer<typeof cardViewSchema>;

/** Whether the six digits read off a card can be this one's; an older card is known by four of them only. */
export function endsWithDigits(
  card: Readonly<{ lastFour: string; lastSix?: string | undefined }>,
  six: string,
): boolean {
  const known = card.lastSix ?? '';
  return known === '' ? six.endsWith(card.lastFour) : known === six;
}

/** `孙**`: the first character and stars, whatever the length, so that the mask tells nothing more (R-V1). */
export function maskOf(name: string): string {
  const first = Array.from(name)[0] ?? '会员';
  return `${first}**`;
}

/** Why a card does not count today; the sale goes on at shelf price and says so. */
export type CardRefusal =
  | 'cardUnknown'
  | 'cardLost'
  | 'cardBlocked'
  | 'cardReplaced'
  | 'cardNotActive'
  | 'cardExpired'
  | 'memberNotActive';

/** Whether a card, as last heard from the town, may be used by its member on a day. */
export function judgeCard(card: CardView | null, member: MemberView | null, day: string): CardRefusal | null {
  if (card === null || member === null) return 'cardUnknown';
  switch (card.state) {
    case 'lost':
      return 'cardLost';
    case 'blocked':
      return 'cardBlocked';
    case 'replaced':
      return 'cardReplaced';
    case 'issued':
    case 'cancelled':
      return 'cardNotActive';
    case 'active':
      if (card.expiresOn !== null && card.expiresOn < day) return 'cardExpired';
      return member.state === 'active' ? null : 'memberNotActive';
  }
}

/** The hash by which a till knows a staff card; of another kind than a member's, so that neither is ever taken for the other. */
export function staffCardHash(token: string, town: string, hash: Hash): string {
  return hash(new TextEncoder().encode(`onecard/v1/staff\0${town}\0${token}`));
}

/** The hash by which town and till name a card token; the town stands in it, so tokens of two towns never meet. */
export function cardTokenHash(token: string, town: string, hash: Hash): string {
  return hash(new TextEncoder().encode(`onecard/v1/card\0${town}\0${token}`));
}
