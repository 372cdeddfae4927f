import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Screen } from '../../shared/till-contract.ts';
import { SPOKEN_WORDS } from '../../shared/spoken.ts';
import type { Ledger } from './ledger/ledger.ts';

/** A second of speech takes a tenth of this; a file beyond it is no recording of a word. */
const CLIP_BYTES_MAX = 1_000_000;

const CLIP_TYPES: ReadonlySet<string> = new Set(['.wav', '.mp3', '.ogg', '.m4a']);

/** How this till speaks to its customers, and the words that a town recorded in its own dialect. */
export function createVoice(ledger: Ledger, dataFolder: string) {
  let tries = 0;
  const read = (): Screen['voice']['mode'] => {
    const mode = ledger.setting('voice');
    return mode === 'off' || mode === 'recorded' ? mode : 'voice';
  };
  let mode = read();
  return {
    screen: (): Screen['voice'] => ({ mode, tries }),
    set: (next: Screen['voice']['mode']): void => {
      ledger.setSetting('voice', next);
      mode = next;
    },
    /** Whoever speaks for this till says a sample. */
    trial: (): void => {
      tries += 1;
    },
    /** The recordings in `sounds` of the till's folder, each a file named by its word; none where there is no folder. */
    recordings: (): { word: string; base64: string }[] => {
      const folder = join(dataFolder, 'sounds');
      return filesOf(folder).flatMap((name) => {
        const type = extname(name);
        const word = name.slice(0, name.length - type.length).normalize('NFC');
        if (!CLIP_TYPES.has(type.toLowerCase()) || !SPOKEN_WORDS.includes(word)) return [];
        const bytes = clipOf(join(folder, name));
        return bytes === null ? [] : [{ word, base64: bytes.toString('base64') }];
      });
    },
  };
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

function clipOf(file: string): Buffer | null {
  try {
    return statSync(file).size > CLIP_BYTES_MAX ? null : readFileSync(file);
  } catch {
    return null;
  }
}
