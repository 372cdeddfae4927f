import Database from 'better-sqlite3';
import type { CardView } from '../../shared/member.ts';
import type { BodyOf, SaleBody } from '../../shared/record-bodies.ts';
import type { RefusalReason } from '../../shared/till-contract.ts';
import type { Machine } from './machine.ts';
import type { Random } from './random.ts';
import { expose, machinesOf, type Simulation } from './simulation.ts';
import type { Seen } from './truth.ts';
import { ensure } from './violation.ts';

/** Why a card that was lost or replaced is refused; one of the town's that a till has not heard of is unknown to it. */
const DEAD: readonly RefusalReason[] = ['cardLost', 'cardReplaced', 'cardUnknown', 'cardBlocked'];

/** Spent on a card that was reported lost: nobody's points but the guarantor's (R-C3); each sale counts once. */
export function bearLostSale(simulation: Simulation, { record, hash }: Seen): void {
  if (record.kind !== 'sale' || simulation.borne.has(hash)) return;
  const { member, lots } = record.body as SaleBody;
  if (!simulation.lostCards.has(member?.card ?? '')) return;
  simulation.borne.add(hash);
  for (const { lot, points } of lots) expose(simulation, lot, points);
}

/**
 * A card counts no more. Sales that were looked at before and are dated behind it count too: a till whose clock is ahead
 * may have dated one so, and a till that was cut off reports late; the town goes by what the records say.
 */
export function loseCard(simulation: Simulation, card: string, fromMs: number): void {
  simulation.lostCards.set(card, Math.min(fromMs, simulation.lostCards.get(card) ?? fromMs));
  for (const { machine, clone } of simulation.posts)
    for (const one of [...machine.truth.seen(), ...(clone?.truth.seen() ?? [])])
      if (one.record.at >= fromMs) bearLostSale(simulation, one);
}

/** A card that a till reported lost or replaced, as its record says it. */
export function noteReport(simulation: Simulation, { record }: Seen): void {
  if (record.kind !== 'cardChange') return;
  const body = record.body as BodyOf<'cardChange'>;
  if (body.what === 'unreadable') return;
  simulation.reports.set(record.id, body);
  loseCard(simulation, body.card, record.at);
}

function wentBack({ counts }: Simulation): boolean {
  return (['folderSetBack', 'machineSetBack', 'folderCloned'] as const).some((kind) => (counts.get(kind) ?? 0) > 0);
}

/** After the liveness phase: what was reported is dead everywhere, what took its place lives, and all agree on it. */
export async function checkCards(simulation: Simulation, standing: readonly Machine[], random: Random): Promise<void> {
  const { town, counts, reports } = simulation;
  const cards = town.rows('card');
  const states = new Map(cards.map(({ card, state }) => [card, state]));
  for (const [member, own] of Map.groupBy(cards, (card) => card.member)) {
    const active = own.filter(({ state }) => state === 'active').length;
    ensure(active <= 1, 'oneCardLives', () => `${member}: ${JSON.stringify(own)}`);
  }
  const wasTownSetBack = (counts.get('townSetBack') ?? 0) > 0;
  const carriedOut = new Set(town.rows('cardReport').map(({ request }) => request));
  for (const machine of standing) checkOfTill(simulation, machine, states, carriedOut);
  // What a restored town forgot of a till that is gone, nobody can tell it.
  if (wasTownSetBack) return;
  const gone = new Set([...reports.values()].map(({ card }) => card));
  for (const [request, body] of reports) {
    if (!carriedOut.has(request)) continue;
    ensure(states.get(body.card) !== 'active', 'reportedCardDead', () => `${body.card} of ${request}`);
    if (body.what !== 'replaced' || gone.has(request)) continue;
    ensure(states.get(request) === 'active', 'newCardLives', () => `${request}: ${states.get(request)}`);
  }
  for (const machine of standing) await checkAtCounter(simulation, machine, random);
}

/** A till knows of every card what its town knows, and nothing that it reported waits or was refused without a reason. */
function checkOfTill(
  simulation: Simulation,
  machine: Machine,
  states: ReadonlyMap<string, CardView['state']>,
  carriedOut: ReadonlySet<string>,
): void {
  const wasTownSetBack = (simulation.counts.get('townSetBack') ?? 0) > 0;
  const database = new Database(machine.ledgerFile, { readonly: true });
  try {
    const views = database.prepare<[], { view: string }>('SELECT view FROM card').all();
    const here = new Map(
      views.map(({ view }) => {
        const { id, state } = JSON.parse(view) as CardView;
        return [id, state];
      }),
    );
    for (const [card, state] of states)
      ensure(here.get(card) === state, 'cardsAgree', () => `${machine.name} ${card}: ${here.get(card)}, town ${state}`);
    const isSame = here.size === states.size || wasTownSetBack;
    ensure(isSame, 'cardsAgree', () => `${machine.name}: ${here.size} cards, town ${states.size}`);
    const rows = database
      .prepare<[], { request: string; member: string; refused: number; confirmed: number }>('SELECT * FROM card_report')
      .all();
    for (const { request, member, refused, confirmed } of rows) {
      ensure(refused + confirmed === 1, 'reportsAnswered', () => `${machine.name} ${request} waits`);
      const others = [...simulation.reports.values()].filter((report) => report.member === member).length;
      const isExplained = refused === 0 || others > 1 || wasTownSetBack;
      ensure(isExplained, 'reportsAnswered', () => `${machine.name} ${request} was refused`);
      const isDone = refused === 1 || carriedOut.has(request);
      ensure(isDone, 'reportsAnswered', () => `${machine.name} ${request} is not at the town`);
    }
    // A folder that went back took its reports with it.
    if (wentBack(simulation)) return;
    const known = new Set(rows.map(({ request }) => request));
    // One that was refused is forgotten when the next about its member is made.
    const newest = new Map<string, string>();
    for (const { record } of machine.truth.seen()) {
      const report = simulation.reports.get(record.id);
      if (report !== undefined) newest.set(report.member, record.id);
    }
    for (const request of newest.values())
      ensure(known.has(request), 'reportsAnswered', () => `${machine.name} ${request} was forgotten`);
  } finally {
    database.close();
  }
}

/** The cards of one villager who was given others, in a cashier's hand: the newest that lives counts and no other does. */
async function checkAtCounter(simulation: Simulation, machine: Machine, random: Random): Promise<void> {
  const { town } = simulation;
  const several = town.villagers.filter(({ cards }) => cards.length > 1);
  const hands = simulation.hands(machine, random);
  if (several.length === 0 || !(await hands.ready())) return;
  const states = new Map(town.rows('card').map(({ card, state }) => [card, state]));
  for (const { card, token } of random.pick(several).cards) {
    await hands.send({ kind: 'voidSale', reason: 'wish' });
    const answer = await hands.send({ kind: 'scan', code: token, source: 'card' });
    const isRefused = answer !== 'lost' && answer.kind === 'refused' && DEAD.includes(answer.reason);
    const lives = states.get(card) === 'active';
    ensure(isRefused !== lives, 'cardAtCounter', () => `${machine.name} ${card}: ${JSON.stringify(answer)}`);
  }
}

/** Every till that still stands and whose chain is one. */
export function unforked(simulation: Simulation): Machine[] {
  const forked = new Set(simulation.posts.filter(({ isForked }) => isForked).map(({ name }) => name));
  return machinesOf(simulation).filter(({ name }) => !forked.has(name.replace(/-twin$/, '')));
}
