import type { Answer } from '../../shared/till-contract.ts';
import { refuse, type Till } from './till.ts';

/** The refusal that a cashier, or nobody, gets for the manager's work; null when a manager is signed in. */
export function refusedUnlessManager(till: Till): Answer | null {
  const operator = till.operator();
  if (operator === null) return refuse('notSignedIn');
  return operator.role === 'manager' ? null : refuse('managerOnly');
}
