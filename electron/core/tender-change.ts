import { tenderChangePostings } from '../../shared/posting.ts';
import { bodyOf } from '../../shared/record-bodies.ts';
import { mendTenders, tendersOf } from '../../shared/tenders.ts';
import type { Answer, Command } from '../../shared/till-contract.ts';
import type { Receipts } from './receipts.ts';
import { answerOf, conflictOf, done, refuse, type Till } from './till.ts';

/**
 * 改付款方式: cash that was written down as a phone's money, or the other way. In the shift of the sale only, because its
 * drawer is counted at the end of it; what stood wrong stays in the journal beside it (invariant 4). Points never change their tender.
 */
export function createTenderChange(till: Till, receipts: Receipts, shiftId: () => string | null) {
  const { ledger } = till;
  return {
    change: (command: Extract<Command, { kind: 'changeTender' }>): Answer => {
      const operator = till.operator();
      const shift = shiftId();
      if (operator === null) return refuse('notSignedIn');
      if (shift === null) return refuse('noShift');
      const { id, mobileFen, channel } = command;
      const known = ledger.byId(id);
      if (known !== null) {
        const body = bodyOf(known.record, 'tenderChange');
        const same = body?.saleReceipt === command.receipt && body.after.mobileFen === mobileFen;
        return same && body.after.mobileChannel === (mobileFen === 0 ? null : channel)
          ? done
          : conflictOf(till, id, 'tenderChange');
      }
      const sold = receipts.known(command.receipt);
      if (sold === null) return refuse('unknownReceipt');
      const refusal = receipts.whyNotMended(sold);
      if (refusal !== null) return refuse(refusal);
      if (!till.policy().mobileChannels.some((one) => one.code === channel)) return refuse('badInput');
      const before = tendersOf(sold.body);
      const mended = mendTenders(before, mobileFen, channel);
      if (mended.kind === 'refused') return refuse(mended.reason);
      return answerOf(
        till.record({
          kind: 'tenderChange',
          id,
          operator: operator.id,
          body: { shift, sale: sold.record.id, saleReceipt: sold.body.receipt, before, after: mended.tenders },
          postings: tenderChangePostings(before, mended.tenders),
        }),
      );
    },
  };
}
