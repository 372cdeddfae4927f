import { expect, test } from 'vitest';
import { must } from './assert.ts';

test('a condition that holds passes', () => {
  expect(() => must(true, 'never said')).not.toThrow();
});

test('a condition that fails throws what was expected of it', () => {
  expect(() => must(false, 'a sale has lines')).toThrow('a sale has lines');
});
