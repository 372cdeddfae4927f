import { expect, test } from 'vitest';
import { createScans } from './scans.ts';

function counter() {
  const sold: string[] = [];
  const scans = createScans<Readonly<{ code: string }>>(({ code }) => void sold.push(code));
  const page = () => {
    const leaving = new AbortController();
    const stream = scans.watch(leaving.signal);
    return { next: () => stream.next().then(({ value }) => value?.code ?? null), leave: () => leaving.abort() };
  };
  return { sold, scans, page };
}

test('a scan that no page wants is sold', () => {
  const { sold, scans } = counter();
  scans.give({ code: 'a' });
  expect(sold).toEqual(['a']);
});

test('the page that asked last gets the scans, in the order of the hand, and sells none', async () => {
  const { sold, scans, page } = counter();
  const older = page();
  const newer = page();
  const waiting = [older.next(), newer.next()];
  scans.give({ code: 'a' });
  scans.give({ code: 'b' });
  expect(await waiting[1]).toBe('a');
  expect(await newer.next()).toBe('b');
  newer.leave();
  expect(await newer.next()).toBeNull();
  scans.give({ code: 'c' });
  expect(await waiting[0]).toBe('c');
  expect(sold).toEqual([]);
});

test('what a page that left had not taken goes on to the sale, in order', async () => {
  const { sold, scans, page } = counter();
  const only = page();
  const first = only.next();
  for (const code of ['a', 'b', 'c']) scans.give({ code });
  expect(await first).toBe('a');
  only.leave();
  expect(await only.next()).toBeNull();
  expect(sold).toEqual(['b', 'c']);
});

test('a page that leaves while it waits is no page any more', async () => {
  const { sold, scans, page } = counter();
  const only = page();
  const waiting = only.next();
  only.leave();
  expect(await waiting).toBeNull();
  scans.give({ code: 'a' });
  expect(sold).toEqual(['a']);
});
