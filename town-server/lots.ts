import { lawHolds } from '../shared/allotment.ts';
import { must } from '../shared/assert.ts';
import type { Rows, Transaction } from './store.ts';

/** Writes lots after checking their law (invariants 3, 12, 20); one that broke it would be a bug, and is never stored. */
export async function putLots(transaction: Transaction, lots: readonly Rows['lot'][]): Promise<void> {
  for (const lot of lots) must(lawHolds(lot), `the law of lot ${lot.lot} is broken: ${JSON.stringify(lot)}`);
  await transaction.put('lot', lots);
}
