import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mutated } from '../../shared/mutated-sample.ts';
import { createKeeper, keepName, type Keeper } from './keeper.ts';
import { testWorld } from './test-till.ts';
import type { Crypto } from './world.ts';

const head = (seq: number, incarnation = 1, hash = `hash-${seq}`) => ({ incarnation, seq, hash });

describe('what a till keeps outside its folder', () => {
  let folder: string;
  let keeper: Keeper;
  let crypto: Crypto;
  const open = (data = 'data'): Keeper => {
    mkdirSync(join(folder, data), { recursive: true });
    return createKeeper(join(folder, 'keep'), join(folder, data), 'name', crypto);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'one-card-keeper-'));
    crypto = testWorld(folder, 0).crypto;
    keeper = open();
  });
  afterEach(() => {
    keeper.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a journal at its mark or before it may go on', () => {
    keeper.makeKeys(1);
    expect(keeper.judge(head(3))).toBe('continue');
    keeper.raise(head(3));
    expect(keeper.judge(head(3))).toBe('continue');
    // A mark is written behind the commit, so a power cut leaves it behind, never ahead.
    expect(keeper.judge(head(4))).toBe('continue');
  });

  // Invariant 11.
  test('a journal behind its mark, or another one at the same place, was restored', () => {
    keeper.makeKeys(1);
    keeper.raise(head(3));
    expect(keeper.judge(head(2))).toBe('restored');
    expect(keeper.judge(head(3, 1, 'other'))).toBe('restored');
    keeper.makeKeys(2);
    keeper.raise(head(1, 2));
    expect(keeper.judge(head(900))).toBe('restored');
    expect(keeper.highestIncarnation()).toBe(2);
  });

  test('a folder in another place was moved or copied', () => {
    keeper.makeKeys(1);
    keeper.raise(head(3));
    keeper.close();
    keeper = open('elsewhere');
    expect(keeper.judge(head(3))).toBe('moved');
  });

  test('without the key nothing goes on, whatever the mark says', () => {
    keeper.makeKeys(1);
    keeper.raise(head(3));
    rmSync(join(folder, 'keep', 'name', 'keys.json'));
    expect(keeper.judge(head(3))).toBe('noKey');
    expect(keeper.keys(1)).toBeNull();
  });

  test('a torn mark says nothing, and a torn key file has no key', () => {
    keeper.makeKeys(1);
    keeper.raise(head(3));
    writeFileSync(join(folder, 'keep', 'name', 'mark.json'), '{"incarn');
    expect(keeper.judge(head(1))).toBe('continue');
    writeFileSync(join(folder, 'keep', 'name', 'keys.json'), '{"1":');
    expect(keeper.judge(head(1))).toBe('noKey');
  });

  test('keys of earlier incarnations stay, and nobody else may read them', () => {
    const first = keeper.makeKeys(1);
    const second = keeper.makeKeys(2);
    expect(keeper.keys(1)).toEqual(first);
    expect(keeper.keys(2)).toEqual(second);
    expect(first.privateKey).not.toBe(second.privateKey);
    expect(statSync(join(folder, 'keep', 'name', 'keys.json')).mode & 0o077).toBe(0);
    const signature = crypto.signWith(second.privateKey)(new Uint8Array([1, 2]));
    expect(crypto.verify(second.publicKey, new Uint8Array([1, 2]), signature)).toBe(true);
    expect(crypto.verify(first.publicKey, new Uint8Array([1, 2]), signature)).toBe(false);
  });

  test('the mark of a folder with a very long name leaves nothing behind a shorter one', () => {
    const long = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(100)).join('/');
    keeper.makeKeys(1);
    const far = open(long);
    far.raise(head(4));
    far.close();
    keeper.raise(head(5));
    const text = readFileSync(join(folder, 'keep', 'name', 'mark.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ seq: 5 });
    expect(keeper.judge(head(4))).toBe('restored');
  });

  test('a key that waited for its name is gone from there once it has one', () => {
    keeper.makeKeys(1);
    keeper.discard();
    expect(existsSync(join(folder, 'keep', 'name'))).toBe(false);
  });

  test('tills of the same name in other towns, or under other keys, keep their own', () => {
    const names = [
      keepName('town', 't01', 'key-a', crypto),
      keepName('town', 't01', 'key-b', crypto),
      keepName('town', 't02', 'key-a', crypto),
      keepName('other', 't01', 'key-a', crypto),
    ];
    expect(new Set(names).size).toBe(4);
  });

  test('a key file whose key does not fit its other half, or is none, has no key', () => {
    const [first, second] = [keeper.makeKeys(1), crypto.newKeys()];
    const file = join(folder, 'keep', 'name', 'keys.json');
    for (const one of [
      { ...first, privateKey: second.privateKey },
      { ...first, privateKey: 'AAAA' },
      { ...first, publicKey: '' },
      { publicKey: first.publicKey },
      7,
      null,
    ]) {
      writeFileSync(file, JSON.stringify({ '1': one }));
      expect(keeper.judge(head(1)), JSON.stringify(one)).toBe('noKey');
    }
    // What cannot be read is kept for whoever can, beside the key that takes its place.
    writeFileSync(file, JSON.stringify({ '1': 7 }));
    const next = keeper.makeKeys(2);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ '1': 7, '2': next });
  });

  test('whatever stands in its files, a till goes on with its own key or begins anew, and never throws', () => {
    const keys = keeper.makeKeys(1);
    keeper.raise(head(3));
    const mark: unknown = JSON.parse(readFileSync(join(folder, 'keep', 'name', 'mark.json'), 'utf8'));
    const change = fc.record({
      at: fc.nat(),
      how: fc.nat(),
      raw: fc.option(fc.string({ unit: 'binary', maxLength: 40 })),
    });
    const textOf = (whole: unknown, { at, how, raw }: { at: number; how: number; raw: string | null }): string =>
      raw ?? JSON.stringify(mutated(whole, at, how)) ?? '';
    fc.assert(
      fc.property(fc.boolean(), change, (ofKeys, changed) => {
        const [keysText, markText] = [JSON.stringify({ '1': keys }), JSON.stringify(mark)];
        writeFileSync(join(folder, 'keep', 'name', 'keys.json'), ofKeys ? textOf({ '1': keys }, changed) : keysText);
        writeFileSync(join(folder, 'keep', 'name', 'mark.json'), ofKeys ? markText : textOf(mark, changed));
        const verdict = keeper.judge(head(3));
        if (verdict === 'continue') expect(keeper.keys(1)).toEqual(keys);
        expect(Number.isSafeInteger(keeper.highestIncarnation())).toBe(true);
        keeper.mark();
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? '150') },
    );
  });
});
