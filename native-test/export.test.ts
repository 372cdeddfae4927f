import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audit, type Audited } from '../resources/audit/verify.mjs';
import { canonical } from '../shared/canonical.ts';
import type { Totals } from '../shared/record-bodies.ts';
import { AUDITED_DAYS, type AuditedShop, openAuditedShop, PRIVATE_WORDS, UNSENT_SALES } from './audited-shop.ts';
import { type Files, rechain, remanifest } from './tamper.ts';

const checker = fileURLToPath(new URL('../resources/audit/verify.mjs', import.meta.url));

let shop: AuditedShop;
let place: string;
let whole: Files;
let fingerprint: string;
beforeAll(async () => {
  shop = await openAuditedShop();
  place = mkdtempSync(join(tmpdir(), 'one-card-export-'));
  const answer = await exported('whole', null, null);
  if (answer.kind !== 'exported') throw new Error(answer.reason);
  fingerprint = answer.townKeyFingerprint;
  whole = filesOf('whole');
});
afterAll(async () => {
  await shop.close();
  rmSync(place, { recursive: true, force: true });
});

const exported = (name: string, from: string | null, to: string | null) =>
  shop.client.exportTo({ folder: join(place, name), from, to });

function filesOf(name: string): Map<string, Buffer> {
  const folder = join(place, name);
  return new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))]));
}

const auditOf = (files: Files, townKey: string | null = null): Audited =>
  audit((name) => files.get(name) ?? Buffer.alloc(0), townKey);

const linesOf = (files: Files, name: string): string[] => String(files.get(name)).split('\n').slice(0, -1);

type Read = Readonly<{ seq: number; kind: string; businessDay: string; body: Readonly<Record<string, unknown>> }>;
const recordsOf = (files: Files, incarnation: number): Read[] =>
  linesOf(files, `records-${incarnation}.jsonl`).map((text) => JSON.parse(text) as Read);

