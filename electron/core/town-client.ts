import type { z } from 'zod';
import { allotmentInPostings, allotmentOutPostings } from '../../shared/posting.ts';
import { GENESIS_PREVIOUS } from '../../shared/journal.ts';
import { policySchema } from '../../shared/policy.ts';
import type { CanonicalValue } from '../../shared/canonical.ts';
import type { ReturnedLine } from '../../shared/pricing.ts';
import type { Grant, Recall } from '../../shared/record-bodies.ts';
import { signRequest, unseal, type Sign, type SignedDocument } from '../../shared/signed.ts';
import type { Status } from '../../shared/till-contract.ts';
import {
  returnableSchema,
  sealedMovementsSchema,
  sealedPinSchema,
  type SealedMovements,
  type SealedPin,
  sealedGrantSchema,
  statementSchema,
  townTimeSchema,
  type Returnable,
  type bringRecordsCall,
  type helloCall,
  type membersCall,
  type ownRecordsCall,
  type policiesCall,
  type Statement,
  type topUpCall,
  type TownRefusal,
  type uploadCall,
} from '../../shared/town-contract.ts';
import type { CardView, MemberView } from '../../shared/member.ts';
import type { NoticeBoard } from './board.ts';
import { askReportsAgain, type CardReport } from './card-reports.ts';
import type { JudgedClock } from './judged-clock.ts';
import { provenRecords } from './own-records.ts';
import { readShop } from './shop.ts';
import type { TownApi } from './town-api.ts';
import type { Till } from './till.ts';

/** A batch: at most so many records and so many bytes (ledger, part (c), step 4). */
const BATCH_RECORDS = 500;
const BATCH_BYTES = 900_000;
/**
 * The town does not know this incarnation, or knows another machine's key under its number, as when a copy of the folder
 * was enrolled with it: a new code mends either.
 */
const MEND_BY_CODE: ReadonlySet<TownTrouble['because']> = new Set([
  'notEnrolled',
  'unknownIncarnation',
  'unknownTill',
  'wrongSignature',
]);
/** More statements than this cannot have been lost between two contacts. */
const STATEMENTS_AT_ONCE = 100;

/** Why the town could not be asked, or what it refused. */
export type TownTrouble = Readonly<{
  kind: 'trouble';
  because: 'unreachable' | 'practising' | 'notEnrolled' | 'wrongKey' | 'malformed' | 'chain' | TownRefusal;
}>;

type Ack = Readonly<{ seq: number; hash: string }>;

/** What was known when the file was written whose answer is read now; null for an answer over the network. */
export type Carried = Readonly<{ ackSeq: number }>;

/** An answer of a call that was not refused. */
type Ok<C extends Readonly<{ output: z.ZodType }>> = Extract<z.infer<C['output']>, { kind: 'ok' }>;

type TopUpRow = Readonly<{ request: string; member: string; term: string }>;

/** How an earlier incarnation's chain stands between this folder and the town. */
export type Older = Readonly<{
  /** `equal`: both hold the same. `forked`: other records for the same sequences, for a person to judge. */
  state: 'waiting' | 'equal' | 'forked' | 'unreadable';
  /** The last sequence here when this was found. */
  seq: number;
  townSeq: number | null;
  /** Records that came back from the town. */
  fetched: number;
}>;

const olderKey = (of: number): string => `older:${of}`;

/** Unwraps a zod schema into the shape `unseal` wants. */
function parserOf<T>(schema: {
  safeParse: (value: unknown) => { success: boolean; data?: T };
}): (value: unknown) => T | null {
  return (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? (parsed.data ?? null) : null;
  };
}

const parseTime = parserOf(townTimeSchema);
const parseStatement = parserOf(statementSchema);
const parseGrant = parserOf(sealedGrantSchema);
const parseReturnable = parserOf(returnableSchema);
const parsePin = parserOf(sealedPinSchema);
const parseMovements = parserOf(sealedMovementsSchema);
const parsePolicy = parserOf(policySchema);

/**
 * The till's side of the exchange with its town (protocol, "Exchange"). Every step may be cut anywhere and repeated: the
 * town answers a repeat as it answered the first time, and what arrives here is recorded by the id that the town gave it.
 */
