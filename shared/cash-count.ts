import { z } from 'zod';
import { sum } from './money.ts';

/** The notes and coins of a drawer, largest first, fen: what the central bank issues and a shop still meets. */
export const DENOMINATIONS_FEN = [10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10] as const;

/** Notes and coins as a record keeps them: of a form that is known at one look at its bytes (`record-scan.ts`). */
export const recordedNotesSchema = z.array(
  z.object({ valueFen: z.literal(DENOMINATIONS_FEN), count: z.int().min(0).max(100_000) }),
);

/** How many of each note or coin were counted; a sort that is not in the drawer is left out or 0. */
export const countedNotesSchema = recordedNotesSchema
  .max(DENOMINATIONS_FEN.length)
  .refine((notes) => new Set(notes.map((note) => note.valueFen)).size === notes.length);
export type CountedNotes = z.infer<typeof countedNotesSchema>;

/** What the counted notes are worth, fen. */
export function notesFen(notes: CountedNotes): number {
  return sum(notes.map(({ valueFen, count }) => valueFen * count));
}
