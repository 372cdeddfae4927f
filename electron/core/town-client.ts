import { allotmentInPostings, allotmentOutPostings } from '../../shared/posting.ts';
import { GENESIS_PREVIOUS } from '../../shared/journal.ts';
import { policySchema } from '../../shared/policy.ts';
import type { CanonicalValue } from '../../shared/canonical.ts';
import type { ReturnedLine } from '../../shared/pricing.ts';
import type { Recall } from '../../shared/record-bodies.ts';
import { signRequest, unseal, type Sign, type SignedDocument } from '../../shared/signed.ts';
import type { Status } from '../../shared/till-contract.ts';
import {
  returnableSchema,
  sealedGrantSchema,
  statementSchema,
  townTimeSchema,
  type Returnable,
  type Statement,
  type TownRefusal,
} from '../../shared/town-contract.ts';
import type { JudgedClock } from './judged-clock.ts';
import { readShop } from './shop.ts';
import type { Till } from './till.ts';

/** A batch: at most so many records and so many bytes (ledger, part (c), step 4). */
const BATCH_RECORDS = 500;
const BATCH_BYTES = 900_000;
/** More statements than this cannot have been lost between two contacts. */
const STATEMENTS_AT_ONCE = 100;

/** Why the town could not be asked, or what it refused. */
export type TownTrouble = Readonly<{
  kind: 'trouble';
  because: 'unreachable' | 'notEnrolled' | 'wrongKey' | 'malformed' | 'chain' | TownRefusal;
}>;

type Ack = Readonly<{ seq: number; hash: string }>;

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
const parsePolicy = parserOf(policySchema);

/**
 * The till's side of the exchange with its town (protocol, "Exchange"). Every step may be cut anywhere and repeated: the
 * town answers a repeat as it answered the first time, and what arrives here is recorded by the id that the town gave it.
 */
