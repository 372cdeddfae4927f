import { Alert } from 'antd';
import type { TownRefusal } from '../../shared/town-contract.ts';
import type { Reading } from '../back-office/reading.ts';
import { townRefusalWords } from '../back-office/town-words.ts';

/** Shows what the town answered, or says why there is nothing to show. */
export function AnswerGate<A extends { kind: 'ok' } | { kind: 'refused'; reason: TownRefusal }>({
  reading,
  children,
}: Readonly<{
  reading: Reading<A>;
  children: (answer: Extract<A, { kind: 'ok' }>) => React.ReactNode;
}>): React.JSX.Element {
  const { value, failed } = reading;
  if (failed) return <Alert type="error" showIcon title="服务器没有回答，请点“刷新”再试。" />;
  if (value === null) return <p className="muted">正在读…</p>;
  if (value.kind === 'refused') return <Alert type="error" showIcon title={townRefusalWords[value.reason]} />;
  return <>{children(value as Extract<A, { kind: 'ok' }>)}</>;
}
