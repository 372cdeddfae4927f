/** Types of the auditor's checker, for our tests; the checker itself needs nothing but Node. */
export type AuditFault = Readonly<{ file: string; line: number; text: string }>;
export type AuditPart = Readonly<{
  incarnation: number;
  firstSeq: number;
  lastSeq: number;
  before: string;
  head: string;
  /** The last sequence that a statement of the town in this export acknowledges; 0 where none does. */
  acknowledged: number;
}>;
export type Audited = Readonly<{
  state: 'sound' | 'fault' | 'unreadable';
  faults: readonly AuditFault[];
  notes: readonly string[];
  parts: readonly AuditPart[];
  counts: Readonly<{ records: number; closings: number; statements: number }>;
}>;
export function audit(read: (name: string) => Uint8Array, townKey?: string | null): Audited;
