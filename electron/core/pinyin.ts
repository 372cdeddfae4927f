import { createRequire } from 'node:module';
import type { pinyin, polyphonic } from 'pinyin-pro';

type Library = Readonly<{ pinyin: typeof pinyin; polyphonic: typeof polyphonic }>;

/** Its dictionary is large and a till opens without it, so the library is loaded by the first name that needs it. */
const load = createRequire(import.meta.url);
let loaded: Library | null = null;

function library(): Library {
  loaded ??= load('pinyin-pro') as Library;
  return loaded;
}

const READINGS_MAX = 12;
/** Characters of a name that are read; nobody types more initials than that. */
const CHARACTERS_MAX = 30;

/**
 * Pinyin initials of a name, in capitals and parted by spaces: the likeliest reading first, then the readings that other
 * pronunciations of its characters give. The library guesses names of places and families wrong (单县, 曾老太), so each
 * character's other initials are tried one at a time, then two at a time, until there are enough; a name of many such
 * characters would otherwise have thousands of readings.
 */
export function initialsOf(name: string): string {
  const text = Array.from(name.normalize('NFKC'))
    .filter((character) => /[\p{L}\p{N}]/u.test(character))
    .slice(0, CHARACTERS_MAX)
    .join('');
  if (text === '') return '';
  const { pinyin, polyphonic } = library();
  const likely = pinyin(text, { pattern: 'first', toneType: 'none', type: 'array' }).map(lettersOf);
  const possible = polyphonic(text, { pattern: 'first', toneType: 'none', type: 'array' }).map((readings) =>
    readings.map(lettersOf),
  );
  const swaps = likely.flatMap((initial, index) =>
    [...new Set(possible[index] ?? [])]
      .filter((other) => other !== '' && other !== initial)
      .map((other) => ({ index, other })),
  );
  const readings = new Set([likely.join('')]);
  const add = (changes: readonly { index: number; other: string }[]): void => {
    if (readings.size >= READINGS_MAX) return;
    const letters = [...likely];
    for (const { index, other } of changes) letters[index] = other;
    readings.add(letters.join(''));
  };
  for (const swap of swaps) add([swap]);
  for (const [position, first] of swaps.entries()) {
    for (const second of swaps.slice(position + 1)) if (second.index !== first.index) add([first, second]);
  }
  readings.delete('');
  return [...readings].join(' ');
}

/** Initials as a person typed or a list brought them: capitals and digits in words parted by one space. */
export function tidyInitials(text: string): string {
  const words = text
    .normalize('NFKC')
    .split(/[\s,;、]+/)
    .map(lettersOf);
  return [...new Set(words.filter((word) => word !== ''))].slice(0, READINGS_MAX).join(' ');
}

/** Letters without their marks: some readings are syllables such as 'ń' or 'ê'. */
function lettersOf(initial: string): string {
  return initial
    .normalize('NFD')
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '');
}
