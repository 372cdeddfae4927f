import type { ReactNode } from 'react';

/** One figure of a report with its name. */
export function Figure({ label, value, main = false }: { label: string; value: string; main?: boolean }): ReactNode {
  return (
    <div className={main ? 'figure main' : 'figure'}>
      <span>{label}</span>
      <b>{value}</b>
    </div>
  );
}
