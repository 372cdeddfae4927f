import { useEffect, useState } from 'react';

/** Work that is not saved yet. Its id is made once, with it, and stays until the core has said that it is done. */
export type Draft<T> = Readonly<{ draft: T; change: (next: (before: T) => T) => void; clear: () => void }>;

/**
 * Keeps unsaved work in the browser's store, because counting a shelf for an hour must survive a closed window. It is
 * never an authority: what counts is what the core recorded.
 */
export function useDraft<T extends object>(name: string, fresh: () => T): Draft<T> {
  const key = `back-office.${name}`;
  const [draft, setDraft] = useState<T>(() => (stored(key) as T | null) ?? fresh());
  useEffect(() => {
    try {
      localStorage.setItem(key, JSON.stringify(draft));
    } catch {
      // A full store only costs the draft its survival.
    }
  }, [key, draft]);
  return { draft, change: setDraft, clear: () => setDraft(fresh()) };
}

function stored(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}
