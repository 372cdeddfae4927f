import { useSyncExternalStore } from 'react';
import { moneyWords, PAUSE, type Phrase, sentenceOf, spokenOf } from '../../shared/spoken.ts';
import type { Screen } from '../../shared/till-contract.ts';
import type { Connection } from './connection.ts';

/**
 * Says aloud what the screen asks for: the total and the points while paying, the change when paid. One page of a till
 * speaks and no other, so two pages on one counter are never heard twice.
 */
export type Speaker = Readonly<{
  /** What was said last, for who reads the page by ear; '' before the first. */
  said: () => string;
  subscribe: (heard: () => void) => () => void;
}>;

/** While a cashier still chooses the points, nothing is said; the choice that stands is. */
const CALM_MS = 700;
/** The page is painted first. */
const AFTER_PAINT_MS = 120;
const PAUSE_SECONDS = 0.22;

const SAMPLE: Phrase = ['请付', ...moneyWords(2_050)];

/** Speaks for as long as the page lives, whenever `isOurs` says that it is this page's turn. */
export function openSpeaker(connection: Connection, isOurs: (screen: Screen) => boolean): Speaker {
  const recordings = openRecordings(connection);
  const listeners = new Set<() => void>();
  let moment: string | null = null;
  let tries: number | null = null;
  let sentence = '';
  let waiting: ReturnType<typeof setTimeout> | null = null;

  const speak = (phrase: Phrase, mode: Screen['voice']['mode']): void => {
    sentence = sentenceOf(phrase);
    for (const one of listeners) one();
    void utter(phrase, mode);
  };
  const utter = async (phrase: Phrase, mode: Screen['voice']['mode']): Promise<void> => {
    switch (mode) {
      case 'off':
        return;
      case 'recorded':
        if (await recordings.play(phrase)) return;
        return readAloud(sentenceOf(phrase));
      case 'voice':
        return readAloud(sentenceOf(phrase));
    }
  };
  const later = (delayMs: number, phrase: Phrase): void => {
    if (waiting !== null) clearTimeout(waiting);
    waiting = setTimeout(() => {
      waiting = null;
      const screen = connection.screen();
      if (screen !== null && isOurs(screen)) speak(phrase, screen.voice.mode);
    }, delayMs);
  };

  connection.subscribe(() => {
    const screen = connection.screen();
    if (screen === null) return;
    const spoken = spokenOf(screen);
    // What stood on the screen before this page was there was said, or is too late.
    const isFirst = tries === null;
    if (!isFirst && screen.voice.tries !== tries) {
      // Whoever tries may have put new recordings into the folder just now.
      recordings.forget();
      later(0, SAMPLE);
    }
    tries = screen.voice.tries;
    const next = spoken?.moment ?? '';
    if (next === moment) return;
    moment = next;
    if (spoken === null) {
      if (waiting !== null) clearTimeout(waiting);
      waiting = null;
    } else if (!isFirst) later(screen.phase === 'paying' ? CALM_MS : AFTER_PAINT_MS, spoken.phrase);
  });

  return {
    said: () => sentence,
    subscribe: (heard) => {
      listeners.add(heard);
      return () => listeners.delete(heard);
    },
  };
}

export function useSaid(speaker: Speaker): string {
  return useSyncExternalStore(speaker.subscribe, speaker.said);
}

/** A Chinese voice of this machine. One that reads elsewhere would carry the shop's amounts over the network. */
export function localVoice(): SpeechSynthesisVoice | null {
  if (!('speechSynthesis' in window)) return null;
  const chinese = speechSynthesis.getVoices().filter((voice) => voice.localService && /^(zh|cmn)\b/i.test(voice.lang));
  return chinese.find((voice) => /^(zh|cmn)[-_](Hans[-_])?CN/i.test(voice.lang)) ?? chinese[0] ?? null;
}

function readAloud(sentence: string): void {
  const voice = localVoice();
  if (voice === null) return;
  const utterance = new SpeechSynthesisUtterance(sentence);
  utterance.voice = voice;
  utterance.lang = voice.lang;
  utterance.rate = 0.95;
  // The newest amount is the only one that counts.
  speechSynthesis.cancel();
  speechSynthesis.speak(utterance);
}

/** The town's own recordings, fetched when they are first wanted and decoded when they are first said. */
function openRecordings(connection: Connection) {
  let context: AudioContext | null = null;
  let clips: Promise<ReadonlyMap<string, AudioBuffer>> | null = null;
  let playing: AudioBufferSourceNode[] = [];

  const fetchClips = async (audio: AudioContext): Promise<ReadonlyMap<string, AudioBuffer>> => {
    const recordings = await connection.client().recordings();
    const decoded = await Promise.all(
      recordings.map(async ({ word, base64 }) => {
        try {
          return [[word, await audio.decodeAudioData(bytesOf(base64).buffer)] as const];
        } catch {
          return [];
        }
      }),
    );
    return new Map(decoded.flat());
  };

  return {
    forget: (): void => {
      clips = null;
    },
    /** Plays a phrase word by word; false when a word of it was not recorded, and then nothing is heard. */
    play: async (phrase: Phrase): Promise<boolean> => {
      try {
        context ??= new AudioContext();
        clips ??= fetchClips(context);
        const known = await clips;
        const words = phrase.map((word) => (word === PAUSE ? null : known.get(word)));
        if (words.includes(undefined)) return false;
        for (const source of playing) source.stop();
        playing = schedule(context, words);
        return true;
      } catch {
        clips = null;
        return false;
      }
    },
  };
}

function schedule(context: AudioContext, words: readonly (AudioBuffer | null | undefined)[]): AudioBufferSourceNode[] {
  const sources: AudioBufferSourceNode[] = [];
  let atSeconds = context.currentTime;
  for (const word of words) {
    if (word === null || word === undefined) {
      atSeconds += PAUSE_SECONDS;
      continue;
    }
    const source = context.createBufferSource();
    source.buffer = word;
    source.connect(context.destination);
    source.start(atSeconds);
    atSeconds += word.duration;
    sources.push(source);
  }
  return sources;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
