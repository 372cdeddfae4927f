import { expect, test } from 'vitest';
import { type KeyLike, keyName, leavesPage, typesCharacter } from './keys.ts';

function press(code: string, change: Partial<KeyLike> = {}): KeyLike {
  return { code, key: '', shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...change };
}

test.each([
  ['Digit3', {}, '3'],
  ['Numpad3', { key: '3' }, '3'],
  ['Numpad3', { key: 'PageDown' }, 'PageDown'],
  ['NumpadEnter', { key: 'Enter' }, 'Enter'],
  ['Digit8', { shiftKey: true, key: '*' }, '*'],
  ['NumpadMultiply', { key: '*' }, '*'],
  ['Equal', { shiftKey: true, key: '+' }, '+'],
  ['NumpadAdd', { key: '+' }, '+'],
  ['Slash', { key: '/' }, '/'],
  ['KeyW', { key: 'Process' }, 'w'],
  ['KeyW', { key: 'W', shiftKey: true }, 'w'],
  ['Digit8', { key: '*' }, '*'],
  ['Equal', { key: '+' }, '+'],
  ['F12', {}, 'F12'],
  ['Escape', {}, 'Esc'],
  ['KeyR', { ctrlKey: true }, null],
  ['Digit1', { shiftKey: true, key: '!' }, null],
] as const)('%s %o is named %s', (code, change, name) => {
  expect(keyName(press(code, change))).toBe(name);
});

test('a Chinese input method that eats the slash changes nothing', () => {
  expect(keyName(press('Slash', { key: '、' }))).toBe('/');
  expect(keyName(press('Slash', { key: 'Process' }))).toBe('/');
});

test.each([
  ['F5', {}, false],
  ['KeyR', { ctrlKey: true }, true],
  ['ArrowLeft', { altKey: true }, true],
  ['Backspace', {}, false],
] as const)('%s %o is kept from the browser', (code, change, editing) => {
  expect(leavesPage(press(code, change), editing)).toBe(true);
});

test('Backspace edits a field, and copy and paste stay', () => {
  expect(leavesPage(press('Backspace'), true)).toBe(false);
  expect(leavesPage(press('KeyC', { ctrlKey: true }), true)).toBe(false);
  expect(leavesPage(press('KeyV', { ctrlKey: true }), true)).toBe(false);
});

test('only keys that type one character may begin a burst', () => {
  expect(['3', 'w', '+'].every(typesCharacter)).toBe(true);
  expect(['F3', 'Enter', 'Esc'].some(typesCharacter)).toBe(false);
});
