import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chainFault } from '../electron/core/ledger/chain.ts';
import { audit } from '../resources/audit/verify.mjs';
import { must } from '../shared/assert.ts';
import { GENESIS_PREVIOUS, recordHash } from '../shared/journal.ts';
import { AUDITED_DAYS, type AuditedShop, openAuditedShop } from './audited-shop.ts';
import { type Files, type Mutation, randomOf, tamperExport, tamperRows, type TillKeys } from './tamper.ts';

/** Exports of a shop, whole and of two days, with the keys that a hand of the tampering may hold. */
export type Exports = Readonly<{ whole: Files; range: Files; keys: TillKeys }>;

export async function exportsOf(shop: AuditedShop): Promise<Exports> {
  const exported = async (from: string | null, to: string | null): Promise<Files> => {
    const folder = mkdtempSync(join(tmpdir(), 'one-card-tamper-'));
    await shop.client.exportTo({ folder, from, to });
    const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
    rmSync(folder, { recursive: true, force: true });
    return files;
  };
  return {
    whole: await exported(null, null),
    range: await exported(AUDITED_DAYS[1], AUDITED_DAYS[2]),
    keys: shop.privateKeys,
  };
}

export const auditOf = (files: Files) => audit((name) => files.get(name) ?? Buffer.alloc(0));

export const acknowledgedIn = (files: Files): Record<number, number> =>
  Object.fromEntries(auditOf(files).parts.map((part) => [part.incarnation, part.acknowledged]));

/** Whether the checker said less than it must of a mutation. */
function isMissed({ expected, file, line }: Mutation, found: ReturnType<typeof auditOf>): boolean {
  switch (expected) {
    case 'atLine':
      return !found.faults.some((one) => one.file === file && (one.line === line || one.line === line + 1));
    case 'inFile':
      return !found.faults.some((one) => one.file === file);
    case 'found':
      return found.state === 'sound';
    case 'limit':
      return false;
    default:
      return expected satisfies never;
  }
}

/** Tampers an export by seed; answers what was missed, and how often each hand did what. */
export function tamperExports(
  sound: Files,
  keys: TillKeys,
  from: number,
  count: number,
): { missed: Mutation[]; seen: Map<string, number> } {
  const acknowledged = acknowledgedIn(sound);
  const missed: Mutation[] = [];
  const seen = new Map<string, number>();
  for (let seed = from; seed < from + count; seed += 1) {
    const { mutation, files } = tamperExport(sound, seed, keys, acknowledged);
    const found = auditOf(files);
    const name = `${mutation.hand} ${mutation.what}`;
    seen.set(name, (seen.get(name) ?? 0) + 1);
    if (isMissed(mutation, found)) missed.push(mutation);
  }
  return { missed, seen };
}

/** Tampers the rows of the second incarnation's journal by seed; answers what the till's own walk missed. */
export function tamperJournals(clean: Files, from: number, count: number): string[] {
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const texts = String(clean.get('records-2.jsonl')).split('\n').slice(0, -1);
  const rowsOf = (all: readonly string[], hashes: readonly string[]) =>
    all.map((text, at) => ({ n: at + 1, incarnation: 2, seq: at + 1, hash: hashes[at] ?? GENESIS_PREVIOUS, text }));
  const hashesOf = (all: readonly string[]): string[] => all.map((text) => recordHash(text, sha256));
  const start = { incarnation: 2, seq: 0, hash: GENESIS_PREVIOUS };
  must(chainFault(rowsOf(texts, hashesOf(texts)), start, sha256) === null, 'the journal is sound before it is changed');
  const kinds = ['field', 'drop', 'repeat', 'swap', 'insert', 'reorderKeys', 'turnByte'] as const;
  const missed: string[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const random = randomOf(seed);
    const what = kinds[random(kinds.length)] ?? 'field';
    const { texts: changed, line, field } = tamperRows(texts, what, random);
    // The row's own hash is made to fit again half of the time; the last record alone is then a chain of its own.
    const isRehashed = random(2) === 0;
    const fault = chainFault(rowsOf(changed, isRehashed ? hashesOf(changed) : hashesOf(texts)), start, sha256);
    // A last record that is gone leaves a sound chain; the mark outside the folder and the town know of it.
    const isLast = line >= texts.length && (isRehashed || what === 'drop');
    if (fault === null && !isLast && changed.join('\n') !== texts.join('\n')) missed.push(`${seed} ${what} ${field}`);
  }
  return missed;
}

/** As many mutations, half of them of exports and half of journals; each that was missed is a sentence. */
export async function runTamper({ seed, count }: { seed: number; count: number }): Promise<{
  ran: number;
  missed: string[];
}> {
  const shop = await openAuditedShop();
  try {
    const { whole, range, keys } = await exportsOf(shop);
    const half = Math.ceil(count / 2);
    const tenth = Math.ceil(count / 10);
    const missed = [
      ...tamperExports(whole, keys, seed, half - tenth).missed.map((mutation) => JSON.stringify(mutation)),
      ...tamperExports(range, keys, seed, tenth).missed.map((mutation) => JSON.stringify(mutation)),
      ...tamperJournals(whole, seed, count - half),
    ];
    return { ran: count, missed };
  } finally {
    await shop.close();
  }
}
