import type { z } from 'zod';
import { GENESIS_PREVIOUS } from '../shared/journal.ts';
import { NO_TOTALS } from '../shared/posting.ts';
import { HOUR_MS } from '../shared/time.ts';
import type { enrolInput } from '../shared/town-contract.ts';
import { hashText, newCode } from './crypto.ts';
import { NO_SPANS, type Rows, type Transaction } from './store.ts';
import { refused, type Refused, type Town } from './town.ts';

const CODE_LIFE_MS = 24 * HOUR_MS;

/** Codes are typed by people: case, spaces and dashes do not count. */
function codeHashOf(code: string): string {
  return hashText(`onecard/v1/enrol\0${code.toUpperCase().replace(/[^0-9A-Z]/g, '')}`);
}

/** A one-time code for one till of a shop; the town keeps only its hash. `till` null lets a new till enrol. */
export async function issueCode(
  town: Town,
  transaction: Transaction,
  wanted: Readonly<{ shop: string; till: string | null; tillName: string }>,
): Promise<{ code: string; expiresAtMs: number }> {
  const code = newCode();
  const expiresAtMs = town.nowMs() + CODE_LIFE_MS;
  await transaction.put('code', [
    { codeHash: codeHashOf(code), ...wanted, expiresAtMs, usedTill: null, usedIncarnation: null },
  ]);
  return { code, expiresAtMs };
}

type Enrolled = Readonly<{
  kind: 'ok';
  town: string;
  townName: string;
  townKey: string;
  shop: string;
  shopName: string;
  shopAddress: string;
  hotline: string;
  till: string;
  tillName: string;
  incarnation: number;
}>;

/**
 * Enrols a till, or a new incarnation of a known one. A lost answer is asked for again with the same code and key. A
 * new incarnation closes nothing by itself: what the old one held stays in its term until a clerk frees it.
 */
export async function enrol(town: Town, request: z.infer<typeof enrolInput>): Promise<Enrolled | Refused> {
  return town.store.transact(['enrolment', 'points'], async (transaction) => {
    const code = await transaction.get('code', { codeHash: codeHashOf(request.code) });
    if (code === null) return refused('unknownCode');
    const shop = await transaction.get('shop', { shop: code.shop });
    if (shop === null) return refused('unknownCode');
    if (code.usedTill !== null) return sameAgain(town, transaction, request, code, shop);
    if (code.expiresAtMs < town.nowMs()) return refused('codeExpired');

    const till = await tillFor(transaction, request.till, code);
    if (till === null) return refused('unknownTill');
    const isNew = till.incarnation === 0;
    if (!isNew && request.incarnation <= till.incarnation) return refused('duplicate');
    const row = { ...till, incarnation: request.incarnation };
    await transaction.put('till', [row]);
    await transaction.put('incarnation', [
      {
        till: row.till,
        incarnation: row.incarnation,
        publicKey: request.publicKey,
        incarnationId: request.incarnationId,
        enrolledAtMs: town.nowMs(),
        settledSeq: 0,
        settledHash: GENESIS_PREVIOUS,
        statementNumber: 0,
        statementHash: GENESIS_PREVIOUS,
        term: null,
        perpetual: NO_TOTALS,
        period: 1,
        periodTotals: NO_TOTALS,
        closedPeriod: null,
        spans: NO_SPANS,
      },
    ]);
    await transaction.put('code', [{ ...code, usedTill: row.till, usedIncarnation: row.incarnation }]);
    town.log(`${row.till} is enrolled, incarnation ${row.incarnation}`);
    return welcome(town, row, row.incarnation, shop);
  });
}

async function sameAgain(
  town: Town,
  transaction: Transaction,
  request: z.infer<typeof enrolInput>,
  code: Rows['code'],
  shop: Rows['shop'],
): Promise<Enrolled | Refused> {
  const till = await transaction.get('till', { till: code.usedTill ?? '' });
  const key = { till: code.usedTill ?? '', incarnation: code.usedIncarnation ?? 0 };
  const row = await transaction.get('incarnation', key);
  const same = row?.publicKey === request.publicKey && row.incarnationId === request.incarnationId;
  return same && till !== null ? welcome(town, till, row.incarnation, shop) : refused('codeUsed');
}

/** The till that the code and the request speak of; a new one has incarnation 0. */
async function tillFor(
  transaction: Transaction,
  asked: string | null,
  code: Rows['code'],
): Promise<Rows['till'] | null> {
  if (code.till !== null && asked !== null && code.till !== asked) return null;
  const id = asked ?? code.till;
  if (id !== null) {
    const till = await transaction.get('till', { till: id });
    return till?.shop === code.shop ? till : null;
  }
  const count = (await transaction.list('till')).length;
  const till = `t${String(count + 1).padStart(2, '0')}`;
  return { till, shop: code.shop, name: code.tillName, incarnation: 0 };
}

function welcome(town: Town, till: Rows['till'], incarnation: number, shop: Rows['shop']): Enrolled {
  return {
    kind: 'ok',
    town: town.id,
    townName: town.name,
    townKey: town.publicKey,
    shop: shop.shop,
    shopName: shop.name,
    shopAddress: shop.address,
    hotline: shop.hotline,
    till: till.till,
    tillName: till.name,
    incarnation,
  };
}
