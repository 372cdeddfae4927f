import { createRequire } from 'node:module';
import type { pinyin, polyphonic } from 'pinyin-pro';
import { initialsWith, type InitialReader } from '../../shared/initials.ts';

type Library = Readonly<{ pinyin: typeof pinyin; polyphonic: typeof polyphonic }>;

/** Its dictionary is large and a till opens without it, so the library is loaded by the first name that needs it. */
const load = createRequire(import.meta.url);
let loaded: Library | null = null;

function library(): Library {
  loaded ??= load('pinyin-pro') as Library;
  return loaded;
}

const reader: InitialReader = {
  likely: (text) => library().pinyin(text, { pattern: 'first', toneType: 'none', type: 'array' }),
  possible: (text) => library().polyphonic(text, { pattern: 'first', toneType: 'none', type: 'array' }),
};

/** Pinyin initials of an article's or a place's name, each reading, parted by spaces. */
export function initialsOf(name: string): string {
  return initialsWith(reader, name);
}
