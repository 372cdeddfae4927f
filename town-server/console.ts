import { randomBytes } from 'node:crypto';
import { policySchema } from '../shared/policy.ts';
import { seal } from '../shared/signed.ts';
import { HOUR_MS } from '../shared/time.ts';
import { heldClaims } from './claims.ts';
import { hashPassword, passwordMatches } from './crypto.ts';
import { issueCode } from './enrolment.ts';
import { remainingPoints, touchMembers } from './members.ts';
import { newestMovements } from './movements.ts';
import { pinState } from './pins.ts';
import { freeSilentTerm, issueLot, type NewLot } from './points.ts';
import { FREE_AFTER_MS } from './restored.ts';
import type { Rows, Transaction } from './store.ts';
import { asCanonical, present, refused, type Refused, type Town } from './town.ts';

const SESSION_MS = 12 * HOUR_MS;
const PASSWORD = 'consolePassword';
const WRONG_TRIES = 10;
const LOCKED_MS = 300_000;
const MEMBERS_SHOWN = 300;
const RESOLVED_SHOWN = 20;

/** Who of the town's staff is signed in. Sessions live in memory: a restart of the town signs everybody out. */
export type Sessions = Readonly<{
  signIn: (password: string) => Promise<Refused | { kind: 'ok'; token: string; townName: string }>;
  /** Null when the bearer token of a request belongs to a session. */
  notSignedIn: (authorization: string | undefined) => Refused | null;
}>;

export async function setPassword(transaction: Transaction, password: string): Promise<void> {
  await transaction.put('setting', [{ name: PASSWORD, value: hashPassword(password) }]);
}

export async function hasPassword(transaction: Transaction): Promise<boolean> {
  return (await transaction.get('setting', { name: PASSWORD })) !== null;
}

export function createSessions(town: Town): Sessions {
  const sessions = new Map<string, number>();
  let wrong = 0;
  let lockedUntilMs = 0;
  return {
    async signIn(password) {
      const nowMs = town.nowMs();
      if (nowMs < lockedUntilMs) return refused('pinLocked');
      const stored = await town.store.transact([], (transaction) => transaction.get('setting', { name: PASSWORD }));
      if (stored === null || !passwordMatches(password, stored.value)) {
        wrong += 1;
        if (wrong >= WRONG_TRIES) {
          lockedUntilMs = nowMs + LOCKED_MS;
          wrong = 0;
        }
        town.log('a sign-in to the console with a wrong password');
        return refused('wrongPin');
      }
      wrong = 0;
      for (const [token, endMs] of sessions) if (endMs < nowMs) sessions.delete(token);
      const token = randomBytes(32).toString('hex');
      sessions.set(token, nowMs + SESSION_MS);
      return { kind: 'ok', token, townName: town.name };
    },
    notSignedIn(authorization) {
      const token = /^Bearer ([0-9a-f]{64})$/.exec(authorization ?? '')?.[1] ?? '';
      const endMs = sessions.get(token);
      return endMs !== undefined && endMs > town.nowMs() ? null : refused('notSignedIn');
    },
  };
}

