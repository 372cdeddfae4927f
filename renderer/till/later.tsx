import { type ComponentType, type ReactNode, useEffect, useState } from 'react';
import { Frame } from './frame.tsx';
import { Reading } from './reading.tsx';
import { useTill } from './till.ts';

/** The page is up and its first scan taken before anything else is fetched. */
const FETCH_AFTER_MS = 1_500;
const AGAIN_MS = 3_000;

const waiting: (() => Promise<unknown>)[] = [];

/**
 * A dialog in a file of its own, so that the page itself stays small. Its file is fetched while nobody waits for it: by
 * the time somebody presses its key it stands there as if it had come with the page, also when the core is gone by then.
 */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  const fetchIt = async (): Promise<void> => {
    loaded ??= await load();
  };
  waiting.push(fetchIt);
  return function Later(props: P): ReactNode {
    const { hide } = useTill();
    const [state, setState] = useState<'loading' | 'failed' | 'loaded'>(loaded === null ? 'loading' : 'loaded');
    useEffect(() => {
      fetchIt().then(
        () => setState('loaded'),
        () => setState('failed'),
      );
    }, []);
    const Dialog = loaded;
    if (Dialog !== null) return <Dialog {...props} />;
    return (
      <Frame title="请稍等" size="medium" leave={hide}>
        <Reading state={state === 'failed' ? 'failed' : 'loading'} />
      </Frame>
    );
  };
}

/** Fetches what was left out of the page, one file after another, and again where one did not come. */
export function fetchTheRest(afterMs = FETCH_AFTER_MS): void {
  window.setTimeout(() => {
    void fetchAll();
  }, afterMs);
}

async function fetchAll(): Promise<void> {
  try {
    for (const fetchIt of waiting) await fetchIt();
  } catch {
    fetchTheRest(AGAIN_MS);
  }
}
