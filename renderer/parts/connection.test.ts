import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Change } from '../../shared/changes.ts';
import type { Answer, LookedAhead, Screen, ScreenNews } from '../../shared/till-contract.ts';
import { connect, type Connection } from './connection.ts';

const CODE = '6901234567892';
const line = (name: string): object => ({ key: name, name });
const SCREEN = {
  revision: 1,
  sale: { id: 'sale', lines: [line('salt')], selected: 0, totalFen: 250 },
} as unknown as Screen;
const LOOKED: LookedAhead = {
  revision: 1,
  changes: [
    [['lines', 1], line('bread')],
    [['selected'], 1],
  ],
};
const WITH_BREAD: Change[] = [
  [['revision'], 2],
  [['sale', 'lines', 1], line('bread')],
  [['sale', 'selected'], 1],
  [['sale', 'totalFen'], 750],
];

/** A core that says what a test lets it say. */
function openCore(looked: LookedAhead | null = LOOKED) {
  const said: ScreenNews[] = [{ screen: SCREEN }];
  let wake = (): void => {};
  let answer: (one: Answer) => void = () => {};
  let cut = (): void => {};
  const scanned: string[] = [];
  async function* follow() {
    for (;;) {
      const news = said.shift();
      if (news !== undefined) yield news;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const client = {
    follow: async () => follow(),
    lookAhead: async () => looked,
    send: ({ code }: { code: string }) => {
      scanned.push(code);
      return new Promise<Answer>((resolve) => (answer = resolve));
    },
  };
  const closed = new Promise<void>((resolve) => (cut = resolve));
  return {
    open: async () => ({ client, closed, close: () => {} }) as never,
    tell: (changes: Change[]) => {
      said.push({ changes });
      wake();
    },
    answer: (one: Answer) => answer(one),
    cut: () => cut(),
    scanned,
  };
}

/** Lets promises run and timers of no time with them. */
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

const shown = (connection: Connection): string[] =>
  (connection.linesAhead() ?? connection.screen()?.sale)?.lines.map(({ name }) => name) ?? [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (drawn: () => void) => setTimeout(drawn, 16));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** From the Enter to the next frame, and from that to the glass. */
const ON_GLASS_MS = 16 + 8;

/** A page that has looked a code up and then heard the last of it from its scanner, so long ago. */
async function scannedAhead(core: ReturnType<typeof openCore>, agoMs = ON_GLASS_MS) {
  const connection = connect('staff', core.open);
  await settled();
  connection.lookAhead(CODE);
  await settled();
  const sent = connection.scan(CODE);
  await vi.advanceTimersByTimeAsync(agoMs);
  return { connection, sent };
}

test('a code that was looked up stands there at once, while the screen and its sum are what the core said', async () => {
  const core = openCore();
  const { connection } = await scannedAhead(core, 0);
  expect(shown(connection)).toEqual(['salt', 'bread']);
  expect(connection.screen()?.sale).toMatchObject({ totalFen: 250, lines: [{ name: 'salt' }] });
});

test('the core is asked to record a line, and then whatever follows it, once the line is on the glass', async () => {
  const core = openCore();
  const { connection } = await scannedAhead(core, ON_GLASS_MS - 1);
  void connection.scan('6901234567908');
  await settled();
  expect(core.scanned).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(core.scanned).toEqual([CODE]);
  core.answer({ kind: 'done' });
  await settled();
  expect(core.scanned).toEqual([CODE, '6901234567908']);
});

test('a window that draws nothing has its scan recorded all the same', async () => {
  vi.stubGlobal('requestAnimationFrame', () => 0);
  const core = openCore();
  await scannedAhead(core, 40);
  expect(core.scanned).toEqual([CODE]);
});

test('what the core says of other things waits for a line that is on its way to the glass', async () => {
  const core = openCore();
  const { connection } = await scannedAhead(core, 0);
  let heard = 0;
  connection.subscribe(() => (heard += 1));
  core.tell([[['revision'], 2]]);
  await vi.advanceTimersByTimeAsync(ON_GLASS_MS - 1);
  expect(heard).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(heard).toBe(1);
});

test('what the core then says of it is the same line and not another', async () => {
  const core = openCore();
  const { connection, sent } = await scannedAhead(core);
  const ahead = connection.linesAhead()?.lines[1];
  core.tell(WITH_BREAD);
  core.answer({ kind: 'done' });
  expect(await sent).toEqual({ kind: 'done' });
  expect(connection.linesAhead()).toBeNull();
  expect(connection.screen()?.sale.lines[1]).toBe(ahead);
  expect(connection.screen()?.sale.totalFen).toBe(750);
});

test('a line that the core refuses is gone with its answer', async () => {
  const core = openCore();
  const { connection, sent } = await scannedAhead(core);
  core.answer({ kind: 'refused', reason: 'expiredBatch' });
  await sent;
  expect(shown(connection)).toEqual(['salt']);
});

test('a line that the core says nothing of is gone soon, and comes when the core has it', async () => {
  const core = openCore();
  const { connection } = await scannedAhead(core);
  await vi.advanceTimersByTimeAsync(299 - ON_GLASS_MS);
  expect(shown(connection)).toEqual(['salt', 'bread']);
  await vi.advanceTimersByTimeAsync(1);
  expect(shown(connection)).toEqual(['salt']);
  core.tell(WITH_BREAD);
  await settled();
  expect(shown(connection)).toEqual(['salt', 'bread']);
});

test('a line that the core took is gone with a core that never shows it', async () => {
  const core = openCore();
  const { connection, sent } = await scannedAhead(core);
  core.answer({ kind: 'done' });
  await sent;
  core.cut();
  await vi.advanceTimersByTimeAsync(300);
  expect(shown(connection)).toEqual(['salt']);
});

test('a line that stands there ahead stays when the core speaks of something else', async () => {
  const core = openCore();
  const { connection } = await scannedAhead(core);
  core.tell([[['revision'], 2]]);
  await settled();
  expect(shown(connection)).toEqual(['salt', 'bread']);
});

const notAhead: readonly [string, LookedAhead | null, string][] = [
  ['of which a scan would do more than add goods', null, CODE],
  ['that was looked up on another screen', { ...LOOKED, revision: 7 }, CODE],
  ['other than the one that was looked up', LOOKED, '6901234567908'],
];
for (const [what, looked, code] of notAhead) {
  test(`a code ${what} is sent and shows nothing before the core does`, async () => {
    const core = openCore(looked);
    const connection = connect('staff', core.open);
    await settled();
    connection.lookAhead(CODE);
    await settled();
    void connection.scan(code);
    await settled();
    expect(core.scanned).toEqual([code]);
    expect(shown(connection)).toEqual(['salt']);
  });
}

test('a look that belongs to the sale before is worth nothing for the next scan of the same code', async () => {
  const core = openCore();
  const { connection, sent } = await scannedAhead(core);
  core.tell(WITH_BREAD);
  core.answer({ kind: 'done' });
  await vi.advanceTimersByTimeAsync(50);
  await sent;
  void connection.scan(CODE);
  await settled();
  expect(core.scanned).toEqual([CODE, CODE]);
  expect(connection.linesAhead()).toBeNull();
});

test('a line that was cut with the core is taken back', async () => {
  const core = openCore();
  const { connection } = await scannedAhead(core);
  core.cut();
  await vi.advanceTimersByTimeAsync(300);
  expect(shown(connection)).toEqual(['salt']);
});
