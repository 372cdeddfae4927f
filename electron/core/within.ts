import type { Clock } from './world.ts';

/** What work answers, or null where a person has waited long enough; what it answers later nobody is told. */
export async function within<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T | null> {
  let cancel = (): void => {};
  const late = new Promise<null>((resolve) => {
    cancel = clock.later(limitMs, () => resolve(null));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