/** Points in existence, shops, villages, tills and their terms, breaks, and the policy in force. */
export async function overview(town: Town) {
  return town.store.transact([], async (transaction) => {
    const { nowMs, today, policy, policies } = await present(town, transaction);
    const newest = policies.at(-1);
    const lots = await transaction.list('lot');
    const members = await transaction.list('member');
    const sum = (rows: readonly Rows['lot'][], of: (lot: Rows['lot']) => number): number =>
      rows.reduce((total, lot) => total + of(lot), 0);
    const allotted = (lot: Rows['lot']): number => remainingPoints(lot) - lot.free;
    const breaks = await transaction.list('break', { equal: { resolvedAtMs: null }, order: ['sinceDay', 'id'] });
    const resolved = await transaction.list('break', {
      above: { resolvedAtMs: 0 },
      order: ['resolvedAtMs', 'id'],
      descending: true,
      limit: RESOLVED_SHOWN,
    });
    return {
      kind: 'ok' as const,
      townName: town.name,
      nowMs,
      points: {
        issued: sum(lots, (lot) => lot.issued),
        free: sum(lots, (lot) => lot.free),
        allotted: sum(lots, allotted),
        spent: sum(lots, (lot) => lot.spent),
        expired: sum(lots, (lot) => lot.expired),
        shortfall: sum(lots, (lot) => lot.shortfall),
      },
      shops: (await transaction.list('shop')).map(({ shop, name }) => ({ id: shop, name })),
      villages: (await transaction.list('village')).map(({ village, name, fund }) => {
        const own = lots.filter((lot) => lot.village === village);
        return {
          id: village,
          name,
          fund,
          members: members.filter((member) => member.village === village).length,
          issued: sum(own, (lot) => lot.issued),
          spent: sum(own, (lot) => lot.spent),
          outstanding: sum(own, remainingPoints),
        };
      }),
      tills: await tillsOf(transaction, lots, breaks, today),
      breaks: breaks.map(named),
      resolved: resolved.map((one) => ({
        ...named(one),
        resolvedAtMs: one.resolvedAtMs ?? 0,
        by: one.resolvedBy ?? '',
        note: one.note ?? '',
      })),
      claims: (await heldClaims(transaction)).map(({ claim, till, receipt, lines, madeAtMs }) => ({
        claim,
        till,
        receipt,
        lines: lines.length,
        madeAtMs,
      })),
      policy,
      nextPolicy: newest === undefined || newest.version === policy.version ? null : newest,
    };
  });
}

/** A break as the console names it, without what only the store needs. */
function named({ id, till, kind, owner, account, seq, tillAmount, townAmount, sinceDay }: Rows['break']) {
  return { id, till, kind, owner, account, seq, tillAmount, townAmount, sinceDay };
}

async function tillsOf(
  transaction: Transaction,
  lots: readonly Rows['lot'][],
  breaks: readonly Rows['break'][],
  today: string,
) {
  const shops = new Map((await transaction.list('shop')).map((shop) => [shop.shop, shop.name]));
  const contacts = new Map((await transaction.list('contact')).map((row) => [row.till, row.heardAtMs]));
  const terms = await transaction.list('term', { equal: { closedAtMs: null } });
  const days = new Map((await transaction.list('tillDay', { equal: { day: today } })).map((row) => [row.till, row]));
  const tills = [];
  for (const { till, name, shop, incarnation } of await transaction.list('till')) {
    const head = await transaction.get('head', { till, incarnation });
    const chain = await transaction.get('incarnation', { till, incarnation });
    const own = terms.filter((term) => term.till === till);
    const held = own.map(({ term, incarnation, endMs }) => ({
      term,
      incarnation,
      endMs,
      freeableAtMs: endMs + FREE_AFTER_MS,
      allotted: lots.reduce((sum, lot) => sum + (lot.allotted[term] ?? 0), 0),
    }));
    tills.push({
      till,
      name,
      shopName: shops.get(shop) ?? shop,
      incarnation,
      heardAtMs: contacts.get(till) ?? null,
      ackSeq: head?.seq ?? 0,
      quarantined: breaks.filter((one) => one.till === till && one.kind === 'quarantined').length,
      statementNumber: chain?.statementNumber ?? 0,
      termEndMs: own.find((term) => term.term === chain?.term)?.endMs ?? null,
      allotted: held.reduce((sum, term) => sum + term.allotted, 0),
      salesToday: days.get(till)?.sales ?? 0,
      pointsToday: days.get(till)?.points ?? 0,
      terms: held,
    });
  }
  return tills;
}

/** The order of a register: villages by their code, names by their sound. */
const BY_CODE = new Intl.Collator('en', { numeric: true });
const BY_NAME = new Intl.Collator('zh-CN');

