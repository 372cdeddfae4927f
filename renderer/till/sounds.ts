import badSound from '../../resources/sounds/bad.wav?url';
import cardSound from '../../resources/sounds/card.wav?url';
import goodSound from '../../resources/sounds/good.wav?url';
import type { Notice } from '../../shared/till-contract.ts';

/** One element per sound, made once, so that the first refusal of the day sounds as promptly as the last. */
const sounds = new Map<string, HTMLAudioElement>();

/** A frame and a little more: nobody hears it, and the notice is on the glass by then. */
const AFTER_FRAME_MS = 20;

/**
 * Plays what belongs to a notice, once the notice itself is on the glass: starting a sound holds up the frame it falls
 * into, and the one that is just being put on the glass. A machine without loudspeaker, or before the first touch, stays
 * silent.
 */
export function play(tone: Notice['tone'], text: string): void {
  const address = addressOf(tone, text);
  if (address === null) return;
  requestAnimationFrame(() => setTimeout(() => start(address), AFTER_FRAME_MS));
}

function start(address: string): void {
  const known = sounds.get(address);
  const sound = known ?? new Audio(address);
  if (known === undefined) sounds.set(address, sound);
  sound.currentTime = 0;
  void sound.play().catch(() => undefined);
}

function addressOf(tone: Notice['tone'], text: string): string | null {
  if (text === 'memberShown') return cardSound;
  switch (tone) {
    case 'bad':
    case 'warn':
      return badSound;
    case 'good':
      return goodSound;
    case 'info':
      return null;
  }
}
