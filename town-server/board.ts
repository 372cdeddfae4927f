import { NOTICES_MAX, noticeFaults, tidyNotice, type Board } from '../shared/board.ts';
import { seal, type SignedDocument } from '../shared/signed.ts';
import { dayOf } from '../shared/time.ts';
import type { Rows, Transaction } from './store.ts';
import { asCanonical, refused, type Refused, type Town } from './town.ts';
import { nextVersions, versionOf } from './versions.ts';

/** Notices that ended are shown so far back; none is ever deleted. */
const ENDED_SHOWN = 30;

export type NewNotice = Readonly<{
  id: string;
  title: string;
  text: string;
  village: string | null;
  shop: string | null;
  fromDay: string;
  toDay: string;
  onReceipt: boolean;
  by: string;
}>;

/** Every notice that was not ended and whose last day is not over, in the order that they were written. */
async function hanging(transaction: Transaction, today: string): Promise<Rows['notice'][]> {
  const open = await transaction.list('notice', { equal: { endedAtMs: null }, order: ['writtenAtMs', 'notice'] });
  return open.filter((one) => one.toDay >= today);
}

/** What hangs at a till's shop, today and later: sent ahead, so that a till without network changes it by itself. */
export async function boardFor(town: Town, transaction: Transaction, till: string): Promise<SignedDocument | null> {
  const row = await transaction.get('till', { till });
  if (row === null) return null;
  const villages = new Map((await transaction.list('village')).map((one) => [one.village, one.name]));
  const nowMs = town.nowMs();
  const board: Board = {
    v: 1,
    town: town.id,
    shop: row.shop,
    version: await versionOf(transaction, 'boardVersion'),
    issuedAtMs: nowMs,
    notices: (await hanging(transaction, dayOf(nowMs)))
      .filter((one) => one.shop === null || one.shop === row.shop)
      .map(({ notice, title, text, village, fromDay, toDay, onReceipt }) => ({
        id: notice,
        title,
        text,
        village: village === null ? '' : (villages.get(village) ?? ''),
        fromDay,
        toDay,
        onReceipt,
      })),
  };
  return seal('board', asCanonical(board), town.sign);
}

/** Hangs a notice up; who wrote it and when stay with it. The same again is done already. */
export async function writeNotice(town: Town, wanted: NewNotice): Promise<Refused | { kind: 'ok' }> {
  const by = wanted.by.trim();
  const title = tidyNotice(wanted.title);
  const text = tidyNotice(wanted.text);
  const nowMs = town.nowMs();
  const today = dayOf(nowMs);
  const { id, village, shop, fromDay, toDay, onReceipt } = wanted;
  if (by === '' || noticeFaults({ title, text, fromDay, toDay }).length > 0 || toDay < today)
    return refused('badInput');
  return town.store.transact(['points'], async (transaction) => {
    const before = await transaction.get('notice', { notice: id });
    if (before !== null) {
      const isSame = before.title === title && before.text === text && before.writtenBy === by;
      return isSame ? { kind: 'ok' } : refused('duplicate');
    }
    if (village !== null && (await transaction.get('village', { village })) === null) return refused('unknownVillage');
    if (shop !== null && (await transaction.get('shop', { shop })) === null) return refused('badInput');
    if ((await hanging(transaction, today)).length >= NOTICES_MAX) return refused('boardFull');
    await transaction.put('notice', [
      {
        notice: id,
        title,
        text,
        village,
        shop,
        fromDay,
        toDay,
        onReceipt,
        writtenAtMs: nowMs,
        writtenBy: by,
        endedAtMs: null,
        endedBy: null,
      },
    ]);
    await nextVersions(transaction, 'boardVersion', 1);
    return { kind: 'ok' };
  });
}

/** Takes a notice down before its last day; the row stays, with who did it and when. */
export async function endNotice(
  town: Town,
  wanted: Readonly<{ id: string; by: string }>,
): Promise<Refused | { kind: 'ok' }> {
  const by = wanted.by.trim();
  if (by === '') return refused('badInput');
  return town.store.transact(['points'], async (transaction) => {
    const before = await transaction.get('notice', { notice: wanted.id });
    if (before === null) return refused('unknownNotice');
    // The first word stays, as with every act that a person signs.
    if (before.endedAtMs !== null) return { kind: 'ok' };
    await transaction.put('notice', [{ ...before, endedAtMs: town.nowMs(), endedBy: by }]);
    await nextVersions(transaction, 'boardVersion', 1);
    return { kind: 'ok' };
  });
}

/** The whole board for the town's staff: what hangs or will hang, and what ended last. */
export async function listNotices(town: Town) {
  return town.store.transact([], async (transaction) => {
    const today = dayOf(town.nowMs());
    const all = await transaction.list('notice', { order: ['writtenAtMs', 'notice'], descending: true });
    const isOver = (one: Rows['notice']): boolean => one.endedAtMs !== null || one.toDay < today;
    const over = all.filter(isOver).slice(0, ENDED_SHOWN);
    return {
      kind: 'ok' as const,
      today,
      shops: (await transaction.list('shop')).map(({ shop, name }) => ({ id: shop, name })),
      villages: (await transaction.list('village')).map(({ village, name }) => ({ id: village, name })),
      notices: [...all.filter((one) => !isOver(one)), ...over].map(({ notice, ...one }) => ({ id: notice, ...one })),
    };
  });
}