/** Members whose name, id or card ends match a text; full names stay in the console, which is the town's own. */
export async function listMembers(
  town: Town,
  query: Readonly<{ text: string; village?: string | undefined; only?: 'unreadable' | undefined }>,
) {
  return town.store.transact([], async (transaction) => {
    const villages = new Map((await transaction.list('village')).map((row) => [row.village, row.name]));
    const all = await transaction.list(
      'member',
      query.village === undefined ? {} : { equal: { village: query.village } },
    );
    const cards = Map.groupBy(await transaction.list('card'), (card) => card.member);
    const text = query.text.trim();
    const found = all
      .filter(({ member, name }) => {
        const own = cards.get(member) ?? [];
        if (query.only === 'unreadable' && !own.some(wantsReplacing)) return false;
        const ends = own.map((card) => card.lastFour);
        return text === '' || name.includes(text) || member === text || ends.includes(text);
      })
      .sort((a, b) => BY_CODE.compare(a.village, b.village) || BY_NAME.compare(a.name, b.name))
      .slice(0, MEMBERS_SHOWN);
    const named = await transaction.list('bearer', { among: { member: found.map((row) => row.member) } });
    const bearers = Map.groupBy(
      named.filter((row) => row.note !== ''),
      (row) => row.member,
    );
    const pins = new Map(
      (await transaction.list('pin', { among: { member: found.map((row) => row.member) } })).map((row) => [
        row.member,
        row,
      ]),
    );
    const { pinTries } = (await present(town, transaction)).policy.card;
    const names = new Map(
      (await transaction.list('member', { among: { member: named.map((row) => row.bearer) } })).map((row) => [
        row.member,
        row.name,
      ]),
    );
    const lots = Map.groupBy(
      await transaction.list('lot', { among: { member: found.map((row) => row.member) } }),
      (lot) => lot.member,
    );
    return {
      kind: 'ok' as const,
      members: found.map(({ member, name, village, stars, state, standingWish }) => {
        const own = lots.get(member) ?? [];
        const points = own.reduce((sum, lot) => sum + remainingPoints(lot), 0);
        const free = own.reduce((sum, lot) => sum + lot.free, 0);
        const villageName = villages.get(village) ?? village;
        const held = (cards.get(member) ?? []).map((card) => ({
          id: card.card,
          lastFour: card.lastFour,
          state: card.state,
          wantsReplacing: wantsReplacing(card),
        }));
        return {
          id: member,
          name,
          village,
          villageName,
          stars,
          state,
          standingWish,
          points,
          free,
          allotted: points - free,
          cards: held,
          pin: pinState(pins.get(member), pinTries),
          bearers: (bearers.get(member) ?? []).map(({ bearer, note }) => ({
            id: bearer,
            name: names.get(bearer) ?? bearer,
            note,
          })),
        };
      }),
    };
  });
}

/** In use, and no reader took it: its holder needs a new one. */
function wantsReplacing(card: Rows['card']): boolean {
  return card.unreadableAtMs !== null && card.state === 'active';
}

/** So many movements staff looks back over, when somebody objects. */
const MOVEMENTS_LOOKED_AT = 100;

export async function memberMovements(town: Town, member: string) {
  return town.store.transact(['points'], async (transaction) => {
    if ((await transaction.get('member', { member })) === null) return refused('unknownMember');
    return { kind: 'ok' as const, ...(await newestMovements(town, transaction, member, MOVEMENTS_LOOKED_AT)) };
  });
}

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

export async function issuePoints(town: Town, wanted: NewLot): Promise<Refused | { kind: 'ok'; lot: string }> {
  if (!DAY.test(wanted.earnedOn)) return refused('badInput');
  return town.store.transact(['points'], async (transaction) => {
    const reason = await issueLot(town, transaction, wanted);
    return reason === null ? { kind: 'ok', lot: wanted.id } : refused(reason);
  });
}

/** Reports a card lost, blocks it or lifts the block; the time of a loss decides who bears later spends (R-C3). */
export async function setCardState(
  town: Town,
  { card, state }: Readonly<{ card: string; state: Rows['card']['state'] }>,
): Promise<Refused | { kind: 'ok' }> {
  return town.store.transact(['points'], async (transaction) => {
    const before = await transaction.get('card', { card });
    if (before === null) return refused('unknownCard');
    const isGone = state === 'lost' || state === 'blocked';
    const lostAtMs = isGone ? (before.lostAtMs ?? town.nowMs()) : null;
    await transaction.put('card', [{ ...before, state, lostAtMs }]);
    await touchMembers(transaction, [before.member]);
    return { kind: 'ok' };
  });
}

/**
 * Names who buys with a member's card for them, and what staff knows them by; an empty note ends it. Two people of the
 * town, both members: a till writes only their random ids.
 */
