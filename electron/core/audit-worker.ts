import { parentPort, workerData } from 'node:worker_threads';
import { assertNever } from '../../shared/assert.ts';
import { copyLedger } from './backup.ts';
import { writeExport, type ExportAsk } from './export.ts';
import { compareProjections } from './ledger/compare.ts';
import { pagesFault, walkChain } from './ledger/verify.ts';

/**
 * What a worker is asked: walk the pages of the file, walk the chain over rows `above` one and up to another (null: from
 * the first, to the last), fold the journal anew and compare every projection with what stands, or write an export.
 */
export type AuditTask =
  | Readonly<{ task: 'pages'; file: string }>
  | Readonly<{ task: 'copy'; file: string; target: string }>
  | Readonly<{ task: 'chain'; file: string; above: number | null; upTo: number | null }>
  | Readonly<{ task: 'compare'; file: string }>
  | (Readonly<{ task: 'export' }> & ExportAsk);

function answerTo(task: AuditTask): unknown {
  switch (task.task) {
    case 'pages':
      return pagesFault(task.file);
    case 'copy':
      return copyLedger(task.file, task.target);
    case 'chain':
      return walkChain(task.file, task.above, task.upTo);
    case 'compare':
      return compareProjections(task.file);
    case 'export':
      return writeExport(task);
    default:
      return assertNever(task);
  }
}

if (parentPort !== null) parentPort.postMessage(answerTo(workerData as AuditTask));
