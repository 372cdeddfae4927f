import { z } from 'zod';
import { DENOMINATIONS_FEN } from './cash-count.ts';

/** Notes and coins as a record keeps them: of a form that is known at one look at its bytes (`record-scan.ts`). */
export const recordedNotesSchema = z.array(
  z.object({ valueFen: z.literal(DENOMINATIONS_FEN), count: z.int().min(0).max(100_000) }),
);

/** How many of each note or coin were counted; a sort that is not in the drawer is left out or 0. */
export const countedNotesSchema = recordedNotesSchema
  .max(DENOMINATIONS_FEN.length)
  .refine((notes) => new Set(notes.map((note) => note.valueFen)).size === notes.length);
