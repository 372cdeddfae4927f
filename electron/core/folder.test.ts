import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdFolder, readHolder } from './folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'one-card-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a folder is held once, and the second hears who holds it and where to ask', () => {
  const first = holdFolder(folder, 4711);
  if (first.kind === 'refused') throw new Error(first.detail);
  expect(holdFolder(folder, 4712)).toEqual({
    kind: 'refused',
    reason: 'held',
    holder: { pid: 4711, url: null, token: null },
    detail: 'pid 4711',
  });
  first.folder.announce({ url: 'http://127.0.0.1:1', token: 'token' });
  expect(holdFolder(folder, 4712)).toMatchObject({ holder: { pid: 4711, url: 'http://127.0.0.1:1', token: 'token' } });
  first.folder.release();
  expect(readHolder(folder)).toBeNull();
  const next = holdFolder(folder, 4712);
  expect(next.kind).toBe('held');
  if (next.kind === 'held') next.folder.release();
});

test('a folder that is not there is made, also below others', () => {
  const deep = join(folder, 'a', 'b');
  const held = holdFolder(deep, 1);
  expect(held.kind).toBe('held');
  expect(existsSync(deep)).toBe(true);
  if (held.kind === 'held') held.folder.release();
});

test('a file where the folder should be is refused by name', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(holdFolder(file, 1)).toMatchObject({ kind: 'refused', reason: 'notAFolder' });
  expect(holdFolder(join(file, 'below'), 1)).toMatchObject({ kind: 'refused', reason: 'notAFolder' });
});

test('what a dead holder left behind, whole or torn, holds nobody up', () => {
  for (const left of ['{"pid":1,"url":null,"token":null}', '{"pid":', '']) {
    writeFileSync(join(folder, 'holder.json'), left);
    const held = holdFolder(folder, 2);
    if (held.kind === 'refused') throw new Error(held.detail);
    expect(readHolder(folder)?.pid).toBe(2);
    held.folder.release();
  }
});

test('a lock that cannot be opened is a refusal, not a throw', () => {
  mkdirSync(join(folder, 'holder.lock'));
  expect(holdFolder(folder, 1)).toMatchObject({ kind: 'refused', reason: 'ioError' });
});

test('a note of the holder that is none, or of another form, is none', () => {
  for (const text of ['', '{"pid":', 'null', '7', '[]', '{"pid":"1","url":null,"token":null}', '{"pid":1,"url":5}']) {
    writeFileSync(join(folder, 'holder.json'), text);
    expect([text, readHolder(folder)]).toEqual([text, null]);
  }
});
