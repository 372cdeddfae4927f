import { describe, expect, test } from 'vitest';
import { boardSchema, noticeFaults, noticesOn, tidyNotice } from './board.ts';

const notice = {
  id: 'n1',
  title: '周六清理河道',
  text: '早上八点，村口集合。\n工具村里备好。',
  village: '',
  fromDay: '2026-11-24',
  toDay: '2026-11-28',
  onReceipt: false,
};

describe('a notice', () => {
  for (const [name, change, faults] of [
    ['as it should be', {}, []],
    ['without a text', { text: '' }, []],
    ['of one day', { toDay: '2026-11-24' }, []],
    ['with sixteen characters in its title', { title: '福'.repeat(16) }, []],
    ['with one more', { title: '福'.repeat(17) }, ['title']],
    ['whose characters are pairs of code units', { title: '𠮷'.repeat(16) }, []],
    ['without a title', { title: '  ' }, ['title']],
    ['with two lines in its title', { title: '一\n二' }, ['title']],
    ['with an escape in it', { title: '好\u001b@' }, ['title']],
    ['that turns its words round', { text: '好\u202e坏' }, ['text']],
    ['with a line separator', { text: '一\u2028二' }, ['text']],
    ['that is too long', { text: '字'.repeat(121) }, ['text']],
    ['of two lines that take five rows', { text: `${'字'.repeat(104)}\n末` }, []],
    ['of three that take six', { text: `${'字'.repeat(80)}\n一\n二` }, ['text']],
    ['of six lines', { text: '一\n二\n三\n四\n五\n六' }, ['text']],
    ['that ends before it begins', { toDay: '2026-11-23' }, ['days']],
    ['that hangs for years', { toDay: '2028-01-01' }, ['days']],
    ['on no day', { fromDay: '2026-13-01' }, ['days']],
    ['with everything wrong', { title: '', text: '\0', toDay: '' }, ['title', 'text', 'days']],
  ] as const) {
    test(`${name}: ${faults.length === 0 ? 'may hang' : faults.join(', ')}`, () => {
      expect(noticeFaults({ ...notice, ...change })).toEqual(faults);
    });
  }

  test('is kept without the spaces and line ends that nobody sees', () => {
    expect(tidyNotice('  一 \r\n二\t\n\n')).toBe('一\n二');
  });

  test('hangs from its first day to its last', () => {
    const on = (today: string): number => noticesOn([notice], today).length;
    expect([on('2026-11-23'), on('2026-11-24'), on('2026-11-28'), on('2026-11-29')]).toEqual([0, 1, 1, 0]);
  });
});

test('a board with a notice that could not hang is no board', () => {
  const board = { v: 1, town: 't', shop: 's', version: 1, issuedAtMs: 0, notices: [notice] };
  expect(boardSchema.safeParse(board).success).toBe(true);
  expect(boardSchema.safeParse({ ...board, notices: [{ ...notice, text: '字'.repeat(121) }] }).success).toBe(false);
  expect(boardSchema.safeParse({ ...board, notices: Array.from({ length: 9 }, () => notice) }).success).toBe(false);
});
