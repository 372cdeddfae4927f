import { expect, test } from 'vitest';
import { refusalReasons } from './till-contract.ts';
import { isWordKey, noticeKeys, rateWords, wordKeys, wordsOf } from './words.ts';

test('every reason and every notice has a sentence of its own in Chinese', () => {
  for (const key of [...refusalReasons, ...noticeKeys]) {
    expect(isWordKey(key)).toBe(true);
    expect(wordsOf(key)).toMatch(/\p{Script=Han}/u);
  }
  expect(new Set(wordKeys.map((key) => wordsOf(key))).size).toBe(wordKeys.length);
});

test('a sentence without its values still reads as one: no brace, bracket or double space is left', () => {
  for (const key of wordKeys) expect(wordsOf(key)).not.toMatch(/[{}[\]]| {2}|：$|，。/);
});

test('values are filled in, money as yuan and instants as time of the town', () => {
  expect(wordsOf('unknownCode', { code: '6901' })).toContain('编码 6901');
  expect(wordsOf('shortOfCash', { missingFen: 1250 })).toContain('12.50 元');
  expect(wordsOf('snapshotOld', { asOfMs: Date.parse('2026-03-02T00:02:00Z') })).toContain('03-02 08:02');
});

test('what comes back as nothing is not said', () => {
  expect(wordsOf('refundDone', { cashFen: 5060, mobileFen: 0, points: 3 })).toBe(
    '已退货，退现金 50.60 元，退积分 3 分',
  );
});

test('an unknown key is shown rather than hidden', () => {
  expect(wordsOf('somethingNew')).toBe('somethingNew');
});

test.each([
  [9000, '9折'],
  [8500, '8.5折'],
  [9950, '9.95折'],
  [10_000, ''],
])('a rate of %i basis points is said as %s', (rateBp, words) => {
  expect(rateWords(rateBp)).toBe(words);
});
