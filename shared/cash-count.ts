import { sum } from './money.ts';

/** The notes and coins of a drawer, largest first, fen: what the central bank issues and a shop still meets. */
export const DENOMINATIONS_FEN = [10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10] as const;

/** How many of each note or coin were counted; `counted-notes.ts` judges one that comes from outside. */
export type CountedNotes = { valueFen: (typeof DENOMINATIONS_FEN)[number]; count: number }[];

/** What the counted notes are worth, fen. */
export function notesFen(notes: CountedNotes): number {
  return sum(notes.map(({ valueFen, count }) => valueFen * count));
}
