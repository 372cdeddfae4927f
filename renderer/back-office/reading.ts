import { useCallback, useEffect, useRef, useState } from 'react';

/** What a read gave: nothing yet, a value (an older one stays while it is read again), or no answer at all. */
export type Reading<T> = Readonly<{ value: T | null; failed: boolean; busy: boolean; again: () => void }>;

/**
 * Reads when the page opens, when `key` changes and when asked again. Only the newest answer counts: a slow one to an
 * older question is dropped.
 */
export function useReading<T>(key: string, read: () => Promise<T>): Reading<T> {
  const [state, setState] = useState<Readonly<{ value: T | null; failed: boolean; busy: boolean }>>({
    value: null,
    failed: false,
    busy: true,
  });
  const question = useRef(0);
  const newestRead = useRef(read);
  newestRead.current = read;
  const again = useCallback(() => {
    question.current += 1;
    const mine = question.current;
    setState((before) => ({ ...before, busy: true }));
    // A line that is down throws at once; that is a failed read like any other.
    Promise.resolve()
      .then(() => newestRead.current())
      .then(
      (value) => {
        if (mine === question.current) setState({ value, failed: false, busy: false });
      },
      () => {
        if (mine === question.current) setState((before) => ({ value: before.value, failed: true, busy: false }));
      },
    );
  }, []);
  useEffect(() => {
    again();
    return () => {
      question.current += 1;
    };
  }, [key, again]);
  return { ...state, again };
}
