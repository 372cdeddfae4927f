import { Worker } from 'node:worker_threads';
import type { Sign } from '../../shared/signed.ts';
import type { AuditTask } from './audit-worker.ts';
import type { BackedUp } from './backup.ts';
import { sealExport, type Exported, type Unsealed } from './export.ts';
import type { CompareResult } from './ledger/compare.ts';
import { PROJECTIONS } from './ledger/migrations.ts';
import { damagedPages, verdictOf, type VerifyResult, type Walked } from './ledger/verify.ts';
import type { Till } from './till.ts';

/** Up to so many rows one worker walks the chain sooner than two have started. */
const WALKED_BY_ONE = 5_000;

/** Verifying and rebuilding run in workers on read-only connections, so that no sale waits for them. */
export function createAudit(till: Till, sign: () => Sign) {
  const ask = <T>(task: AuditTask): Promise<T> =>
    new Promise((resolve, reject) => {
      till.ledger.catchUp();
      const worker = new Worker(till.world.auditWorker, { workerData: task });
      worker.once('message', (result: T) => resolve(result));
      worker.once('error', reject);
    });

  /** The stretches of the chain in order, walked side by side. */
  const walkWhole = async (): Promise<Walked[]> => {
    const { file } = till.ledger;
    const last = till.ledger.get<{ n: number | null }>('SELECT MAX(n) AS n FROM journal')?.n ?? 0;
    const middle = last > WALKED_BY_ONE ? Math.floor(last / 2) : null;
    const first: AuditTask = { task: 'chain', file, above: null, upTo: middle };
    const stretches: AuditTask[] =
      middle === null ? [first] : [first, { task: 'chain', file, above: middle, upTo: null }];
    return Promise.all(stretches.map((task) => ask<Walked>(task)));
  };

  return {
    /** Walks the file's pages and its whole chain. Damaged pages come first: what was read from them tells nothing. */
    verify: async (): Promise<VerifyResult> => {
      const [pages, chain] = await Promise.allSettled([
        ask<string>({ task: 'pages', file: till.ledger.file }),
        walkWhole(),
      ]);
      if (pages.status === 'rejected') throw pages.reason;
      if (pages.value !== 'ok') return damagedPages(pages.value);
      if (chain.status === 'rejected') throw chain.reason;
      return verdictOf(chain.value);
    },
    /** Copies the ledger, and reads the copy back from its first record. */
    copyTo: (target: string): Promise<BackedUp> => ask<BackedUp>({ task: 'copy', file: till.ledger.file, target }),
    /** Writes an export for an auditor into an empty folder; the worker writes, and the till signs what it wrote. */
    exportTo: async (wish: Readonly<{ folder: string; from: string | null; to: string | null }>): Promise<Exported> => {
      const written = await ask<Unsealed | Extract<Exported, { kind: 'refused' }>>({
        task: 'export',
        file: till.ledger.file,
        madeAtMs: till.atMs(),
        ...wish,
      });
      if ('kind' in written) return written;
      return sealExport(wish.folder, written.manifest, sign()) ?? written.answer;
    },
    /** Compares every projection with a fresh fold; where one differs, all are made anew from the journal. */
    rebuild: async (): Promise<CompareResult> => {
      const compared = await ask<CompareResult>({ task: 'compare', file: till.ledger.file });
      if (!compared.identical) till.ledger.refold(PROJECTIONS);
      return compared;
    },
  };
}
