import { createRequire } from 'node:module';
import type { pinyin, polyphonic } from 'pinyin-pro';
import { initialsWith, type InitialReader } from '../shared/initials.ts';

type Library = Readonly<{ pinyin: typeof pinyin; polyphonic: typeof polyphonic }>;

const load = createRequire(import.meta.url);
let loaded: Library | null = null;

function library(): Library {
  loaded ??= load('pinyin-pro') as Library;
  return loaded;
}

/** Of a person: the first character is read as a family's name (单 is Shan, 曾 is Zeng). */
const reader: InitialReader = {
  likely: (text) => library().pinyin(text, { pattern: 'first', toneType: 'none', type: 'array', surname: 'head' }),
  possible: (text) => library().polyphonic(text, { pattern: 'first', toneType: 'none', type: 'array' }),
};

/** Names that were read already: every till asks for the same ones. */
const known = new Map<string, string>();
const KNOWN_MAX = 200_000;

/** Pinyin initials of a person's name, each reading, parted by spaces. */
export function nameInitials(name: string): string {
  const before = known.get(name);
  if (before !== undefined) return before;
  if (known.size >= KNOWN_MAX) known.clear();
  const initials = initialsWith(reader, name);
  known.set(name, initials);
  return initials;
}
