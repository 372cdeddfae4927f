import { exchangeHash, readUp, writeExchange, type ExchangeDown, type ExchangeUp } from '../shared/exchange.ts';
import { GENESIS_PREVIOUS } from '../shared/journal.ts';
import type { ExchangeRefusal } from '../shared/exchange-reasons.ts';
import { statementSchema, type TownRefusal } from '../shared/town-contract.ts';
import { reportCard } from './card-reports.ts';
import { releaseClaim } from './claims.ts';
import { hash, verify } from './crypto.ts';
import { enrol } from './enrolment.ts';
import { hello, policiesAbove, policiesSince } from './hello.ts';
import { takeIn } from './intake.ts';
import { changesSince } from './members.ts';
import { bringRecords, ownRecords, recordsAfter } from './older.ts';
import { topUp } from './points.ts';
import { settle, settleChain } from './statement.ts';
import { unknownCaller, type Town } from './town.ts';

/** More of a chain's records than this wait for the next stick. */
const OLDER_CHARACTERS_MAX = 6_000_000;
/** More statements than this cannot have been lost between two contacts. */
const STATEMENTS_AT_ONCE = 100;

export type Exchanged =
  | Readonly<{
      kind: 'made';
      file: string;
      till: string;
      incarnation: number;
      number: number;
      enrolled: boolean;
      records: number;
      statements: number;
      refusal: TownRefusal | null;
    }>
  | Readonly<{ kind: 'refused'; reason: ExchangeRefusal }>;

/**
 * The town's half of an exchange by file: every request in it goes the way it goes over the network, in the same order,
 * and its answer into the file that goes back. The same file again is answered the same, so a stick may be brought as
 * often as somebody likes, before or after the network did the same work.
 */
export async function exchange(town: Town, text: string): Promise<Exchanged> {
  const opened = readUp(text, verify);
  if (opened.kind === 'refused') return opened;
  const { content } = opened;
  const stranger = await strangerIn(town, content, opened.publicKey);
  if (stranger !== null) return { kind: 'refused', reason: stranger };

  const down: ExchangeDown = {
    v: 1,
    way: 'toTill',
    town: town.id,
    till: content.till ?? '',
    incarnation: content.incarnation,
    number: content.number,
    answers: exchangeHash(text, hash),
    madeAtMs: town.nowMs(),
    enrol: content.enrol === null ? null : await enrol(town, content.enrol),
    hello: null,
    older: [],
    brought: [],
    uploads: [],
    reports: [],
    topUps: [],
    releases: [],
    settles: [],
    policies: null,
    members: [],
  };
  if (down.enrol?.kind === 'ok') down.till = down.enrol.till;
  if (down.enrol?.kind !== 'refused') {
    if (content.till === null) await welcome(town, down);
    else await answer(town, content, down);
  }
  return {
    kind: 'made',
    file: writeExchange(down, town.publicKey, town.sign),
    till: down.till,
    incarnation: down.incarnation,
    number: down.number,
    enrolled: down.enrol?.kind === 'ok',
    records: content.uploads.reduce(
      (sum, one, index) => sum + (down.uploads[index]?.kind === 'ok' ? one.records.length : 0),
      0,
    ),
    statements: down.settles.filter((one) => one.kind === 'ok').length,
    refusal: firstRefusal(down),
  };
}

/** Whether somebody else than the till it names made this file, and who then; a new till signs with the key it brings. */
async function strangerIn(town: Town, content: ExchangeUp, publicKey: string): Promise<ExchangeRefusal | null> {
  if (content.town !== null && content.town !== town.id) return 'otherTown';
  if (content.enrol !== null) return content.enrol.publicKey === publicKey ? null : 'wrongKey';
  const { till, incarnation } = content;
  if (till === null) return 'malformed';
  return town.store.transact([], async (transaction) => {
    if ((await transaction.get('till', { till })) === null) return 'otherTill';
    const chain = await transaction.get('incarnation', { till, incarnation });
    if (chain === null) return 'otherIncarnation';
    return chain.publicKey === publicKey ? null : 'wrongKey';
  });
}

/** What a new till needs to begin: a first statement with its term, the policies, the members. */
async function welcome(town: Town, down: ExchangeDown): Promise<void> {
  const { till, incarnation } = down;
  down.settles.push(await settleChain(town, { till, incarnation, seq: 0, hash: GENESIS_PREVIOUS, afterStatement: 0 }));
  down.policies = await town.store.transact([], (transaction) => policiesAbove(town, transaction, till, 0));
  await membersAfter(town, down, 0);
}

async function answer(town: Town, content: ExchangeUp, down: ExchangeDown): Promise<void> {
  if (content.hello !== null) down.hello = await hello(town, content.hello);
  for (const asked of content.older) {
    let page = await ownRecords(town, asked);
    down.older.push({ of: asked.of, page });
    let seq = asked.afterSeq;
    let characters = 0;
    while (page.kind === 'ok' && page.more) {
      seq += page.records.length;
      characters += page.records.reduce((sum, record) => sum + record.length, 0);
      if (characters > OLDER_CHARACTERS_MAX) break;
      page = await recordsAfter(town, asked.till, asked.of, seq, null);
      down.older.push({ of: asked.of, page });
    }
  }
  for (const brought of content.brought) down.brought.push(await bringRecords(town, brought));
  for (const upload of content.uploads) down.uploads.push(await takeIn(town, upload));
  // Before the statement, which says who bears what such a card spent.
  for (const report of content.reports) down.reports.push(await reportCard(town, report));
  for (const asked of content.topUps) down.topUps.push(await topUp(town, asked));
  for (const asked of content.releases) down.releases.push(await releaseClaim(town, asked));
  if (content.settle !== null) await settleAll(town, content.settle, down);
  if (content.policies !== null) down.policies = await policiesSince(town, content.policies);
  if (content.members !== null) {
    const unknown = await unknownCaller(town, content.members);
    if (unknown === null) await membersAfter(town, down, content.members.since);
    else down.members.push(unknown);
  }
}

/** Statement after statement, since one whose file was lost comes before the one that speaks of everything. */
async function settleAll(town: Town, asked: NonNullable<ExchangeUp['settle']>, down: ExchangeDown): Promise<void> {
  const { till, incarnation, seq } = asked;
  // Records that were refused in this very file are not there to be settled; what is there is.
  let answered = await settle(town, asked);
  for (let after = asked.afterStatement; ; after += 1) {
    down.settles.push(answered);
    if (answered.kind === 'refused' || down.settles.length >= STATEMENTS_AT_ONCE) return;
    const statement = statementSchema.parse(JSON.parse(answered.statement.bytes));
    if (statement.settled.seq >= seq) return;
    answered = await settleChain(town, { till, incarnation, seq, hash: asked.hash, afterStatement: after + 1 });
  }
}

async function membersAfter(town: Town, down: ExchangeDown, since: number): Promise<void> {
  const { till, incarnation } = down;
  for (let from = since; ; ) {
    const page = await town.store.transact(['points'], (transaction) =>
      changesSince(town, transaction, from, { till, incarnation }),
    );
    down.members.push({ kind: 'ok', ...page });
    if (!page.more) return;
    from = page.version;
  }
}

function firstRefusal(down: ExchangeDown): TownRefusal | null {
  const older = down.older.map((one) => one.page);
  const lists = [
    down.brought,
    down.uploads,
    down.reports,
    down.topUps,
    down.releases,
    down.settles,
    down.members,
  ].flat();
  for (const one of [down.enrol, down.hello, ...older, ...lists, down.policies]) {
    if (one?.kind === 'refused') return one.reason;
  }
  return null;
}
