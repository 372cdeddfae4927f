import badSound from '../../resources/sounds/bad.wav?url';
import cardSound from '../../resources/sounds/card.wav?url';
import goodSound from '../../resources/sounds/good.wav?url';
import managerSound from '../../resources/sounds/manager.wav?url';
import paidSound from '../../resources/sounds/paid.wav?url';
import warnSound from '../../resources/sounds/warn.wav?url';
import type { Notice } from '../../shared/till-contract.ts';

/** What an ear tells apart: goods in, look here, not taken, a member, paid, a manager is wanted. */
const ADDRESSES = {
  good: goodSound,
  warn: warnSound,
  bad: badSound,
  card: cardSound,
  paid: paidSound,
  manager: managerSound,
} as const;
export type Sound = keyof typeof ADDRESSES;

/** One element per sound, made once, so that the first refusal of the day sounds as promptly as the last. */
const sounds = new Map<string, HTMLAudioElement>();

/** A frame and a little more: nobody hears it, and the notice is on the glass by then. */
const AFTER_FRAME_MS = 20;

/**
 * Plays a sound once what it belongs to is on the glass: starting one holds up the frame it falls into, and the one that
 * is just being put on the glass. A machine without loudspeaker, or before the first touch, stays silent.
 */
export function play(sound: Sound): void {
  requestAnimationFrame(() => setTimeout(() => start(ADDRESSES[sound]), AFTER_FRAME_MS));
}

function start(address: string): void {
  const known = sounds.get(address);
  const sound = known ?? new Audio(address);
  if (known === undefined) sounds.set(address, sound);
  sound.currentTime = 0;
  void sound.play().catch(() => undefined);
}

/** The sound of a notice; null for what may be read at leisure. */
export function soundOf(tone: Notice['tone'], text: string): Sound | null {
  if (text === 'memberShown') return 'card';
  return tone === 'info' ? null : tone;
}
