import { Worker } from 'node:worker_threads';
import type { AuditTask, VerifyResult } from './audit-worker.ts';
import type { CompareResult } from './ledger/compare.ts';
import { PROJECTIONS } from './ledger/migrations.ts';
import type { Till } from './till.ts';

/** Verifying and rebuilding run in a worker on a read-only connection, so that no sale waits for them. */
export function createAudit(till: Till) {
  const ask = <T>(task: AuditTask): Promise<T> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(till.world.auditWorker, { workerData: task });
      worker.once('message', (result: T) => resolve(result));
      worker.once('error', reject);
    });

  return {
    verify: (): Promise<VerifyResult> => ask<VerifyResult>({ task: 'verify', file: till.ledger.file }),
    /** Compares every projection with a fresh fold; where one differs, all are made anew from the journal. */
    rebuild: async (): Promise<CompareResult> => {
      const compared = await ask<CompareResult>({ task: 'compare', file: till.ledger.file });
      if (!compared.identical) till.ledger.refold(PROJECTIONS);
      return compared;
    },
  };
}
