/** What a device sends comes in pieces of any size; this finds the frames in it, whatever lies between them. */

/**
 * What stands at the front of these bytes: a frame and how long it is; `more` while its end has not come; null when no
 * frame begins here. `frame: null` skips bytes that belong together and say nothing.
 */
export type FrameAt<Frame> = (bytes: Uint8Array) => Readonly<{ length: number; frame: Frame | null }> | 'more' | null;

export type Taken<Frame> = Readonly<{ frames: readonly Frame[]; pending: Uint8Array }>;

export const NOTHING_PENDING = new Uint8Array();

/**
 * Takes a piece behind what was pending. The same bytes give the same frames however they were cut, and after garbage the
 * next whole frame is found again.
 */
export function takeFrames<Frame>(pending: Uint8Array, piece: Uint8Array, frameAt: FrameAt<Frame>): Taken<Frame> {
  const bytes = new Uint8Array(pending.length + piece.length);
  bytes.set(pending);
  bytes.set(piece, pending.length);
  const frames: Frame[] = [];
  let at = 0;
  while (at < bytes.length) {
    const found = frameAt(bytes.subarray(at));
    if (found === 'more') break;
    if (found === null) {
      at += 1;
      continue;
    }
    if (found.frame !== null) frames.push(found.frame);
    at += Math.max(1, found.length);
  }
  return { frames, pending: bytes.slice(at) };
}
