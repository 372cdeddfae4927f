import { expect, test } from 'vitest';
import { notice, runBoard } from './test-board.ts';
import { openTestTown } from './test-town.ts';

test('a notice hangs where and when it should, within its limits, and is never deleted', () => runBoard());

test('nobody reads or writes the board without being signed in', async () => {
  const { api } = await openTestTown([]);
  const refused = { kind: 'refused', reason: 'notSignedIn' };
  expect(await api.board()).toEqual(refused);
  expect(await api.writeNotice(notice)).toEqual(refused);
  expect(await api.endNotice({ id: notice.id, by: notice.by })).toEqual(refused);
});