export async function setBearer(
  town: Town,
  { member, bearer, note }: Readonly<{ member: string; bearer: string; note: string }>,
): Promise<Refused | { kind: 'ok' }> {
  if (member === bearer) return refused('badInput');
  return town.store.transact(['points'], async (transaction) => {
    for (const one of [member, bearer])
      if ((await transaction.get('member', { member: one })) === null) return refused('unknownMember');
    await transaction.put('bearer', [{ member, bearer, note: note.trim() }]);
    await touchMembers(transaction, [member]);
    return { kind: 'ok' };
  });
}

/** Frees a silent till's term at the loss that the clerk was told beforehand: at most what the term holds. */
export async function freeTerm(
  town: Town,
  { term, agreedLoss }: Readonly<{ term: string; agreedLoss: number }>,
): Promise<Refused | { kind: 'ok'; freed: number }> {
  const answer = await freeSilentTerm(town, term, agreedLoss);
  if (answer.kind === 'ok') town.log(`term ${term} was freed with ${answer.freed} points`);
  return answer;
}

/** Marks a break as resolved; who did it, why and when stay with it (invariant 31), and the row is never dropped (invariant 28). */
export async function resolveBreak(
  town: Town,
  wanted: Readonly<{ id: string; by: string; note: string }>,
): Promise<Refused | { kind: 'ok' }> {
  const by = wanted.by.trim();
  const note = wanted.note.trim();
  if (by === '' || note === '') return refused('badInput');
  return town.store.transact(['points'], async (transaction) => {
    const before = await transaction.get('break', { id: wanted.id });
    if (before === null) return refused('unknownBreak');
    // The first word stays: asked again with the same it is done, with another it would rewrite a person's note.
    if (before.resolvedAtMs !== null)
      return before.resolvedBy === by && before.note === note ? { kind: 'ok' } : refused('duplicate');
    await transaction.put('break', [{ ...before, resolvedAtMs: town.nowMs(), resolvedBy: by, note }]);
    return { kind: 'ok' };
  });
}

export async function issueEnrolmentCode(
  town: Town,
  wanted: Readonly<{ shop: string; till: string | null; tillName: string }>,
): Promise<Refused | { kind: 'ok'; code: string; expiresAtMs: number }> {
  return town.store.transact(['enrolment'], async (transaction) => {
    if ((await transaction.get('shop', { shop: wanted.shop })) === null) return refused('badInput');
    const till = wanted.till === null ? null : await transaction.get('till', { till: wanted.till });
    if (wanted.till !== null && till?.shop !== wanted.shop) return refused('unknownTill');
    return { kind: 'ok', ...(await issueCode(town, transaction, wanted)) };
  });
}

/** Publishes the next version of the policy; the town numbers and signs it, whatever number the draft carried. */
export async function publishPolicy(
  town: Town,
  draft: Readonly<Record<string, unknown>>,
): Promise<Refused | { kind: 'ok'; version: number }> {
  return town.store.transact(['points'], async (transaction) => {
    const version = ((await transaction.list('policy', { descending: true, limit: 1 }))[0]?.version ?? 0) + 1;
    const parsed = policySchema.safeParse({ ...draft, version });
    if (!parsed.success) return refused('badInput');
    const { allotment, effectiveFrom } = parsed.data;
    if (allotment.homeBp + allotment.otherBp + allotment.freeBp !== 10_000) return refused('badInput');
    const sealed = seal('policy', asCanonical(parsed.data), town.sign);
    await transaction.put('policy', [{ version, effectiveFrom, ...sealed }]);
    return { kind: 'ok', version };
  });
}

/** What each village and fund owes each shop for a month (R-T3). */
export async function settlement(town: Town, { month }: Readonly<{ month: string }>) {
  return town.store.transact([], async (transaction) => {
    const shops = new Map((await transaction.list('shop')).map((row) => [row.shop, row.name]));
    const villages = new Map((await transaction.list('village')).map((row) => [row.village, row.name]));
    const rows = await transaction.list('payable', { equal: { month } });
    return {
      kind: 'ok' as const,
      rows: rows.map(({ shop, village, fund, points, amountFen }) => ({
        shop,
        shopName: shops.get(shop) ?? shop,
        village,
        villageName: villages.get(village) ?? village,
        fund,
        points,
        amountFen,
      })),
    };
  });
}
