import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goods, openTestCore, sellAt } from '../electron/core/test-core.ts';
import { newId } from '../electron/host-world.ts';
import type { Command } from '../shared/till-contract.ts';
import { trapCommit } from './simulator/disk.ts';

const lines = [{ line: 0, quantity: 1, goods: 'shelf' as const }];

/** Invariant 7. What is recorded of a sale of bread, or of the day it was sold on; after each of these the till reads what came of it. */
const documents: readonly (readonly [string, (id: string, receipt: string, shift: string) => Command])[] = [
  ['a refund', (id, receipt) => ({ kind: 'refund', id, receipt, lines, reason: 'quality', approval: null })],
  ['an exchange', (id, receipt) => ({ kind: 'exchange', id, receipt, lines, reason: 'quality', approval: null })],
  ['a tender change', (id, receipt) => ({ kind: 'changeTender', id, receipt, mobileFen: 100, channel: 'wechat' })],
  ['the end of a shift', (_, __, shift) => ({ kind: 'closeShift', shift, countedFen: 0 })],
  [
    'a change of price',
    (id) => ({
      kind: 'changePrice',
      id,
      item: goods.bread.id,
      which: 'shelf',
      priceFen: 1,
      fromDay: null,
      toDay: null,
    }),
  ],
];

for (const [what, commandOf] of documents) {
  test(`${what} whose record reached the disk is done, though the disk fails right behind it`, async () => {
    const till = await openTestCore();
    const receipt = await sellAt(till, goods.bread.code);
    await till.ask({ kind: 'nextSale' });
    const { shift } = await till.screen();
    const before = till.records().length;
    let struck = false;
    // The first commit is the record, the second whatever follows it.
    trapCommit(join(till.folder, 'data', 'ledger.sqlite'), 'refused', 2, () => {
      struck = true;
    });
    const answer = await till.send(commandOf(newId(), receipt, shift?.id ?? ''));
    // Where nothing was written behind the record, whatever looks next meets the disk.
    await till.screen();
    expect(struck).toBe(true);
    expect(till.records()).toHaveLength(before + 1);
    expect(answer).toEqual({ kind: 'done' });
    expect((await till.screen()).phase).toBe('stopped');
    await till.close();
  });
}
