/**
 * Pinyin initials, as people type them to find a name. What reads the characters is handed in, since its dictionary is
 * large and neither side loads it before the first name that needs it.
 */
const READINGS_MAX = 12;
/** Characters of a name that are read; nobody types more initials than that. */
const CHARACTERS_MAX = 30;

/** Reads each character of a text: its likeliest initial in this text, and every initial it may have anywhere. */
export type InitialReader = Readonly<{
  likely: (text: string) => readonly string[];
  possible: (text: string) => readonly (readonly string[])[];
}>;

/**
 * Pinyin initials of a name, in capitals and parted by spaces: the likeliest reading first, then the readings that other
 * pronunciations of its characters give. A reader guesses names of places and families wrong (单县, 曾老太), so each
 * character's other initials are tried one at a time, then two at a time, until there are enough; a name of many such
 * characters would otherwise have thousands of readings.
 */
export function initialsWith(reader: InitialReader, name: string): string {
  const text = Array.from(name.normalize('NFKC'))
    .filter((character) => /[\p{L}\p{N}]/u.test(character))
    .slice(0, CHARACTERS_MAX)
    .join('');
  if (text === '') return '';
  const likely = reader.likely(text).map(lettersOf);
  const possible = reader.possible(text).map((readings) => readings.map(lettersOf));
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
