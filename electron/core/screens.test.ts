import { expect, test } from 'vitest';
import { withChanges } from '../../shared/changes.ts';
import type { Screen } from '../../shared/till-contract.ts';
import { stoppedScreen } from './router.ts';
import { createScreens } from './screens.ts';

/** Screens that say a count, and a page that follows them. */
function counting() {
  let count = 0;
  const screens = createScreens(() => ({ ...stoppedScreen('ioError', ''), carriedFloatFen: count }));
  const news = screens.follow(undefined);
  let shown: Screen | null = null;
  return {
    screens,
    count: (): void => {
      count += 1;
      screens.changed();
    },
    /** What the page is told next, and shows then. */
    next: async () => {
      const { value } = await news.next();
      if (value === undefined) return null;
      shown = 'screen' in value ? value.screen : withChanges(shown, value.changes);
      return { told: value, shown };
    },
  };
}

test('a page that follows is told the whole screen once, then what changed, and shows the screen as it is', async () => {
  const { screens, count, next } = counting();
  expect(await next()).toEqual({ told: { screen: screens.now() }, shown: screens.now() });
  count();
  const second = await next();
  expect(second?.shown).toEqual(screens.now());
  expect(second?.told).toEqual({ changes: expect.arrayContaining([[['carriedFloatFen'], 1]]) });
});

test('a page that is slow misses what was in between, and never the last', async () => {
  const { screens, count, next } = counting();
  await next();
  for (let times = 0; times < 3; times += 1) {
    count();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await next())?.shown).toEqual(screens.now());
  expect(screens.now().carriedFloatFen).toBe(3);
  screens.close();
  expect(await next()).toBeNull();
});

test('a page that looks between two changes of one turn is told the last as well', async () => {
  const { count, next: look } = counting();
  await look();
  const inOneTurn = async () => {
    count();
    const between = await look();
    // Still the same turn: what is said behind it has not run yet.
    count();
    return [between?.shown?.carriedFloatFen, (await look())?.shown?.carriedFloatFen];
  };
  // From a microtask, as the core's commands run.
  await Promise.resolve();
  expect(await inOneTurn()).toEqual([1, 2]);
});
