import { hasRightCheckDigit } from '../../shared/barcode.ts';

/**
 * A burst that a stalled machine tore apart. The wedge sees two runs with a pause between them and must take neither for
 * the code; but when the digits on both sides of the pause are fast, and together they make a code whose check digit is
 * right, that code is what was scanned.
 */
export type Stroke = Readonly<{ digit: string; atMs: number }>;

const CODE_LENGTHS: readonly number[] = [8, 12, 13, 14, 18];
/** Between two digits of one piece; more is where the burst was torn. */
const PIECE_GAP_MS = 80;
const MEAN_GAP_MS = 30;
/** A longer pause is a person's, or the next scan's. */
export const TORN_PAUSE_MS = 700;

/** Whether digits are a whole code by their own check digit, so that nothing more needs to be waited for. */
export function isWholeCode(digits: string): boolean {
  return CODE_LENGTHS.includes(digits.length) && hasRightCheckDigit(digits);
}

/** The strokes with one more; those before a long pause have nothing to do with it. */
export function withStroke(strokes: readonly Stroke[], stroke: Stroke): readonly Stroke[] {
  const last = strokes.at(-1);
  return last === undefined || stroke.atMs - last.atMs > TORN_PAUSE_MS ? [stroke] : [...strokes, stroke];
}

/** The code that the strokes make together, or null when they were a person's or are not all of it. */
export function joinTorn(strokes: readonly Stroke[]): string | null {
  const code = strokes.map((stroke) => stroke.digit).join('');
  return isWholeCode(code) && areFast(strokes) ? code : null;
}

/** Whether these are pieces of a burst: a person's digits before a scan are none, and stay what was typed. */
export function areFast(strokes: readonly Stroke[]): boolean {
  const pieces: Stroke[][] = [];
  for (const [index, stroke] of strokes.entries()) {
    const before = strokes[index - 1];
    const piece = pieces.at(-1);
    if (before === undefined || piece === undefined || stroke.atMs - before.atMs > PIECE_GAP_MS) pieces.push([stroke]);
    else piece.push(stroke);
  }
  return pieces.every(isFast);
}

/**
 * Whether the last stroke goes on with a burst of which the machine has given up the head, because the rest came so late:
 * the head is fast by itself, or by its time up to this stroke. What stood in the field before the head is then what is
 * put back.
 */
export function goesOn(strokes: readonly Stroke[]): boolean {
  return strokes.length > 1 && (areFast(strokes.slice(0, -1)) || areFast(strokes));
}

/** A single digit tells nothing of its speed, and may be a quantity that a hand typed before the scan. */
function isFast(piece: readonly Stroke[]): boolean {
  const first = piece[0];
  const last = piece.at(-1);
  if (first === undefined || last === undefined || piece.length < 2) return false;
  return last.atMs - first.atMs <= MEAN_GAP_MS * (piece.length - 1);
}
