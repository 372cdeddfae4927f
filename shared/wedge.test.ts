import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  MIXED,
  type WedgeKey,
  type WedgeRules,
  type WedgeState,
  defaultWedgeRules,
  feed,
  flush,
  wedgeAtRest,
  wedgeRulesFor,
} from './wedge.ts';

const EAN = '6901028180559';

/** The keys that a scanner or a person presses for a text, Shift included. */
function keysFor(text: string, startMs: number, gapMs: number, change: Partial<WedgeKey> = {}): WedgeKey[] {
  return text.split('').map((character, index) => ({
    ...keyFor(character),
    atMs: startMs + index * gapMs,
    composing: false,
    ...change,
  }));
}

function keyFor(character: string): Pick<WedgeKey, 'code' | 'key' | 'shift'> {
  if (character === '\r') return { code: 'Enter', key: 'Enter' };
  if (character === '\t') return { code: 'Tab', key: 'Tab' };
  if (/\d/.test(character)) return { code: `Digit${character}`, key: character };
  if (/[a-z]/.test(character)) return { code: `Key${character.toUpperCase()}`, key: character };
  if (/[A-Z]/.test(character)) return { code: `Key${character}`, key: character, shift: true };
  const sign = { ';': 'Semicolon', '=': 'Equal', '.': 'Period', '?': 'Slash', '~': 'Backquote' }[character];
  if (sign === undefined) throw new Error(`no key for ${character}`);
  return { code: sign, key: character, shift: '?~'.includes(character) };
}

type Run = { state: WedgeState; scans: string[]; consumed: string[]; began: number };

function press(keys: readonly WedgeKey[], rules: WedgeRules = defaultWedgeRules, from: WedgeState = wedgeAtRest): Run {
  const run: Run = { state: from, scans: [], consumed: [], began: 0 };
  for (const key of keys) {
    const outcome = feed(run.state, key, rules);
    run.state = outcome.state;
    if (outcome.scan !== undefined) run.scans.push(outcome.scan);
    if (outcome.consume) run.consumed.push(key.code);
    if (outcome.began) run.began += 1;
  }
  return run;
}

for (const gapMs of [0, 2, 8, 16, 30]) {
  test(`a burst at ${gapMs} ms a key with Enter is a scan, and its Enter is kept from the page`, () => {
    const run = press(keysFor(`${EAN}\r`, 1000, gapMs));
    expect(run).toMatchObject({ scans: [EAN], consumed: ['Enter'], began: 1, state: wedgeAtRest });
  });
}

test('peers D34: Tab ends a scan too', () => {
  expect(press(keysFor(`${EAN}\t`, 0, 10))).toMatchObject({ scans: [EAN], consumed: ['Tab'] });
});

test('a fast typist at 80 ms is no scanner, with Enter or without', () => {
  const run = press(keysFor(`${EAN}\r`, 0, 80));
  expect(run).toMatchObject({ scans: [], consumed: [] });
  expect(flush(press(keysFor(EAN, 0, 80)).state, 5000).scan).toBeUndefined();
});

test('a person at 50 ms a key is no scanner either', () => {
  expect(press(keysFor(`${EAN}\r`, 0, 50))).toMatchObject({ scans: [], consumed: [] });
});

test('peers D36: an amount typed by a tool without any pause stays an amount', () => {
  expect(press(keysFor('1234.50\r', 0, 0))).toMatchObject({ scans: [], consumed: [] });
});

test('few quick keys stay with the page', () => {
  expect(press(keysFor('12345\r', 0, 5))).toMatchObject({ scans: [], consumed: [] });
});

test('Enter alone is the page’s', () => expect(press(keysFor('\r', 0, 0))).toMatchObject({ scans: [], consumed: [] }));

test('with CapsLock on, letters come as the scanner meant them', () => {
  const upper = keysFor('LB000002\r', 0, 10).map((key) => ({ ...key, key: key.key.toLowerCase() }));
  const capsLock = { code: 'CapsLock', key: 'CapsLock', atMs: 0, composing: false };
  expect(press([capsLock, ...upper]).scans).toEqual(['LB000002']);
  const lower = keysFor('lb000002\r', 0, 10).map((key) => ({ ...key, key: key.key.toUpperCase() }));
  expect(press(lower).scans).toEqual(['lb000002']);
});

test('peers D37: an input method that eats every key changes nothing', () => {
  const eaten = keysFor('LB000002\r', 0, 10, { composing: true, key: 'Process' });
  expect(press(eaten)).toMatchObject({ scans: ['LB000002'], consumed: ['Enter'] });
});

test('Shift keys between the characters belong to the burst', () => {
  const shift = { code: 'ShiftLeft', key: 'Shift', atMs: 0, composing: false };
  const keys = keysFor('LB000002\r', 0, 10).flatMap((key) =>
    key.shift === true ? [{ ...shift, atMs: key.atMs }, key] : [key],
  );
  expect(press(keys).scans).toEqual(['LB000002']);
});