/** The cells of a table without its heading; our own tables quote only words, and these hold no line ends. */
function cellsOf(files: Files, name: string): string[][] {
  return linesOf(files, name)
    .slice(1)
    .map((line) =>
      [...line.replace(/\r$/, '').matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((cell) =>
        cell[1] === undefined ? (cell[2] ?? '') : cell[1].replaceAll('""', '"'),
      ),
    );
}

const fenOf = (yuan: string): number => Number(yuan.replace('.', ''));

describe('a whole export', () => {
  test('is sound, with both incarnations, and says what the town acknowledged of each', () => {
    const found = auditOf(whole, fingerprint);
    expect([found.state, found.faults, found.notes]).toEqual(['sound', [], []]);
    expect(found.parts.map((part) => part.incarnation)).toEqual([1, 2]);
    const [first, second] = found.parts;
    expect(first?.acknowledged).toBeGreaterThan(0);
    expect(first?.acknowledged).toBeLessThan(first?.lastSeq ?? 0);
    const unsent = recordsOf(whole, 2).filter((one) => one.kind === 'sale' && one.seq > (second?.acknowledged ?? 0));
    expect(unsent).toHaveLength(UNSENT_SALES);
  });

  test('holds something of everything, a month and a year among it', () => {
    const kinds = new Set([...recordsOf(whole, 1), ...recordsOf(whole, 2)].map((one) => one.kind));
    for (const kind of ['genesis', 'sale', 'refund', 'saleVoid', 'cashMove', 'goodsIn', 'count', 'waste', 'shiftClose'])
      expect(kinds).toContain(kind);
    for (const kind of ['periodClose', 'monthClose', 'yearClose', 'statementApplied', 'allotmentIn', 'policyApplied'])
      expect(kinds).toContain(kind);
  });

  // Invariant 32.
  test('names no person, no card and no PIN', () => {
    for (const [name, bytes] of whole)
      for (const word of PRIVATE_WORDS) expect([name, bytes.includes(word)]).toEqual([name, false]);
  });

  test('has tables for Excel that add up to the closings: goods, what was paid for them, and points', () => {
    for (const name of ['records.csv', 'sales.csv', 'closings.csv', 'stock.csv']) {
      expect(whole.get(name)?.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
      const width = linesOf(whole, name)[0]?.split(',').length;
      for (const cells of cellsOf(whole, name)) expect(cells).toHaveLength(width ?? 0);
    }
    expect(cellsOf(whole, 'records.csv')).toHaveLength(recordsOf(whole, 1).length + recordsOf(whole, 2).length);
    for (const incarnation of [1, 2]) {
      const closing = recordsOf(whole, incarnation).findLast((one) => one.kind === 'periodClose');
      const perpetual = closing?.body['perpetual'] as Totals;
      const until = cellsOf(whole, 'sales.csv').filter(
        (cells) => cells[0] === String(incarnation) && Number(cells[1]) <= (closing?.seq ?? 0),
      );
      const sumOf = (which: string, column: number): number =>
        until.filter((cells) => cells[7] === which).reduce((sum, cells) => sum + fenOf(cells[column] ?? ''), 0);
      expect(sumOf('商品', 13)).toBe(perpetual.totalFen);
      expect(sumOf('收付', 13)).toBe(perpetual.totalFen);
      expect(sumOf('积分', 14)).toBe(perpetual.pointsSpent - perpetual.pointsBack);
    }
    const closings = cellsOf(whole, 'closings.csv');
    const bodies = [...recordsOf(whole, 1), ...recordsOf(whole, 2)].filter((one) => one.kind === 'periodClose');
    expect(closings.map((cells) => fenOf(cells[18] ?? ''))).toEqual(
      bodies.map((one) => (one.body['perpetual'] as Totals).totalFen),
    );
  });
});

describe('a range of business days', () => {
  for (const [from, to] of [
    [AUDITED_DAYS[0], AUDITED_DAYS[0]],
    [AUDITED_DAYS[1], AUDITED_DAYS[1]],
    [AUDITED_DAYS[1], AUDITED_DAYS[2]],
    [AUDITED_DAYS[2], null],
    [null, AUDITED_DAYS[1]],
    [AUDITED_DAYS[3], AUDITED_DAYS[3]],
  ] as const) {
    test(`${from ?? 'the beginning'} to ${to ?? 'the end'} is sound, holds just those days, and stands on the closing before`, async () => {
      const name = `range-${from}-${to}`;
      expect((await exported(name, from, to)).kind).toBe('exported');
      const files = filesOf(name);
      const found = auditOf(files, fingerprint);
      expect([found.state, found.faults, found.notes]).toEqual(['sound', [], []]);
      for (const part of found.parts) {
        const days = recordsOf(files, part.incarnation).map((one) => one.businessDay);
        expect(days.every((day) => day >= (from ?? '') && day <= (to ?? '9999'))).toBe(true);
        if (part.firstSeq === 1) continue;
        const anchor = recordsOf(whole, part.incarnation)[part.firstSeq - 2];
        expect(anchor?.kind).toBe('periodClose');
        expect(linesOf(files, 'closings.jsonl')).toContain(
          linesOf(whole, `records-${part.incarnation}.jsonl`)[part.firstSeq - 2],
        );
      }
    });
  }

  test('a range without its closing before, or with another, is no proof', async () => {
    await exported('anchor', AUDITED_DAYS[1], AUDITED_DAYS[1]);
    const files = filesOf('anchor');
    const lines = linesOf(files, 'closings.jsonl');
    for (const changed of [lines.slice(1), [lines.at(-1) ?? '', ...lines.slice(1)]]) {
      const forged = new Map(files).set('closings.jsonl', Buffer.from(changed.map((line) => `${line}\n`).join('')));
      remanifest(forged, shop.privateKeys['2']?.privateKey ?? '');
      expect(auditOf(forged).faults).toContainEqual(expect.objectContaining({ file: 'closings.jsonl', line: 1 }));
    }
  });

  test('of days without a record there is no export, and no folder', async () => {
    expect(await exported('never', '2020-01-01', '2020-12-31')).toMatchObject({ kind: 'refused', reason: 'noRecords' });
    expect(readdirSync(place)).not.toContain('never');
  });
});

describe('where it is written', () => {
  test('a folder with something in it is refused and left as it was', async () => {
    mkdirSync(join(place, 'taken'));
    writeFileSync(join(place, 'taken', 'manifest.json'), 'mine');
    expect(await exported('taken', null, null)).toMatchObject({ kind: 'refused', reason: 'folderNotEmpty' });
    expect(filesOf('taken')).toEqual(new Map([['manifest.json', Buffer.from('mine')]]));
  });

  test('a place that is no folder, or not named in full, is refused', async () => {
    writeFileSync(join(place, 'file'), '');
    for (const folder of [join(place, 'file'), join(place, 'file', 'below'), 'relative'])
      expect(await shop.client.exportTo({ folder, from: null, to: null })).toMatchObject({ reason: 'cannotWrite' });
  });
});

describe('the checker', () => {
  const run = (...words: string[]) => spawnSync(process.execPath, [checker, ...words], { encoding: 'utf8' });

  test('is one short file that imports nothing but Node', () => {
    const source = readFileSync(checker, 'utf8');
    expect(source.split('\n').length - 1).toBeLessThan(250);
    const imported = [...source.matchAll(/from '([^']+)'/g)].map((match) => match[1] ?? '');
    for (const name of imported) expect(builtinModules).toContain(name.replace(/^node:/, ''));
  });

  test('ends with 0 for a sound export, 1 for a fault, 2 for what cannot be read, and says what it cannot prove', () => {
    const sound = run(join(place, 'whole'), '--town-key', fingerprint);
    expect([sound.status, sound.stderr]).toEqual([0, '']);
    for (const word of ['完好', '不能证明', '签认', 'compare'])
      expect(sound.stdout.includes(word)).toBe(word !== 'compare');
    expect(run(join(place, 'whole')).stdout).toContain('compare: --town-key');
    const other = run(
      join(place, 'whole'),
      '--town-key',
      fingerprint.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    );
    expect([other.status, other.stdout.includes('keys.json')]).toEqual([1, true]);
    expect(run(join(place, 'nowhere')).status).toBe(2);
  });

  test('prints one record readably', () => {
    const { status, stdout } = run(join(place, 'whole'), '--record', '2/1');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'genesis', incarnation: 2, seq: 1 });
  });
});