export function createTownClient(
  till: Till,
  board: NoticeBoard,
  clock: JudgedClock,
  sign: () => Sign,
  background: (work: () => Promise<void>) => void,
  onChange: () => void,
) {
  const { ledger, replicas, world } = till;
  const { verify } = world.crypto;

  let state: Status['town'] = 'unreachable';
  let heardMs: number | null = null;
  let ack: Ack = JSON.parse(ledger.setting('ack') ?? `{"seq":0,"hash":"${GENESIS_PREVIOUS}"}`) as Ack;
  const toppingUp = new Set<string>();
  /** Claims whose refund somebody is about to do: not to be let go yet. */
  const claiming = new Set<string>();

  const isEnrolled = (): boolean => ledger.setting('enrolledIncarnation') === String(ledger.head().incarnation);

  const from = () => {
    const identity = ledger.identity();
    return { town: identity?.town ?? '', till: identity?.till ?? '', incarnation: identity?.incarnation ?? 1 };
  };

  const signed = <T extends Readonly<Record<string, CanonicalValue>>>(fields: T) =>
    signRequest({ ...from(), ...fields }, sign());

  const setState = (next: Status['town']): void => {
    if (next === 'reachable') heardMs = world.clock.nowMs();
    if (state !== next) {
      state = next;
      onChange();
    }
  };

  const trouble = (because: TownTrouble['because']): TownTrouble => {
    if (because === 'unreachable') setState('unreachable');
    if (because === 'wrongKey') setState('wrongKey');
    if (MEND_BY_CODE.has(because)) setState('notEnrolled');
    return { kind: 'trouble', because };
  };

  const fault = (because: TownTrouble['because']): TownTrouble => ({ kind: 'trouble', because });
  /** A fault of an answer that came over the network says something of the town itself. */
  const noted = (found: TownTrouble | null): TownTrouble | null => (found === null ? null : trouble(found.because));

  /**
   * Asks the town; what does not come back is `unreachable`, what it refuses is the reason. A refusal that is not about
   * the present incarnation says nothing of how this till stands with its town.
   */
  const ask = async <T>(
    call: (town: TownApi) => Promise<T | { kind: 'refused'; reason: TownRefusal }>,
    refusal: (because: TownRefusal) => TownTrouble = trouble,
  ): Promise<Exclude<T, { kind: 'refused' }> | TownTrouble> => {
    const { town } = world;
    if (town === null) return trouble('unreachable');
    if (!isEnrolled()) return trouble('notEnrolled');
    try {
      const answer = await call(town);
      if (typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'refused')
        return refusal((answer as { reason: TownRefusal }).reason);
      setState('reachable');
      return answer as Exclude<T, { kind: 'refused' }>;
    } catch (error) {
      world.log(`town: ${error instanceof Error ? error.message : 'no answer'}`);
      return trouble('unreachable');
    }
  };

  const isTrouble = (answer: object): answer is TownTrouble => 'kind' in answer && answer.kind === 'trouble';

  const setAck = (next: Ack): void => {
    ack = next;
    ledger.setSetting('ack', JSON.stringify(next));
    onChange();
  };

  /** What is signed to be compared: where our chain stands, and a fresh word that no old answer knows. */
  const helloRequest = () => {
    const { seq, hash } = ledger.head();
    return signed({ nonce: world.newId(), seq, hash });
  };

  /**
   * Takes the town's signed time and its acknowledgement; one that is not on our chain is a fork. What a file carried is
   * as old as its way: its time only raises ours, and its acknowledgement lowers ours only where the town was not heard
   * since.
   */
  const takeHello = (answer: Ok<typeof helloCall>, nonce: string, carried: Carried | null): TownTrouble | null => {
    const time = unseal('time', answer.time, readShop(ledger).townKey, verify, parseTime);
    if (time.kind === 'refused' || time.value.nonce !== nonce) return fault('wrongKey');
    if (carried === null) clock.trust(time.value.nowMs);
    else clock.trustCarried(time.value.nowMs);
    const known = Number(ledger.setting('membersVersion') ?? '0');
    // Nothing newer than what is here: the snapshot is as old as this answer, no older.
    if (answer.membersVersion === known) replicas.noteHeard(time.value.nowMs);
    return takeAck(answer.ack, carried);
  };

  /** A town that lost what it had acknowledged may have lost earlier chains of ours too, and what it did about cards. */
  const townForgot = (): void => {
    for (const of of earlier()) ledger.setSetting(olderKey(of), '');
    askReportsAgain(ledger);
  };

  const takeAck = (next: Ack, carried: Carried | null): TownTrouble | null => {
    if (ledger.hashAt(ledger.head().incarnation, next.seq) !== next.hash) return fault('chain');
    if (carried !== null && next.seq < ack.seq && ack.seq !== carried.ackSeq) return null;
    if (next.seq < ack.seq) townForgot();
    setAck(next);
    return null;
  };

  /** Compares heads and hears the town's signed time. */
  const hello = async () => {
    const request = helloRequest();
    const answer = await ask((town) => town.hello(request));
    if (isTrouble(answer)) return answer;
    return noted(takeHello(answer, request.nonce, null)) ?? answer;
  };

  /** Records that the town keeps apart because it cannot read them; each is named in the night's report. */
  const quarantinedSeqs = (): number[] =>
    JSON.parse(ledger.setting(`quarantined:${ledger.head().incarnation}`) ?? '[]') as number[];
  const noteQuarantined = (seqs: readonly number[]): void => {
    if (seqs.length === 0) return;
    ledger.setSetting(
      `quarantined:${ledger.head().incarnation}`,
      JSON.stringify([...new Set([...quarantinedSeqs(), ...seqs])]),
    );
  };

  /** The next batch of a chain after a sequence; null when there is nothing more to send. */
  const batchAfter = (incarnation: number, seq: number) => {
    const batch: { seq: number; hash: string; text: string }[] = [];
    let bytes = 0;
    for (const row of ledger.textsAfter(incarnation, seq, BATCH_RECORDS)) {
      bytes += row.text.length * 2;
      if (batch.length > 0 && bytes > BATCH_BYTES) break;
      batch.push(row);
    }
    const first = batch[0];
    const last = batch[batch.length - 1];
    if (first === undefined || last === undefined) return null;
    return {
      firstSeq: first.seq,
      lastSeq: last.seq,
      headHash: last.hash,
      records: batch.map((row) => row.text),
    };
  };

  const takeUpload = (answer: Ok<typeof uploadCall>, lastSeq: number, carried: Carried | null): TownTrouble | null => {
    // A town that acknowledges nothing new would be asked for ever.
    if (answer.ack.seq < lastSeq) return fault('gap');
    const wrong = takeAck(answer.ack, carried);
    if (wrong === null) noteQuarantined(answer.quarantined.map((one) => one.seq));
    return wrong;
  };

  /** Sends every record after the acknowledgement, in signed batches; answers how many the town took in. */
  const upload = async (): Promise<{ kind: 'uploaded'; count: number; quarantined: number } | TownTrouble> => {
    const { incarnation } = ledger.head();
    let count = 0;
    let quarantined = 0;
    for (;;) {
      const batch = batchAfter(incarnation, ack.seq);
      if (batch === null) return { kind: 'uploaded', count, quarantined };
      const answer = await ask((town) => town.upload(signed(batch)));
      if (isTrouble(answer)) return answer;
      const wrong = noted(takeUpload(answer, batch.lastSeq, null));
      if (wrong !== null) return wrong;
      count += batch.records.length;
      quarantined += answer.quarantined.length;
    }
  };

  const openStatement = (document: SignedDocument): Statement | null => {
    const opened = unseal('statement', document, readShop(ledger).townKey, verify, parseStatement);
    if (opened.kind === 'refused') return null;
    const { till: forTill, incarnation, town } = opened.value;
    const mine = from();
    return forTill === mine.till && incarnation === mine.incarnation && town === mine.town ? opened.value : null;
  };

  /** A grant names one till, incarnation and term, and is written down there once, by its id (invariant 19). */
  const isOurs = (grant: Grant): boolean => {
    const mine = from();
    if (grant.till === mine.till && grant.incarnation === mine.incarnation) return true;
    world.log(`town: grant ${grant.id} names ${grant.till}/${grant.incarnation} and is not taken`);
    return false;
  };

  /** Gives back what the term still holds of what is asked for, once, by the recall's id (invariant 14). */
  const recallNow = (recall: Recall): void => {
    const row = ledger.get<{ points: number }>(
      'SELECT points FROM held_lot WHERE term = ? AND lot = ?',
      recall.term,
      recall.lot,
    );
    const points = Math.min(row?.points ?? 0, recall.points);
    if (points === 0 || ledger.byId(recall.id) !== null) return;
    till.record({
      kind: 'allotmentOut',
      id: recall.id,
      operator: null,
      body: { recall: recall.id, term: recall.term, lot: recall.lot, member: recall.member, points },
      postings: allotmentOutPostings(recall.term, recall.lot, points),
    });
  };

  /** Applies one statement in one transaction, as records of the chain; repeated, it changes nothing. */
  const apply = (statement: Statement, document: SignedDocument, state: 'matched' | 'breaks'): void => {
    const { incarnation } = ledger.head();
    const hash = world.crypto.hash(new TextEncoder().encode(document.bytes));
    ledger.transaction(() => {
      const last = replicas.lastStatement(incarnation);
      if (last !== null && last.number >= statement.number) return;
      replicas.putStatement(incarnation, statement.number, hash, document);
      till.record({
        kind: 'statementApplied',
        id: `${statement.till}:${incarnation}:statement:${statement.number}`,
        operator: null,
        body: {
          number: statement.number,
          hash,
          ackSeq: statement.ack.seq,
          ackHash: statement.ack.hash,
          term: statement.term,
          townMs: statement.issuedAtMs,
          state,
          breaks: statement.breaks.length,
        },
      });
      for (const grant of statement.grants) {
        if (!isOurs(grant)) continue;
        if (ledger.byId(grant.id) !== null || grant.lots.length === 0) continue;
        till.record({
          kind: 'allotmentIn',
          id: grant.id,
          operator: null,
          body: { source: 'statement', grant },
          postings: allotmentInPostings(grant.term, grant.lots),
        });
      }
      for (const recall of statement.recalls) recallNow(recall);
    });
    onChange();
  };

  type Judge = (statement: Statement) => 'matched' | 'breaks';

  /**
   * Takes a statement of the town: the next one is applied, one that is applied already changes nothing. `isLast` is the
   * one that speaks of everything up to `wantedSeq`; `judge` says whether its figures are ours.
   */
  const takeStatement = (
    document: SignedDocument,
    wantedSeq: number,
    judge: Judge,
  ): { kind: 'taken'; statement: Statement; isLast: boolean } | TownTrouble => {
    const { incarnation } = ledger.head();
    const statement = openStatement(document);
    if (statement === null) return fault('wrongKey');
    const known = replicas.lastStatement(incarnation);
    const isLast = statement.settled.seq >= wantedSeq;
    if (statement.number <= (known?.number ?? 0)) {
      const hash = world.crypto.hash(new TextEncoder().encode(document.bytes));
      return replicas.statementHash(incarnation, statement.number) === hash
        ? { kind: 'taken', statement, isLast }
        : fault('chain');
    }
    if (statement.number !== (known?.number ?? 0) + 1) return fault('gap');
    if (statement.previous !== (known?.hash ?? GENESIS_PREVIOUS)) return fault('chain');
    apply(statement, document, isLast ? judge(statement) : 'matched');
    return { kind: 'taken', statement, isLast };
  };

  const settleRequest = (seq: number, hash: string) =>
    signed({ seq, hash, afterStatement: replicas.lastStatement(ledger.head().incarnation)?.number ?? 0 });

  /** Every statement after the last one applied; `judge` says of the newest whether its figures are ours. */
  const settle = async (judge: Judge): Promise<{ kind: 'settled'; statement: Statement } | TownTrouble> => {
    const wanted = ack;
    // A statement whose answer was lost comes first; the one that speaks of everything acknowledged comes last.
    for (let tries = 0; tries < STATEMENTS_AT_ONCE; tries += 1) {
      const answer = await ask((town) => town.settle(settleRequest(wanted.seq, wanted.hash)));
      if (isTrouble(answer)) return answer;
      const taken = takeStatement(answer.statement, wanted.seq, judge);
      if (isTrouble(taken)) return trouble(taken.because);
      // One whose answer was lost is as old as that: what hello said since must not be taken back.
      clock.trustCarried(taken.statement.issuedAtMs);
      if (taken.isLast) return { kind: 'settled', statement: taken.statement };
    }
    return trouble('gap');
  };

  const policiesRequest = () => {
    const since = replicas.policies().reduce((newest, policy) => Math.max(newest, policy.version), 0);
    return signed({ since });
  };

  const takePolicies = (answer: Ok<typeof policiesCall>): TownTrouble | null => {
    for (const document of answer.policies) {
      const opened = unseal('policy', document, readShop(ledger).townKey, verify, parsePolicy);
      if (opened.kind === 'refused') return fault('wrongKey');
      ledger.transaction(() => {
        replicas.putPolicy(opened.value.version, document);
        const hash = world.crypto.hash(new TextEncoder().encode(document.bytes));
        till.record({
          kind: 'policyApplied',
          id: `policy:${ledger.head().incarnation}:${opened.value.version}`,
          operator: null,
          body: { version: opened.value.version, hash },
        });
      });
    }
    if (answer.board !== null) board.take(answer.board);
    return null;
  };

  const membersRequest = () => signed({ since: Number(ledger.setting('membersVersion') ?? '0') });

  const takeMembers = (answer: Ok<typeof membersCall>): void => {
    // A file may come after newer figures came over the network.
    if (answer.version < Number(ledger.setting('membersVersion') ?? '0')) return;
    ledger.transaction(() => {
      for (const member of answer.members) replicas.putMember(member, ledger.head().incarnation);
      for (const card of answer.cards) replicas.putCard(card);
      ledger.setSetting('membersVersion', String(answer.version));
      replicas.noteHeard(Math.max(answer.asOfMs, replicas.heardMs()));
      if (answer.forgot === true) townForgot();
    });
  };

  /** The town says that more follows, and what it answers leads no further. */
  const noProgress = (of: string): TownTrouble => {
    world.log(`town: more ${of} were promised and none came`);
    return fault('malformed');
  };

  /** Policies, members and cards that changed since what is here. */
  const refresh = async (): Promise<{ kind: 'refreshed' } | TownTrouble> => {
    const policies = await ask((town) => town.policies(policiesRequest()));
    if (isTrouble(policies)) return policies;
    const wrong = noted(takePolicies(policies));
    if (wrong !== null) return wrong;
    for (;;) {
      const request = membersRequest();
      const answer = await ask((town) => town.members(request));
      if (isTrouble(answer)) return answer;
      takeMembers(answer);
      if (!answer.more) break;
      // A town that promises more and brings nothing would be asked for ever.
      if (answer.version <= request.since) return noProgress('members');
    }
    onChange();
    return { kind: 'refreshed' };
  };

  /** Figures of one member that came with an answer, where they are the newer ones. */
  const takeMember = (view: MemberView): void => {
    const known = replicas.member(view.id);
    if (known === null || known.view.asOfMs <= view.asOfMs) replicas.putMember(view, ledger.head().incarnation);
  };

  const takeTopUp = (request: string, answer: Ok<typeof topUpCall>): TownTrouble | null => {
    const opened = unseal('grant', answer.grant, readShop(ledger).townKey, verify, parseGrant);
    if (opened.kind === 'refused' || opened.value.request !== request) return fault('wrongKey');
    const grant = opened.value.grant === null || isOurs(opened.value.grant) ? opened.value.grant : null;
    ledger.transaction(() => {
      if (grant !== null && grant.lots.length > 0 && ledger.byId(grant.id) === null) {
        till.record({
          kind: 'allotmentIn',
          id: grant.id,
          operator: null,
          body: { source: 'topUp', grant },
          postings: allotmentInPostings(grant.term, grant.lots),
        });
      }
      takeMember(answer.member);
      forgetTopUp(request);
    });
    onChange();
    return null;
  };

  const forgetTopUp = (request: string): void => ledger.run('DELETE FROM top_up WHERE request = ?', request);

  const isAsked = (request: string): boolean =>
    ledger.get('SELECT 1 FROM top_up WHERE request = ?', request) !== undefined;

  /**
   * Asks for a member's free points under an id that is kept until it is answered (protocol, "top-up"). The town hears
   * first what this till has recorded. One that has less of it than it acknowledged was restored from an older copy; it
   * gets its records again, and sees by them which of its points are here.
   */
  const askTopUp = async (request: string, member: string, term: string): Promise<void> => {
    for (const isFirst of [true, false]) {
      const sent = await upload();
      const answer = isTrouble(sent)
        ? sent
        : await ask((town) => town.topUp(signed({ request, term, member, seq: ack.seq })));
      if (!isTrouble(answer)) {
        noted(takeTopUp(request, answer));
        return;
      }
      if (answer.because === 'gap' && isFirst && !isTrouble(await hello())) continue;
      // A refusal of the request itself is an answer; silence and missing records are asked again.
      if (!isTrouble(sent) && answer.because !== 'unreachable' && answer.because !== 'gap') forgetTopUp(request);
      return;
    }
  };

  /** A sale as the town answered it to this very question; null when it was another's answer, or not the town's. */
  const openReturnable = (document: SignedDocument, request: string): Returnable | null => {
    const opened = unseal('claim', document, readShop(ledger).townKey, verify, parseReturnable);
    if (opened.kind === 'refused' || opened.value.request !== request) return null;
    const mine = from();
    const { town, till: forTill, incarnation } = opened.value;
    return town === mine.town && forTill === mine.till && incarnation === mine.incarnation ? opened.value : null;
  };

  /** What a sale was and what came back of it anywhere; the town hears everything of this till first. */
  const findSale = async (receipt: string): Promise<{ kind: 'found'; sale: Returnable } | TownTrouble> => {
    const sent = await upload();
    if (isTrouble(sent)) return sent;
    const town = world.town;
    const request = world.newId();
    const answer = await ask(async () =>
      town === null ? Promise.reject(new Error('no town')) : town.findSale(signed({ request, receipt })),
    );
    if (isTrouble(answer)) return answer;
    const sale = openReturnable(answer.sale, request);
    return sale === null ? trouble('wrongKey') : { kind: 'found', sale };
  };

  /**
   * Has the town judge a member's PIN. The request is signed and has an id of its own, so that nobody can send it a second
   * time; the answer is the town's word for this very question. The PIN is in no record, no table and no log.
   */
  const checkPin = async (
    wanted: Readonly<{ request: string; member: string; document: string; pin: string }>,
  ): Promise<{ kind: 'judged'; proof: SealedPin } | TownTrouble> => {
    const town = world.town;
    const answer = await ask(async () =>
      town === null ? Promise.reject(new Error('no town')) : town.checkPin(signed(wanted)),
    );
    if (isTrouble(answer)) return answer;
    const opened = unseal('pin', answer.proof, readShop(ledger).townKey, verify, parsePin);
    if (opened.kind === 'refused') return trouble('wrongKey');
    const { value } = opened;
    const isOurs =
      value.request === wanted.request && value.member === wanted.member && value.document === wanted.document;
    return isOurs ? { kind: 'judged', proof: value } : trouble('wrongKey');
  };

  const reportRequest = (report: CardReport) =>
    signed({ ...report, blank: report.blank === null ? null : { ...report.blank } });

  /**
   * Balance and last movements of who holds a card, for the question that was asked now; the town hears first what this
   * till has recorded. Its figures of the member are the newest, so they count here too.
   */
  const movements = async (card: string): Promise<{ kind: 'told'; told: SealedMovements } | TownTrouble> => {
    const sent = await upload();
    if (isTrouble(sent)) return sent;
    const request = world.newId();
    const answer = await ask((town) => town.movements(signed({ request, card })));
    if (isTrouble(answer)) return answer;
    const opened = unseal('movements', answer.movements, readShop(ledger).townKey, verify, parseMovements);
    if (opened.kind === 'refused') return trouble('wrongKey');
    const told = opened.value;
    const mine = from();
    const isOurs =
      told.request === request &&
      told.card === card &&
      told.town === mine.town &&
      told.till === mine.till &&
      told.incarnation === mine.incarnation;
    if (!isOurs) return trouble('wrongKey');
    takeMember(told.member);
    onChange();
    return { kind: 'told', told };
  };

  /** Reports a card lost or replaced; the town does it once by the request's id. */
  const reportCard = async (
    report: CardReport,
  ): Promise<Readonly<{ kind: 'confirmed'; cards: readonly CardView[] }> | TownTrouble> => {
    const answer = await ask((town) => town.reportCard(reportRequest(report)));
    return isTrouble(answer) ? answer : { kind: 'confirmed', cards: answer.cards };
  };

  const forgetClaim = (request: string): void => ledger.run('DELETE FROM claim WHERE request = ?', request);

  /** Lets every claim go that no refund used: asked for in vain, answered too late, or cut off by a crash. */
  const releaseClaims = async (): Promise<TownTrouble | null> => {
    for (const { request } of ledger.all<{ request: string }>('SELECT request FROM claim ORDER BY asked_at_ms')) {
      if (claiming.has(request)) continue;
      const town = world.town;
      const answer = await ask(async () =>
        town === null ? Promise.reject(new Error('no town')) : town.releaseClaim(signed({ request })),
      );
      if (isTrouble(answer) && answer.because !== 'unknownClaim') return answer;
      forgetClaim(request);
    }
    return null;
  };

  /**
   * Asks for the town's claim on goods of a sale, under an id that is kept before it is sent (invariant 6), so that a
   * claim whose answer is lost can be let go. The town hears of this till's own refunds and given-up claims first.
   */
  const claim = async (
    receipt: string,
    lines: readonly ReturnedLine[],
    isWanted: () => boolean,
  ): Promise<{ kind: 'claimed'; request: string; sale: Returnable } | TownTrouble> => {
    const before = await upload();
    if (isTrouble(before)) return before;
    const released = await releaseClaims();
    if (released !== null) return released;
    if (!isWanted()) return { kind: 'trouble', because: 'unreachable' };
    const request = world.newId();
    ledger.run('INSERT INTO claim (request, receipt, asked_at_ms) VALUES (?, ?, ?)', request, receipt, till.atMs());
    claiming.add(request);
    const town = world.town;
    const answer = await ask(async () =>
      town === null
        ? Promise.reject(new Error('no town'))
        : town.claim(signed({ request, receipt, lines: lines.map((one) => ({ ...one })) })),
    );
    const sale = isTrouble(answer) ? null : openReturnable(answer.sale, request);
    if (sale !== null && isWanted()) return { kind: 'claimed', request, sale };
    claiming.delete(request);
    if (!isTrouble(answer)) return sale === null ? trouble('wrongKey') : { kind: 'trouble', because: 'unreachable' };
    // A refusal is an answer: the town holds nothing that would have to be let go.
    if (answer.because !== 'unreachable') forgetClaim(request);
    return answer;
  };

  /** Earlier incarnations of this till, those that only the town may know of too. */
  const earlier = (): number[] => Array.from({ length: ledger.head().incarnation - 1 }, (_, index) => index + 1);
  const olderOf = (of: number): Older => {
    const stored = ledger.setting(olderKey(of)) ?? '';
    return stored === '' ? { state: 'waiting', seq: -1, townSeq: null, fetched: 0 } : (JSON.parse(stored) as Older);
  };
  const noteOlder = (of: number, change: Partial<Older>): void =>
    ledger.setSetting(olderKey(of), JSON.stringify({ ...olderOf(of), seq: ledger.headOf(of).seq, ...change }));
  /** Chains of earlier incarnations of which town and till do not know yet that they hold the same. */
  const unequal = (): number[] =>
    earlier().filter((of) => {
      const { state: found, seq } = olderOf(of);
      return found === 'waiting' || (found === 'equal' && seq !== ledger.headOf(of).seq);
    });

  const ownRequest = (of: number) => {
    const { seq, hash } = ledger.headOf(of);
    return signed({ of, afterSeq: seq, hash });
  };

  /** Takes a page of an earlier chain of ours as the town gives it back. */
  const takeOwn = (of: number, page: Ok<typeof ownRecordsCall>): TownTrouble | null => {
    const own = provenRecords(world.crypto, ledger, of, page);
    if (own === null) return fault('chain');
    const { held, texts } = own;
    if (texts.length > 0 && ledger.extend(of, texts).fault !== null) {
      noteOlder(of, { state: 'unreadable', townSeq: held.seq });
      return fault('malformed');
    }
    const { seq, hash } = ledger.headOf(of);
    const isEqual = seq === held.seq && hash === held.hash;
    const isForked = seq >= held.seq && ledger.hashAt(of, held.seq) !== held.hash;
    const fetched = olderOf(of).fetched + texts.length;
    noteOlder(of, { state: isForked ? 'forked' : isEqual ? 'equal' : 'waiting', townSeq: held.seq, fetched });
    onChange();
    return null;
  };

  /** What an earlier chain has beyond what the town holds of it. */
  const bringRequest = (of: number, townSeq: number) => {
    const batch = batchAfter(of, townSeq);
    return batch === null ? null : signed({ of, ...batch });
  };

  const takeBrought = (of: number, answer: Ok<typeof bringRecordsCall>): TownTrouble | null => {
    const { seq, hash } = ledger.headOf(of);
    if (ledger.hashAt(of, answer.ack.seq) !== answer.ack.hash) return fault('chain');
    const isEqual = answer.ack.seq === seq && answer.ack.hash === hash;
    noteOlder(of, { state: isEqual ? 'equal' : 'waiting', townSeq: answer.ack.seq });
    return null;
  };

  /** The town's refusal to speak of an earlier chain; null when that settles how the chain stands. */
  const takeOlderRefusal = (of: number, because: TownTrouble['because']): TownTrouble | null => {
    if (because === 'fork') noteOlder(of, { state: 'forked' });
    // It was never enrolled: whatever is here is brought from its genesis on.
    else if (because === 'unknownIncarnation')
      noteOlder(of, { state: ledger.headOf(of).seq === 0 ? 'equal' : 'waiting', townSeq: 0 });
    else return fault(because);
    return null;
  };

  /**
   * A chain that goes another way here, and further than there, looks to the town like one whose end it has not heard:
   * asked where it ends there, it sees the fork and names it to a person.
   */
  const tellFork = async (of: number): Promise<TownTrouble | null> => {
    const afterSeq = olderOf(of).townSeq ?? 0;
    const hash = ledger.hashAt(of, afterSeq) ?? GENESIS_PREVIOUS;
    const answer = await ask((town) => town.ownRecords(signed({ of, afterSeq, hash })), fault);
    const told = isTrouble(answer) ? takeOlderRefusal(of, answer.because) : fault('chain');
    // Until the town knows, each contact begins with it anew.
    if (told !== null) noteOlder(of, { state: 'waiting' });
    return told;
  };

  /** Brings one earlier chain to the same length here and at the town: fetches what is missing here, brings the rest. */
  const mendChain = async (of: number): Promise<TownTrouble | null> => {
    for (;;) {
      const page = await ask((town) => town.ownRecords(ownRequest(of)), fault);
      if (isTrouble(page)) {
        const serious = takeOlderRefusal(of, page.because);
        if (serious !== null) return serious;
        break;
      }
      const wrong = noted(takeOwn(of, page));
      if (wrong !== null) return wrong;
      if (olderOf(of).state === 'forked') return tellFork(of);
      if (!page.more) break;
      if (page.records.length === 0) return noProgress('records');
    }
    for (;;) {
      const { state: found, townSeq } = olderOf(of);
      const batch = found === 'waiting' ? bringRequest(of, townSeq ?? 0) : null;
      if (batch === null) return null;
      const answer = await ask((town) => town.bringRecords(batch), fault);
      if (isTrouble(answer)) return takeOlderRefusal(of, answer.because);
      if (answer.ack.seq < batch.lastSeq) return fault('gap');
      const wrong = noted(takeBrought(of, answer));
      if (wrong !== null) return wrong;
    }
  };

  /**
   * After a restore, a copy or a move: what earlier incarnations of this till recorded comes to stand both here and at
   * the town. A chain of which both hold the same costs nothing any more.
   */
  const mendEarlier = async (): Promise<TownTrouble | null> => {
    let worst: TownTrouble | null = null;
    for (const of of unequal()) {
      const found = await mendChain(of);
      if (found?.because === 'unreachable' || found?.because === 'notEnrolled') return found;
      worst ??= found;
    }
    return worst;
  };

  const openTermId = (): string | null =>
    ledger.get<{ id: string }>(
      'SELECT id FROM term WHERE incarnation = ? ORDER BY opened_n DESC LIMIT 1',
      ledger.head().incarnation,
    )?.id ?? null;

  return {
    hello,
    upload,
    settle,
    refresh,
    mendEarlier,
    /** How each earlier incarnation stands between here and the town. */
    earlier: () => earlier().map((of) => ({ incarnation: of, records: ledger.headOf(of).seq, ...olderOf(of) })),
    /** The same steps without a network, for a file to carry (`exchange-file.ts`). */
    steps: {
      ack: (): Ack => ack,
      signed,
      helloRequest,
      takeHello,
      batchAfter,
      takeUpload,
      reportRequest,
      settleRequest,
      takeStatement,
      policiesRequest,
      takePolicies,
      membersRequest,
      takeMembers,
      topUpRequests: (seq: number) =>
        ledger
          .all<TopUpRow>('SELECT request, member, term FROM top_up ORDER BY asked_at_ms LIMIT 500')
          .map((row) => signed({ request: row.request, term: row.term, member: row.member, seq })),
      takeTopUp,
      forgetTopUp,
      releaseRequests: () =>
        ledger
          .all<{ request: string }>('SELECT request FROM claim ORDER BY asked_at_ms LIMIT 500')
          .filter(({ request }) => !claiming.has(request))
          .map(({ request }) => signed({ request })),
      forgetClaim,
      unequal,
      olderOf,
      ownRequest,
      takeOwn,
      bringRequest,
      takeBrought,
      takeOlderRefusal,
    },
    isTrouble,
    isEnrolled,
    state: (): Status['town'] => (world.town !== null && !isEnrolled() ? 'notEnrolled' : state),
    heardMs: (): number | null => heardMs,
    ackSeq: (): number => ack.seq,
    ackOfNewIncarnation: (): void => setAck({ seq: 0, hash: GENESIS_PREVIOUS }),
    quarantined: (): number => quarantinedSeqs().length,
    unsent: (): number => ledger.head().seq - ack.seq,
    isToppingUp: (member: string): boolean => toppingUp.has(member),
    topUp: (member: string): void => {
      const term = openTermId();
      if (world.town === null || !isEnrolled() || term === null || toppingUp.has(member)) return;
      const request = world.newId();
      ledger.run(
        'INSERT INTO top_up (request, member, term, asked_at_ms) VALUES (?, ?, ?, ?)',
        request,
        member,
        term,
        till.atMs(),
      );
      toppingUp.add(member);
      background(async () => {
        try {
          // A scan's transaction is still open here and may yet fail: nothing is asked before its id is on the disk
          // (invariant 6).
          await Promise.resolve();
          if (isAsked(request)) await askTopUp(request, member, term);
        } finally {
          toppingUp.delete(member);
          onChange();
        }
      });
    },
    checkPin,
    movements,
    reportCard,
    findSale,
    claim,
    claimUsed: forgetClaim,
    claimFinished: (request: string): void => void claiming.delete(request),
    /** Asks again for every top-up that had no answer, and lets go of claims that nobody used. */
    askAgain: async (): Promise<void> => {
      await releaseClaims();
      for (const { request, member, term } of ledger.all<{ request: string; member: string; term: string }>(
        'SELECT request, member, term FROM top_up ORDER BY asked_at_ms LIMIT 20',
      )) {
        if (state !== 'reachable') return;
        await askTopUp(request, member, term);
      }
    },
  };
}

export type TownClient = ReturnType<typeof createTownClient>;