export function createTownClient(
  till: Till,
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
    if (because === 'wrongKey' || because === 'wrongSignature') setState('wrongKey');
    if (because === 'notEnrolled' || because === 'unknownIncarnation' || because === 'unknownTill')
      setState('notEnrolled');
    return { kind: 'trouble', because };
  };

  /** Asks the town; what does not come back is `unreachable`, what it refuses is the reason. */
  const ask = async <T>(
    call: () => Promise<T | { kind: 'refused'; reason: TownRefusal }>,
  ): Promise<Exclude<T, { kind: 'refused' }> | TownTrouble> => {
    if (world.town === null) return trouble('unreachable');
    if (!isEnrolled()) return trouble('notEnrolled');
    try {
      const answer = await call();
      if (typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'refused')
        return trouble((answer as { reason: TownRefusal }).reason);
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

  /** Compares heads and hears the town's signed time; an acknowledgement that is not on our chain is a fork. */
  const hello = async () => {
    const { seq, hash } = ledger.head();
    const nonce = world.newId();
    const town = world.town;
    const answer = await ask(async () =>
      town === null ? Promise.reject(new Error('no town')) : town.hello(signed({ nonce, seq, hash })),
    );
    if (isTrouble(answer)) return answer;
    const time = unseal('time', answer.time, readShop(ledger).townKey, verify, parseTime);
    if (time.kind === 'refused' || time.value.nonce !== nonce) return trouble('wrongKey');
    clock.trust(time.value.nowMs);
    // Nothing newer than what is here: the snapshot is as old as this answer, no older.
    if (String(answer.membersVersion) === ledger.setting('membersVersion')) replicas.noteHeard(time.value.nowMs);
    if (ledger.hashAt(ledger.head().incarnation, answer.ack.seq) !== answer.ack.hash) return trouble('chain');
    setAck(answer.ack);
    return answer;
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

  /** Sends every record after the acknowledgement, in signed batches; answers how many the town took in. */
  const upload = async (): Promise<{ kind: 'uploaded'; count: number; quarantined: number } | TownTrouble> => {
    const { incarnation } = ledger.head();
    let count = 0;
    let quarantined = 0;
    for (;;) {
      const batch: { seq: number; hash: string; text: string }[] = [];
      let bytes = 0;
      for (const row of ledger.textsAfter(incarnation, ack.seq, BATCH_RECORDS)) {
        bytes += row.text.length * 2;
        if (batch.length > 0 && bytes > BATCH_BYTES) break;
        batch.push(row);
      }
      const first = batch[0];
      const last = batch[batch.length - 1];
      if (first === undefined || last === undefined) return { kind: 'uploaded', count, quarantined };
      const town = world.town;
      const answer = await ask(async () =>
        town === null
          ? Promise.reject(new Error('no town'))
          : town.upload(
              signed({
                firstSeq: first.seq,
                lastSeq: last.seq,
                headHash: last.hash,
                records: batch.map((row) => row.text),
              }),
            ),
      );
      if (isTrouble(answer)) return answer;
      if (ledger.hashAt(incarnation, answer.ack.seq) !== answer.ack.hash) return trouble('chain');
      // A town that acknowledges nothing new would be asked for ever.
      if (answer.ack.seq < last.seq) return trouble('gap');
      count += batch.length;
      quarantined += answer.quarantined.length;
      noteQuarantined(answer.quarantined.map((one) => one.seq));
      setAck(answer.ack);
    }
  };

  const openStatement = (document: SignedDocument): Statement | null => {
    const opened = unseal('statement', document, readShop(ledger).townKey, verify, parseStatement);
    if (opened.kind === 'refused') return null;
    const { till: forTill, incarnation, town } = opened.value;
    const mine = from();
    return forTill === mine.till && incarnation === mine.incarnation && town === mine.town ? opened.value : null;
  };

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
    clock.trust(statement.issuedAtMs);
    onChange();
  };

  /** Every statement after the last one applied; `judge` says of the newest whether its figures are ours. */
  const settle = async (
    judge: (statement: Statement) => 'matched' | 'breaks',
  ): Promise<{ kind: 'settled'; statement: Statement } | TownTrouble> => {
    const { incarnation } = ledger.head();
    const wanted = ack;
    // A statement whose answer was lost comes first; the one that speaks of everything acknowledged comes last.
    for (let tries = 0; tries < STATEMENTS_AT_ONCE; tries += 1) {
      const known = replicas.lastStatement(incarnation);
      const town = world.town;
      const answer = await ask(async () =>
        town === null
          ? Promise.reject(new Error('no town'))
          : town.settle(signed({ ...wanted, afterStatement: known?.number ?? 0 })),
      );
      if (isTrouble(answer)) return answer;
      const statement = openStatement(answer.statement);
      if (statement === null) return trouble('wrongKey');
      if (statement.number !== (known?.number ?? 0) + 1) return trouble('gap');
      if (statement.previous !== (known?.hash ?? GENESIS_PREVIOUS)) return trouble('chain');
      const isLast = statement.settled.seq >= wanted.seq;
      apply(statement, answer.statement, isLast ? judge(statement) : 'matched');
      if (isLast) return { kind: 'settled', statement };
    }
    return trouble('gap');
  };

  /** Policies, members and cards that changed since what is here. */
  const refresh = async (): Promise<{ kind: 'refreshed' } | TownTrouble> => {
    const town = world.town;
    const noTown = () => Promise.reject(new Error('no town'));
    const policyVersion = replicas.policies().reduce((newest, policy) => Math.max(newest, policy.version), 0);
    const policies = await ask(async () =>
      town === null ? noTown() : town.policies(signed({ since: policyVersion })),
    );
    if (isTrouble(policies)) return policies;
    for (const document of policies.policies) {
      const opened = unseal('policy', document, readShop(ledger).townKey, verify, parsePolicy);
      if (opened.kind === 'refused') return trouble('wrongKey');
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
    for (;;) {
      const since = Number(ledger.setting('membersVersion') ?? '0');
      const answer = await ask(async () => (town === null ? noTown() : town.members(signed({ since }))));
      if (isTrouble(answer)) return answer;
      ledger.transaction(() => {
        for (const member of answer.members) replicas.putMember(member, ledger.head().incarnation);
        for (const card of answer.cards) replicas.putCard(card);
        ledger.setSetting('membersVersion', String(answer.version));
        replicas.noteHeard(answer.asOfMs);
      });
      if (!answer.more) break;
    }
    onChange();
    return { kind: 'refreshed' };
  };

  /** Asks for a member's free points under an id that is kept until it is answered (protocol, "top-up"). */
  const askTopUp = async (request: string, member: string, term: string): Promise<void> => {
    const town = world.town;
    const answer = await ask(async () =>
      town === null ? Promise.reject(new Error('no town')) : town.topUp(signed({ request, term, member })),
    );
    if (isTrouble(answer)) {
      // A refusal is an answer; only silence is asked again.
      if (answer.because !== 'unreachable') ledger.run('DELETE FROM top_up WHERE request = ?', request);
      return;
    }
    const opened = unseal('grant', answer.grant, readShop(ledger).townKey, verify, parseGrant);
    if (opened.kind === 'refused' || opened.value.request !== request) {
      trouble('wrongKey');
      return;
    }
    const { grant } = opened.value;
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
      replicas.putMember(answer.member, ledger.head().incarnation);
      ledger.run('DELETE FROM top_up WHERE request = ?', request);
    });
    onChange();
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
   * Asks for the town's claim on goods of a sale, under an id that is kept before it is sent, so that a claim whose
   * answer is lost can be let go. The town hears of this till's own refunds and given-up claims first.
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
      background(() =>
        askTopUp(request, member, term).finally(() => {
          toppingUp.delete(member);
          onChange();
        }),
      );
    },
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
