import { maskOf, type CardView, type MemberView } from '../shared/member.ts';
import type { LotState } from '../shared/allotment.ts';
import { nameInitials } from './pinyin.ts';
import { present, type Town } from './town.ts';
import type { Rows, Transaction } from './store.ts';
import { isForgotten, nextVersions, versionOf } from './versions.ts';

/** Points of a lot that are not spent and not expired, wherever they are, free or with any till; each counted once. */
export function remainingPoints(lot: LotState): number {
  const held = Object.values(lot.allotted).reduce((sum, points) => sum + points, lot.free);
  return Math.max(0, held - lot.overdrawn);
}

/** Marks members as changed, so that every till hears of them at its next contact. Only under the `points` lock. */
export async function touchMembers(transaction: Transaction, ids: Iterable<string>): Promise<void> {
  const wanted = [...new Set(ids)].sort();
  if (wanted.length === 0) return;
  const rows = await transaction.list('member', { among: { member: wanted } });
  const first = await nextVersions(transaction, 'membersVersion', rows.length);
  // Each row gets a version of its own, so that a page of changes can end behind any row.
  await transaction.put(
    'member',
    rows.map((row, index) => ({ ...row, version: first + index })),
  );
}

/**
 * Whether a till knows a version from before the town was restored from an older copy. Then everybody is numbered anew
 * behind it: the till holds what was undone since, and would miss what changed under lower numbers.
 */
async function passForgotten(transaction: Transaction, since: number): Promise<boolean> {
  if (!(await isForgotten(transaction, since))) return false;
  const version = await versionOf(transaction, 'membersVersion');
  if (since > version) await nextVersions(transaction, 'membersVersion', since - version);
  const [lowest] = await transaction.list('member', { order: ['version'], limit: 1 });
  // Another till of before the restore may have had everybody numbered anew already.
  if (lowest !== undefined && lowest.version <= since) {
    await touchMembers(
      transaction,
      (await transaction.list('member')).map((row) => row.member),
    );
  }
  return true;
}

const PAGE = 2_000;

export type MemberChanges = Readonly<{
  version: number;
  members: MemberView[];
  cards: CardView[];
  asOfMs: number;
  more: boolean;
  forgot?: true;
}>;

/** Who asks: its figures say up to which of its own records they count. */
export type Asking = Readonly<{ till: string; incarnation: number }>;

/**
 * Members and cards changed since a version, as a till may know them (R-V3). Under the `points` lock, so that the
 * figures and the sequence that they count belong together.
 */
export async function changesSince(
  town: Town,
  transaction: Transaction,
  since: number,
  asking: Asking,
): Promise<MemberChanges> {
  const forgot = await passForgotten(transaction, since);
  const rows = await transaction.list('member', { above: { version: since }, order: ['version'], limit: PAGE + 1 });
  const page = rows.slice(0, PAGE);
  const cards = await transaction.list('card', { among: { member: page.map((row) => row.member) } });
  const more = rows.length > PAGE;
  const reached = more ? page.at(-1)?.version : await versionOf(transaction, 'membersVersion');
  return {
    version: Math.max(since, reached ?? since),
    members: await viewsOf(town, transaction, page, asking),
    cards: cards.map(cardViewOf),
    asOfMs: town.nowMs(),
    more,
    ...(forgot ? { forgot } : {}),
  };
}

/** What a till may know of a card. */
export function cardViewOf({ card, tokenHash, member, lastFour, lastSix, state, expiresOn }: Rows['card']): CardView {
  return {
    id: card,
    tokenHash,
    member,
    lastFour,
    ...(lastSix === '' ? {} : { lastSix }),
    state,
    expiresOn,
  };
}

/** What a till may know of these members, with the town's figures of this moment. */
export async function viewsOf(
  town: Town,
  transaction: Transaction,
  members: readonly Rows['member'][],
  { till, incarnation }: Asking,
): Promise<MemberView[]> {
  const { nowMs, today } = await present(town, transaction);
  const countedSeq = (await transaction.get('incarnation', { till, incarnation }))?.settledSeq ?? 0;
  const ids = members.map((row) => row.member);
  const villages = new Map((await transaction.list('village')).map((row) => [row.village, row.name]));
  const lots = Map.groupBy(await transaction.list('lot', { among: { member: ids } }), (lot) => lot.member);
  const spendings = Map.groupBy(
    await transaction.list('spending', { among: { member: ids }, above: { day: today.slice(0, 4) } }),
    (row) => row.member,
  );
  const bearers = Map.groupBy(await transaction.list('bearer', { among: { member: ids } }), (row) => row.member);
  const sum = (rows: readonly Rows['spending'][], field: 'points' | 'savedFen'): number =>
    rows.reduce((total, row) => total + row[field], 0);

  return members.map((row) => {
    const usable = (lots.get(row.member) ?? []).filter((lot) => lot.expiresOn >= today && remainingPoints(lot) > 0);
    const spent = spendings.get(row.member) ?? [];
    const named = (bearers.get(row.member) ?? []).filter((one) => one.note !== '').map((one) => one.bearer);
    return {
      id: row.member,
      // A withdrawn member's name is nobody's business any more (protocol, "People").
      mask: row.state === 'withdrawn' ? '会员' : maskOf(row.name),
      ...(row.state === 'active' ? { initials: nameInitials(row.name) } : {}),
      village: row.village,
      villageName: villages.get(row.village) ?? row.village,
      stars: row.stars,
      state: row.state,
      standingWish: row.standingWish,
      ...(named.length === 0 ? {} : { bearers: named }),
      townPoints: usable.reduce((total, lot) => total + remainingPoints(lot), 0),
      spentToday: sum(
        spent.filter((one) => one.day === today),
        'points',
      ),
      spentThisMonth: sum(
        spent.filter((one) => one.day.slice(0, 7) === today.slice(0, 7)),
        'points',
      ),
      spentDay: today,
      nextExpiry: nextExpiryOf(usable),
      savedThisYearFen: Math.max(0, sum(spent, 'savedFen')),
      countedSeq,
      asOfMs: nowMs,
    };
  });
}

/** The points that expire next, and the last day on which they may be spent (R-L3). */
function nextExpiryOf(lots: readonly LotState[]): MemberView['nextExpiry'] {
  const [day] = lots.map((lot) => lot.expiresOn).sort();
  if (day === undefined) return null;
  const points = lots.filter((lot) => lot.expiresOn === day).reduce((sum, lot) => sum + remainingPoints(lot), 0);
  return { points, day };
}
