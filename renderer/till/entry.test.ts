import { expect, test } from 'vitest';
import { channelKey, cleanNumber, enrolFault, splitQuantity } from './entry.ts';

test.each([
  ['3*6901028180559', 3, '6901028180559'],
  ['12×', 12, ''],
  ['0*690', null, '0*690'],
  ['青菜', null, '青菜'],
])('%s is read as %s of %s', (text, count, code) => {
  expect(splitQuantity(text)).toEqual({ count, code });
});

test('an amount typed with an input method keeps its digits and its point', () => {
  expect(cleanNumber('１２。5元', true)).toBe('12.5');
  expect(cleanNumber('w', true)).toBe('');
  expect(cleanNumber('7.2', false)).toBe('72');
});

test('the two channels everyone knows have their letters, wherever they stand in the list', () => {
  expect(channelKey('支付宝', 0)).toBe('z');
  expect(channelKey('微信', 1)).toBe('w');
  expect(channelKey('云闪付', 2)).toBe('u');
});

test('a till is enrolled only with code, name and a PIN typed twice alike', () => {
  expect(enrolFault('', '王芳', '1234', '1234')).toContain('注册码');
  expect(enrolFault('ABC-123', ' ', '1234', '1234')).toContain('店长姓名');
  expect(enrolFault('ABC-123', '王芳', '12', '12')).toContain('数字');
  expect(enrolFault('ABC-123', '王芳', '1234', '1235')).toContain('不一样');
  expect(enrolFault('ABC-123', '王芳', '1234', '1234')).toBeNull();
});
