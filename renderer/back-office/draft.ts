import { useState } from 'react';

/** Work that is not saved yet. Its id is made once, with it, and stays until the core has said that it is done. */
export type Draft<T> = Readonly<{ draft: T; change: (next: T) => void; clear: () => void }>;

/**
 * Keeps unsaved work in the browser's store, because counting a shelf for an hour must survive a closed window. It is
 * never an authority: what counts is what the core recorded.
 */
export function useDraft<T extends object>(name: string, fresh: () => T): Draft<T> {
  const key = `back-office.${name}`;
  const [draft, setDraft] = useState<T>(() => stored<T>(key) ?? fresh());
  const keep = (next: T): void => {
    setDraft(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // A full store only costs the draft its survival.
    }
  };
  return { draft, change: keep, clear: () => keep(fresh()) };
}

function stored<T>(key: string): T | null {
  try {
    const text = localStorage.getItem(key);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}
