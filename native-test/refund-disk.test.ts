import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goods, openTestCore, sellAt } from '../electron/core/test-core.ts';
import { newId } from '../electron/host-world.ts';
import { trapCommit } from './simulator/disk.ts';

test('a refund whose record reached the disk is done, though the disk fails right behind it', async () => {
  const till = await openTestCore();
  const receipt = await sellAt(till, goods.bread.code);
  await till.ask({ kind: 'nextSale' });
  let struck = false;
  // The first commit is the record, the second whatever follows it.
  trapCommit(join(till.folder, 'data', 'ledger.sqlite'), 'refused', 2, () => {
    struck = true;
  });
  const id = newId();
  const lines = [{ line: 0, quantity: 1, goods: 'shelf' as const }];
  const answer = await till.send({ kind: 'refund', id, receipt, lines, reason: 'quality', approval: null });
  expect(struck).toBe(true);
  expect(till.records().filter((record) => record.id === id)).toHaveLength(1);
  expect(answer).toEqual({ kind: 'done' });
  expect((await till.screen()).phase).toBe('stopped');
  await till.close();
});
