import { type ReactNode, useEffect, useRef, useState } from 'react';

/** A read of the core, made once when a dialog opens. */
export function useRead<T>(read: () => Promise<T>): { value: T | null; state: 'loading' | 'read' | 'failed' } {
  const [answer, setAnswer] = useState<{ value: T | null; state: 'loading' | 'read' | 'failed' }>({
    value: null,
    state: 'loading',
  });
  const first = useRef(read);
  useEffect(() => {
    let gone = false;
    const load = async (): Promise<void> => {
      try {
        const value = await first.current();
        if (!gone) setAnswer({ value, state: 'read' });
      } catch {
        if (!gone) setAnswer({ value: null, state: 'failed' });
      }
    };
    void load();
    return () => {
      gone = true;
    };
  }, []);
  return answer;
}

/** While a read runs, or when it could not be made. */
export function Reading({ state }: { state: 'loading' | 'failed' }): ReactNode {
  return <p className="nothing">{state === 'loading' ? '正在读取…' : '没有读到，请关上再打开一次'}</p>;
}