test('a swiped stripe comes with its signs', () => {
  expect(press(keysFor(';98000012345=2512?\r', 0, 5)).scans).toEqual([';98000012345=2512?']);
});

test('one long pause within a burst is forgiven', () => {
  const keys = keysFor(`${EAN}\r`, 0, 5).map((key, index) => (index < 5 ? key : { ...key, atMs: key.atMs + 50 }));
  expect(press(keys).scans).toEqual([EAN]);
});

test('the rest of a burst that was torn apart never passes for a code', () => {
  const keys = keysFor(`${EAN}\r`, 0, 5).map((key, index) => (index < 6 ? key : { ...key, atMs: key.atMs + 80 }));
  expect(press(keys)).toMatchObject({ scans: [], consumed: ['Enter'], state: wedgeAtRest });
});

test('peers D34: a burst without a suffix is a scan once the pause is over, and not before', () => {
  const { state, scans } = press(keysFor(EAN, 0, 10));
  expect(scans).toEqual([]);
  expect(flush(state, 120 + 99)).toMatchObject({ state });
  expect(flush(state, 120 + 99).scan).toBeUndefined();
  expect(flush(state, 120 + 100).scan).toBe(EAN);
});

test('an Enter that comes just after the pause presses nothing, a later one does', () => {
  const flushed = flush(press(keysFor(EAN, 0, 10)).state, 220);
  const enterAt = (atMs: number): boolean =>
    feed(flushed.state, { code: 'Enter', key: 'Enter', atMs, composing: false }).consume;
  expect([enterAt(260), enterAt(1000)]).toEqual([true, false]);
});

test('nothing to flush gives nothing', () => expect(flush(wedgeAtRest, 1000)).toMatchObject({ state: wedgeAtRest }));

test('peers D33: two scans back to back are two scans', () => {
  const keys = [...keysFor(`${EAN}\r`, 0, 8), ...keysFor('6921168509256\r', 120, 8)];
  expect(press(keys)).toMatchObject({ scans: [EAN, '6921168509256'], consumed: ['Enter', 'Enter'] });
});

test('two scans without a suffix are two scans though no timer came between', () => {
  const first = press([...keysFor(EAN, 0, 8), ...keysFor('6921168509256', 400, 8)]);
  expect(first.scans).toEqual([EAN]);
  expect(flush(first.state, 2000).scan).toBe('6921168509256');
});

for (const [what, one, other] of [
  ['thirteen digits', EAN, '6921168509256'],
  ['eight digits', '96385074', '40123455'],
  ['thirteen digits and eight', EAN, '96385074'],
] as const) {
  test(`two scanners that type ${what} at once give one code that is neither, or each its own, and never part of one`, () => {
    for (let lateMs = 0; lateMs <= 200; lateMs += 1) {
      const keys = [...keysFor(`${one}\r`, 0, 8), ...keysFor(`${other}\r`, lateMs, 8)].toSorted(
        (first, second) => first.atMs - second.atMs,
      );
      const { scans, consumed } = press(keys);
      // Neither suffix presses a button.
      expect(consumed, `${lateMs} ms apart`).toEqual(['Enter', 'Enter']);
      for (const code of scans) {
        if (code === one || code === other || code.startsWith(MIXED)) continue;
        expect(code.length, `${code}, ${lateMs} ms apart`).toBeGreaterThan(Math.max(one.length, other.length));
      }
    }
  });
}

test('what a person types behind a long code is theirs', () => {
  const long = '134567890123456789';
  const behind = press([...keysFor(`${long}\r`, 0, 8), ...keysFor('3', 170, 0), ...keysFor('\r', 600, 0)]);
  expect(behind).toMatchObject({ scans: [long], consumed: ['Enter'] });
  expect(press([...keysFor(`${long}\r`, 0, 8), ...keysFor(`${EAN}\r`, 400, 8)]).scans).toEqual([long, EAN]);
});

test('what a person typed before a scan is no part of it', () => {
  const keys = [...keysFor('12', 0, 150), ...keysFor(`${EAN}\r`, 1000, 10)];
  expect(press(keys)).toMatchObject({ scans: [EAN], consumed: ['Enter'] });
});

test('a key held down, a shortcut and an editing key are no scan', () => {
  expect(press([...keysFor('000000000', 0, 25, { repeat: true }), ...keysFor('\r', 230, 0)]).scans).toEqual([]);
  expect(press([...keysFor('000000', 0, 10, { command: true }), ...keysFor('\r', 70, 0)]).scans).toEqual([]);
  const backspace = { code: 'Backspace', key: 'Backspace', atMs: 70, composing: false };
  expect(press([...keysFor('1234567', 0, 10), backspace, ...keysFor('\r', 80, 0)]).scans).toEqual([]);
});

