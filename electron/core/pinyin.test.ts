import { expect, test } from 'vitest';
import { tidyInitials } from '../../shared/initials.ts';
import { initialsOf } from './pinyin.ts';

test('the likeliest reading of a name comes first', () => {
  expect(initialsOf('农夫山泉')).toBe('NFSQ');
  expect(initialsOf('金龙鱼大豆油5L')).toMatch(/^JLYDDY5L/);
});

test('every other reading of a character is found too', () => {
  expect(initialsOf('单县羊汤').split(' ')).toContain('SXYT');
  expect(initialsOf('曾老太').split(' ')).toEqual(expect.arrayContaining(['CLT', 'ZLT']));
  expect(initialsOf('东阿阿胶').split(' ')).toContain('DEEJ');
});

test('a long name of many readings stays bounded', () => {
  const words = initialsOf('长重行乐单曾阿会和还'.repeat(6)).split(' ');
  expect(words.length).toBeLessThanOrEqual(12);
  expect(new Set(words).size).toBe(words.length);
  for (const word of words) expect(word).toMatch(/^[0-9A-Z]{1,30}$/);
});

test('signs and spaces are no part of the initials', () => {
  expect(initialsOf('3=6笔（红）').split(' ')[0]).toBe('36BH');
  expect(initialsOf('!!!')).toBe('');
});

test('typed initials become capitals in words', () => {
  expect(tidyInitials(' nfsq,  3=6b nfsq ')).toBe('NFSQ 36B');
});
