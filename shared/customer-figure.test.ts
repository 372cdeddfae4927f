import { expect, test } from 'vitest';
import { customerFigure } from './customer-figure.ts';
import type { Screen } from './till-contract.ts';

type Seen = Parameters<typeof customerFigure>[0];

const line = (name: string, unitPayFen: number) => ({ name, unitPayFen }) as Screen['sale']['lines'][number];
const sale = (selected: number, ...lines: Screen['sale']['lines']) =>
  ({ lines, selected, totalFen: 1_250 }) as Screen['sale'];
const pay = (cashTyped: boolean, cashGivenFen: number) => ({ cashTyped, cashGivenFen }) as Screen['pay'];
const paid = (cashGivenFen: number, changeFen: number) =>
  ({ cashGivenFen, changeFen, receipt: { totalFen: 1_250 } }) as Screen['paid'];
const two = sale(0, line('米', 5_990), line('盐', 250));

test.each<[string, Partial<Seen>, string, number]>([
  ['the goods that were touched last', { phase: 'selling', sale: two }, 'price', 5_990],
  ['the last goods when none is marked', { phase: 'selling', sale: { ...two, selected: -1 } }, 'price', 250],
  ['an empty basket', { phase: 'selling' }, 'none', 0],
  ['what is to be paid', { phase: 'paying', sale: two, pay: pay(false, 1_250) }, 'total', 1_250],
  ['what was handed over', { phase: 'paying', sale: two, pay: pay(true, 2_000) }, 'received', 2_000],
  ['the change', { phase: 'paid', paid: paid(2_000, 750) }, 'change', 750],
  ['a sale paid by phone', { phase: 'paid', paid: paid(0, 0) }, 'total', 1_250],
  ['nobody signed in', { phase: 'signIn', sale: two }, 'none', 0],
  ['a locked till', { phase: 'locked', sale: two }, 'none', 0],
])('the pole shows %s', (_case, seen, what, amountFen) => {
  const figure = customerFigure({ phase: 'selling', sale: sale(-1), pay: null, paid: null, ...seen });
  expect([figure.what, figure.amountFen]).toEqual([what, amountFen]);
});