describe('what only the auditor’s own knowledge finds', () => {
  test('a town that is not the town: sound in itself, and found by the fingerprint got elsewhere', () => {
    const forged = new Map(whole);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const der = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const keys = JSON.parse(String(whole.get('keys.json'))) as { town: string; tills: Record<string, string> };
    forged.set('keys.json', Buffer.from(canonical({ ...keys, town: der })));
    const papers = linesOf(whole, 'statements.jsonl').map((line) => {
      const { bytes } = JSON.parse(line) as { bytes: string };
      const signature = sign(null, Buffer.from(`onecard/v1/statement\0${bytes}`), privateKey).toString('base64');
      return `${canonical({ bytes, signature })}\n`;
    });
    forged.set('statements.jsonl', Buffer.from(papers.join('')));
    remanifest(forged, shop.privateKeys['2']?.privateKey ?? '');
    expect(auditOf(forged).state).toBe('sound');
    expect(auditOf(forged, fingerprint).faults).toEqual([expect.objectContaining({ file: 'keys.json' })]);
  });

  test('a last statement dropped with all after it, by who holds the key: sound, but acknowledged less far', () => {
    const forged = new Map(whole);
    const papers = linesOf(whole, 'statements.jsonl');
    const before = auditOf(whole).parts[1]?.acknowledged ?? 0;
    const records = recordsOf(whole, 2);
    const last = records.findLast((one) => one.kind === 'statementApplied');
    const texts = linesOf(whole, 'records-2.jsonl').slice(0, (last?.seq ?? 1) - 1);
    const closings = linesOf(whole, 'closings.jsonl').filter(
      (text) => !linesOf(whole, 'records-2.jsonl').includes(text) || texts.includes(text),
    );
    forged.set('records-2.jsonl', Buffer.from(texts.map((text) => `${text}\n`).join('')));
    forged.set(
      'statements.jsonl',
      Buffer.from(
        papers
          .slice(0, -1)
          .map((text) => `${text}\n`)
          .join(''),
      ),
    );
    forged.set('closings.jsonl', Buffer.from(closings.map((text) => `${text}\n`).join('')));
    remanifest(forged, shop.privateKeys['2']?.privateKey ?? '');
    const found = auditOf(forged, fingerprint);
    expect([found.state, found.faults]).toEqual(['sound', []]);
    expect(found.parts[1]?.acknowledged).toBeLessThan(before);
    // With the statement left in, the cut is found.
    forged.set('statements.jsonl', whole.get('statements.jsonl') ?? Buffer.alloc(0));
    remanifest(forged, shop.privateKeys['2']?.privateKey ?? '');
    expect(auditOf(forged, fingerprint).state).toBe('fault');
  });

  test('a till’s key replaced by another that signed everything anew is found by what the town acknowledged', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const own = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    const der = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const forged = new Map(whole);
    const keys = JSON.parse(String(whole.get('keys.json'))) as { town: string; tills: Record<string, string> };
    forged.set('keys.json', Buffer.from(canonical({ ...keys, tills: { ...keys.tills, '2': der } })));
    const texts = linesOf(whole, 'records-2.jsonl').map((text) => text.replace(keys.tills['2'] ?? '', der));
    const made = rechain(texts, '0'.repeat(64), 1, own);
    forged.set('records-2.jsonl', Buffer.from(made.map((text) => `${text}\n`).join('')));
    remanifest(forged, own);
    const found = auditOf(forged, fingerprint);
    expect(found.faults).toContainEqual(
      expect.objectContaining({ file: 'records-2.jsonl', text: expect.stringContaining('镇签认') }),
    );
  });
});
