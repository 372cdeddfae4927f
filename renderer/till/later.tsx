import { type ComponentType, type ReactNode, useEffect, useState } from 'react';
import { Frame } from './frame.tsx';
import { Reading } from './reading.tsx';
import { useTill } from './till.ts';

/** The page is up and its first scan taken before anything else is fetched. */
const FETCH_AFTER_MS = 1_500;
const AGAIN_MS = 3_000;

const waiting: (() => Promise<unknown>)[] = [];

type MeanwhileProps = Readonly<{ failed: boolean }>;

/**
 * A part in a file of its own, so that the page itself stays small. Its file is fetched while nobody waits for it: by
 * the time somebody needs it, it stands there as if it had come with the page, also when the core is gone by then. Until
 * it came, `Meanwhile` stands in its place; a dialog says so in its frame.
 */
export function later<P extends object>(
  load: () => Promise<ComponentType<P>>,
  Meanwhile: ComponentType<MeanwhileProps> = DialogMeanwhile,
): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  const fetchIt = async (): Promise<void> => {
    loaded ??= await load();
  };
  waiting.push(fetchIt);
  return function Later(props: P): ReactNode {
    /** How often it was asked for in vain. */
    const [failures, setFailures] = useState(0);
    const [, setIsHere] = useState(loaded !== null);
    useEffect(() => {
      if (loaded !== null) return undefined;
      // A part that did not come is asked for again for as long as somebody waits for it.
      const timer = window.setTimeout(
        () => {
          fetchIt().then(
            () => setIsHere(true),
            () => setFailures(failures + 1),
          );
        },
        failures === 0 ? 0 : AGAIN_MS,
      );
      return () => window.clearTimeout(timer);
    }, [failures]);
    const Part = loaded;
    return Part === null ? <Meanwhile failed={failures > 0} /> : <Part {...props} />;
  };
}

function DialogMeanwhile({ failed }: MeanwhileProps): ReactNode {
  const { hide } = useTill();
  return (
    <Frame title="请稍等" size="medium" leave={hide}>
      <Reading state={failed ? 'failed' : 'loading'} />
    </Frame>
  );
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