test('a scanner set up with a prefix is known by it, however short or slow its codes', () => {
  const rules = { ...defaultWedgeRules, prefix: '~' };
  expect(press(keysFor('~102\r', 0, 55), rules).scans).toEqual(['102']);
  expect(press(keysFor(`${EAN}\r`, 0, 10), rules).scans).toEqual([EAN]);
});

test('FNC1 typed as Ctrl+] belongs to the code, and alone is a command', () => {
  const fnc1 = (atMs: number): WedgeKey => ({ code: 'BracketRight', key: ']', atMs, composing: false, command: true });
  const keys = [...keysFor('0106901028180559', 0, 10), fnc1(160), ...keysFor('3103000500\r', 170, 10)];
  expect(press(keys).scans).toEqual(['0106901028180559\u001d3103000500']);
  expect(press([fnc1(0), ...keysFor('\r', 10, 0)])).toMatchObject({ scans: [], consumed: [] });
});

test('a short code with an AIM identifier in front is a scan at a scanner’s pace only', () => {
  const keysOf = (gapMs: number): WedgeKey[] => [
    { code: 'BracketRight', key: ']', atMs: 0, composing: false },
    ...keysFor('C01\r', gapMs, gapMs),
  ];
  expect(press(keysOf(10)).scans).toEqual([']C01']);
  expect(press(keysOf(80)).scans).toEqual([]);
});

test.each([
  ['enter', '\r', '\t'],
  ['tab', '\t', '\r'],
] as const)('a scanner set to end with %s is taken by that, after its prefix', (suffix, right, wrong) => {
  const rules = wedgeRulesFor({ prefix: '~', suffix });
  expect(press(keysFor(`~102${right}`, 0, 50), rules).scans).toEqual(['102']);
  expect(press(keysFor(`~102${wrong}`, 0, 50), rules).scans).toEqual([]);
});

test('any code at any scanner’s pace comes out as it went in', () => {
  const code = fc.stringMatching(/^[0-9A-Za-z]{6,20}$/);
  fc.assert(
    fc.property(code, fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 21, maxLength: 21 }), (text, gaps) => {
      let atMs = 5000;
      const keys = keysFor(`${text}\r`, 0, 0).map((key, index) => ({ ...key, atMs: (atMs += gaps[index] ?? 0) }));
      expect(press(keys)).toMatchObject({ scans: [text], consumed: ['Enter'] });
    }),
  );
});

test('peers D37: no person’s pace ever makes a scan', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 61, max: 99 }), { minLength: 21, maxLength: 21 }), (gaps) => {
      let atMs = 0;
      const keys = keysFor('12345678901234567890\r', 0, 0).map((key, index) => ({
        ...key,
        atMs: (atMs += gaps[index] ?? 0),
      }));
      expect(press(keys)).toMatchObject({ scans: [], consumed: [] });
    }),
  );
});

test('whatever keys come at whatever times, nothing throws, and a scan is keys that came one behind the other', () => {
  const key = fc.record({
    code: fc.oneof(
      fc.constantFrom('Digit1', 'Numpad2', 'KeyA', 'Enter', 'Tab', 'ShiftLeft', 'Backspace', 'Slash', '', 'F5'),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    key: fc.string({ unit: 'binary', maxLength: 3 }),
    gapMs: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(-1e9, -1, 35, 59, 61, 99, 101, 1e12, Number.NaN)),
    composing: fc.boolean(),
    shift: fc.boolean(),
    command: fc.boolean(),
    repeat: fc.boolean(),
    flushed: fc.boolean(),
  });
  const rules = fc.record({
    minLength: fc.nat(8),
    averageGapMs: fc.nat(60),
    longestGapMs: fc.nat(120),
    pauseMs: fc.nat(200),
    suffixCodes: fc.constantFrom(['Enter'], [], ['Tab', 'Enter']),
    prefix: fc.constantFrom('', '1', '~'),
  });
  fc.assert(
    fc.property(fc.array(key, { maxLength: 60 }), rules, (keys, own) => {
      let state = wedgeAtRest;
      let atMs = 0;
      let typed = '';
      for (const { gapMs, flushed, ...pressed } of keys) {
        atMs += gapMs;
        const outcome = flushed ? flush(state, atMs, own) : feed(state, { ...pressed, atMs }, own);
        const added = outcome.state.text.startsWith(state.text) ? outcome.state.text.slice(state.text.length) : '';
        typed += outcome.began ? outcome.state.text : added;
        state = outcome.state;
        if (outcome.scan !== undefined) expect(typed).toContain(outcome.scan.replace(MIXED, ''));
        expect(state.text.length).toBeLessThanOrEqual(typed.length);
      }
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? '300') },
  );
});
