import { createContext, useContext } from 'react';
import { connect, type SendAnswer } from '../parts/connection.ts';
import type { CounterKeys } from '../../shared/counter.ts';
import { openSpeaker } from '../parts/speaker.ts';
import type { Approval, Command, Screen } from '../../shared/till-contract.ts';
import { openNotices, type Saying } from './notices.ts';

/** The one connection of this page. */
export const connection = connect();

/** Speaks to the customer where no customer page does. */
export const speaker = openSpeaker(connection, (screen) => !screen.customerPage);

/** What this page has to say to the cashier. */
export const notices = openNotices(connection);

/** What may stand over the page. A dialog holds only what a hand is still typing; everything else is on the screen. */
export type Dialog =
  | Readonly<{ kind: 'help' }>
  | Readonly<{ kind: 'more' }>
  | Readonly<{ kind: 'member' }>
  | Readonly<{ kind: 'points' }>
  | Readonly<{ kind: 'quantity'; line: number }>
  | Readonly<{ kind: 'price'; line: number }>
  | Readonly<{ kind: 'void' }>
  | Readonly<{ kind: 'receipts' }>
  | Readonly<{ kind: 'refund'; receipt: string | null; way: 'refund' | 'exchange' }>
  | Readonly<{ kind: 'handBack'; channel: string; mobileFen: number; cashFen: number }>
  | Readonly<{ kind: 'tender'; receipt: string }>
  | Readonly<{ kind: 'held' }>
  | Readonly<{ kind: 'picker' }>
  | Readonly<{ kind: 'priceCheck' }>
  | Readonly<{ kind: 'cash' }>
  | Readonly<{ kind: 'shiftReport' }>
  | Readonly<{ kind: 'shiftResult' }>
  | Readonly<{ kind: 'night' }>
  | Readonly<{ kind: 'settings' }>
  | Readonly<{ kind: 'sound' }>
  | Readonly<{ kind: 'status' }>
  | Readonly<{ kind: 'enrol' }>;

/** A command that a second person may have to allow, by PIN or by staff card. */
export type Approvable = (approval: Approval) => Command;

export type Till = Readonly<{
  screen: Screen;
  /** Sends a command; a refusal is shown to the cashier unless `quiet`. */
  send: (command: Command, quiet?: 'quiet') => Promise<SendAnswer>;
  /** Sends, and when a manager is needed asks for the PIN or staff card and sends again. */
  sendApproved: (make: Approvable, what: string) => Promise<SendAnswer>;
  say: (saying: Saying) => void;
  dialog: Dialog | null;
  show: (dialog: Dialog) => void;
  hide: () => void;
  /** Which key does what on this till. */
  keys: CounterKeys;
}>;

export const TillContext = createContext<Till | null>(null);

/** The till as every part of the page sees it. */
export function useTill(): Till {
  const till = useContext(TillContext);
  if (till === null) throw new Error('bug: a part of the till stands outside its page');
  return till;
}

/** An id made by whoever acts, so that a command sent twice is done once. */
export function newId(): string {
  return crypto.randomUUID();
}
