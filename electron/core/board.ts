import { boardSchema, noticesOn, type Board, type BoardNotice } from '../../shared/board.ts';
import { unseal, type SignedDocument } from '../../shared/signed.ts';
import { dayOf } from '../../shared/time.ts';
import { readShop } from './shop.ts';
import type { Till } from './till.ts';

const KEY = 'board';

const parseBoard = (value: unknown): Board | null => boardSchema.safeParse(value).data ?? null;

/**
 * The town's notice board as this till last heard of it: kept over restarts and without network, shown by the till's own
 * judged day. It is no fact of the books and no condition of anything: what cannot be taken leaves the old one hanging.
 */
export function createBoard(till: Till) {
  const { ledger, world } = till;
  let held: Board | null = stored();
  /** A version that was fetched and could not be taken: fetching it again would bring the same. */
  let declined: number | null = null;
  let shown: Readonly<{ day: string; of: Board; notices: BoardNotice[] }> | null = null;

  function stored(): Board | null {
    const text = ledger.setting(KEY);
    return text === null ? null : parseBoard(JSON.parse(text));
  }

  /** Only what hangs at this till's own shop, also after the till joined another one. */
  const own = (): Board | null => {
    const identity = ledger.identity();
    return held !== null && held.town === identity?.town && held.shop === identity.shop ? held : null;
  };

  const today = (): BoardNotice[] => {
    const board = own();
    if (board === null) return [];
    const day = dayOf(till.atMs());
    if (shown?.day !== day || shown.of !== board) shown = { day, of: board, notices: noticesOn(board.notices, day) };
    return shown.notices;
  };

  return {
    today,
    /** The one line for the foot of a receipt of today, where the town wants one there; none on any other day's. */
    receiptLine: (atMs: number): string | null =>
      dayOf(atMs) === dayOf(till.atMs()) ? (today().find((one) => one.onReceipt)?.title ?? null) : null,
    /** Whether the town, by its hello, has a board that this till has not seen; an older town says nothing. */
    isNews: (version: number | undefined): boolean =>
      version !== undefined && version !== (own()?.version ?? 0) && version !== declined,
    /** Called when the answer that should hold that version was read, whatever came of it. */
    noteFetched: (version: number | undefined): void => {
      declined = version === undefined || version === own()?.version ? null : version;
    },
    /** Takes the board that came with the policies; one that is not ours, not whole or older is only logged. */
    take: (document: SignedDocument): void => {
      const opened = unseal(KEY, document, readShop(ledger).townKey, world.crypto.verify, parseBoard);
      if (opened.kind === 'refused') return world.log(`board: not taken, ${opened.reason}`);
      const board = opened.value;
      const identity = ledger.identity();
      if (board.town !== identity?.town || board.shop !== identity.shop)
        return world.log(`board: not taken, it hangs at ${board.town}/${board.shop}`);
      // A stick may come after newer words came over the network.
      if (board.issuedAtMs < (own()?.issuedAtMs ?? 0)) return;
      held = board;
      ledger.setSetting(KEY, document.bytes);
    },
  };
}

export type NoticeBoard = ReturnType<typeof createBoard>;
