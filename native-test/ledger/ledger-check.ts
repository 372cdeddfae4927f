import { join } from 'node:path';
import { openReadOnly } from '../../electron/core/ledger/database.ts';
import { verifyChain } from '../../electron/core/ledger/verify.ts';
import { compareProjections } from '../../electron/core/ledger/compare.ts';
import { recordsOf } from '../../electron/core/test-core.ts';
import { isBalanced, type JournalRecord } from '../../shared/journal.ts';
import { bodyOf } from '../../shared/record-bodies.ts';
import type { Acknowledged } from './cashier.ts';

/** What was found wrong with a till's ledger; each is a sentence of its own. */
export type Findings = { lost: string[]; doubled: string[]; broken: string[] };

export const noFindings = (): Findings => ({ lost: [], doubled: [], broken: [] });

const key = (record: JournalRecord): string => {
  const voided = bodyOf(record, 'saleVoid');
  return voided === null ? record.id : voided.sale;
};

/**
 * Holds the ledger in a folder against what a till acknowledged: every fact is there exactly once with its own figures
 * (invariants 5, 7), one sound chain of one incarnation (9, 10, 11), receipt numbers without a gap, postings that
 * balance (1, 3), projections as a fresh fold makes them (25), and of each lot what was given out is here or was spent (16).
 */
export function checkLedger(folder: string, acknowledged: readonly Acknowledged[]): Findings & { records: number } {
  const found = noFindings();
  const file = join(folder, 'data', 'ledger.sqlite');
  const chain = verifyChain(file);
  if (chain.state !== 'sound') found.broken.push(`chain: ${chain.fault}`);
  if (found.broken.length > 0) return { ...found, records: chain.records };
  if (chain.incarnations !== 1) found.broken.push(`${chain.incarnations} incarnations`);
  const compared = compareProjections(file);
  for (const table of compared.tables) if (!table.identical) found.broken.push(`projection ${table.table} differs`);
  const records = recordsOf(folder);
  const byKey = Map.groupBy(records, key);
  for (const one of acknowledged) {
    const held = (byKey.get(one.id) ?? []).filter((record) => record.kind === one.kind);
    if (held.length === 0) found.lost.push(`${one.kind} ${one.id}`);
    if (held.length > 1) found.doubled.push(`${one.kind} ${one.id}`);
    const sale = held[0] === undefined ? null : bodyOf(held[0], 'sale');
    if (sale === null || one.number === null) continue;
    if (sale.totalFen !== one.totalFen || sale.pointsUsed !== one.points || sale.receipt !== one.number)
      found.broken.push(`sale ${one.id} is not what was acknowledged`);
  }
  const reports = reportsIn(file);
  for (const { kind, id } of acknowledged)
    if (kind === 'cardChange' && !reports.has(id)) found.lost.push(`what the town is asked for ${kind} ${id}`);
  found.broken.push(...figureFaults(records));
  return { ...found, records: records.length };
}

/** Reports of cards that a till keeps until its town has answered them, and behind that. */
function reportsIn(file: string): Set<string> {
  const database = openReadOnly(file);
  try {
    const rows = database.prepare<[], { request: string }>('SELECT request FROM card_report').all();
    return new Set(rows.map(({ request }) => request));
  } finally {
    database.close();
  }
}

function figureFaults(records: readonly JournalRecord[]): string[] {
  const faults: string[] = [];
  const counters = records.flatMap((one) => (bodyOf(one, 'sale') ?? bodyOf(one, 'refund'))?.counter ?? []);
  if (counters.some((counter, index) => counter !== index + 1)) faults.push('receipt numbers have a gap');
  for (const record of records) if (!isBalanced(record.postings)) faults.push(`${record.seq} does not balance`);
  if (records.some((one) => one.kind === 'idConflict')) faults.push('an id was taken by another content');
  const held = new Map<string, number>();
  for (const { postings } of records)
    for (const { account, lot, amount } of postings)
      if (lot !== undefined && account === 'allotment') held.set(lot, (held.get(lot) ?? 0) + amount);
  for (const [lot, points] of held) if (points < 0) faults.push(`more was spent of ${lot} than was given`);
  return faults;
}

export function addFindings(total: Findings, found: Findings, where: string): void {
  total.lost.push(...found.lost.map((text) => `${where}: ${text}`));
  total.doubled.push(...found.doubled.map((text) => `${where}: ${text}`));
  total.broken.push(...found.broken.map((text) => `${where}: ${text}`));
}
