import { z } from 'zod';
import { addDays } from './time.ts';

/**
 * The town's notice board: what villagers read on the customer page while nobody is served. Plain text with limits that
 * keep it large on every screen; the town signs what stands on it for one shop, and a till shows the part of today.
 */
export const NOTICE_TITLE_MAX = 16;
export const NOTICE_TEXT_MAX = 120;
/** Rows on the customer page, a long line taking several; each holds so many characters on every screen. */
export const NOTICE_ROWS_MAX = 5;
export const NOTICE_ROW_CHARACTERS = 26;
/** A notice that hangs longer than a year is read by nobody any more. */
export const NOTICE_DAYS_MAX = 366;
/** So many may run at a time: each has its turn on the page, and the last one must not wait for minutes. */
export const NOTICES_MAX = 8;

const day = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/);

export const boardNoticeSchema = z.object({
  id: z.string().min(1).max(64),
  title: z.string(),
  text: z.string(),
  /** The village whose notice it is; empty where it is the town's own. */
  village: z.string().max(80),
  fromDay: day,
  toDay: day,
  /** Whether its title stands at the foot of the day's receipts, too. */
  onReceipt: z.boolean(),
});
export type BoardNotice = Readonly<z.infer<typeof boardNoticeSchema>>;

/** What hangs at one shop, as the town signs it. */
export const boardSchema = z.object({
  v: z.literal(1),
  town: z.string(),
  shop: z.string(),
  version: z.int().min(0),
  issuedAtMs: z.int().min(0),
  notices: z.array(boardNoticeSchema.refine((one) => noticeFaults(one).length === 0)).max(NOTICES_MAX),
});
export type Board = Readonly<z.infer<typeof boardSchema>>;

export type NoticeFault = 'title' | 'text' | 'days';

/** Anything that draws nothing, or that would change how what stands beside it is drawn or printed. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u;

const characters = (text: string): number => Array.from(text).length;

/** Which parts of a notice cannot stand on the board as they are. */
export function noticeFaults(
  notice: Readonly<{ title: string; text: string; fromDay: string; toDay: string }>,
): NoticeFault[] {
  const faults: NoticeFault[] = [];
  const { title, text, fromDay, toDay } = notice;
  if (title.trim() === '' || characters(title) > NOTICE_TITLE_MAX || INVISIBLE.test(title)) faults.push('title');
  const lines = text.split('\n');
  const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(characters(line) / NOTICE_ROW_CHARACTERS)), 0);
  if (characters(text) > NOTICE_TEXT_MAX || rows > NOTICE_ROWS_MAX || lines.some((one) => INVISIBLE.test(one)))
    faults.push('text');
  const areDays = day.safeParse(fromDay).success && day.safeParse(toDay).success;
  if (!areDays || toDay < fromDay || addDays(fromDay, NOTICE_DAYS_MAX) < toDay) faults.push('days');
  return faults;
}

/** A text as it is kept: no spaces at the ends of its lines, none of another system's line ends, no empty end. */
export function tidyNotice(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
}

/** What hangs on a day, in the order that it was hung up. */
export function noticesOn<N extends Readonly<{ fromDay: string; toDay: string }>>(
  notices: readonly N[],
  today: string,
): N[] {
  return notices.filter(({ fromDay, toDay }) => fromDay <= today && today <= toDay);
}
