import { must } from '../../shared/assert.ts';
import type { ExchangeRefusal } from '../../shared/exchange-reasons.ts';
import { exchangeHash, readDown, writeExchange, type ExchangeDown, type ExchangeUp } from '../../shared/exchange.ts';
import type { Statement } from '../../shared/town-contract.ts';
import type { CardReports } from './card-reports.ts';
import { enrolRequest, keysOf, takeEnrolment } from './enrolment.ts';
import type { Keeper } from './keeper.ts';
import { readShop } from './shop.ts';
import type { Till } from './till.ts';
import type { TownClient, TownTrouble } from './town-client.ts';

/** Records beyond this wait for the next stick. */
const UPLOAD_CHARACTERS_MAX = 12_000_000;
/** Reports of cards beyond this wait for the next stick. */
const REPORTS_MAX = 500;
/** Files that may be on their way at once; the answer to an older one is refused. */
const FILES_WAITED_FOR = 50;

/** A file that went out, and what its answer will be read by. */
type Sent = Readonly<{
  number: number;
  hash: string;
  nonce: string | null;
  ackSeq: number;
  wantedSeq: number;
  uploads: readonly Readonly<{ lastSeq: number; records: number }>[];
  reports: readonly string[];
  topUps: readonly string[];
  releases: readonly string[];
  brought: readonly number[];
}>;

/** Files of one incarnation: how many were made, the last whose answer was applied, and those on their way. */
type Files = Readonly<{ number: number; applied: number; sent: readonly Sent[] }>;

export type CarriedIn =
  | Readonly<{
      kind: 'applied';
      number: number;
      enrolled: boolean;
      records: number;
      statement: Statement | null;
      trouble: TownTrouble['because'] | null;
    }>
  | Readonly<{ kind: 'already'; number: number }>
  | Readonly<{ kind: 'refused'; reason: ExchangeRefusal }>;

/**
 * The till's half of an exchange by file (protocol, "Exchange"): the steps of the network night, written into one signed
 * file and taken from its answer. A file is bound to its till, incarnation and number, an answer to the very bytes that
 * asked for it; whatever comes twice, late or beside the network's own work changes nothing.
 */
export function createExchangeFile(till: Till, town: TownClient, cards: CardReports, keepOf: (name: string) => Keeper) {
  const { ledger, world } = till;
  const { steps } = town;

  const incarnationNow = (): number =>
    ledger.identity()?.incarnation ?? Number(ledger.setting('firstIncarnation') ?? '1');
  const filesOf = (incarnation: number): Files =>
    JSON.parse(ledger.setting(`exchange:${incarnation}`) ?? '{"number":0,"applied":0,"sent":[]}') as Files;
  const keepFiles = (incarnation: number, files: Files): void =>
    ledger.setSetting(`exchange:${incarnation}`, JSON.stringify(files));

  /** Everything of a night that is asked of the town, with what has not been acknowledged. */
  const requests = (): Omit<
    ExchangeUp,
    'v' | 'way' | 'town' | 'till' | 'incarnation' | 'number' | 'madeAtMs' | 'enrol'
  > => {
    const { incarnation } = ledger.head();
    const uploads: ExchangeUp['uploads'] = [];
    let seq = steps.ack().seq;
    let characters = 0;
    for (let batch = steps.batchAfter(incarnation, seq); batch !== null; batch = steps.batchAfter(incarnation, seq)) {
      uploads.push(steps.signed(batch));
      seq = batch.lastSeq;
      characters += batch.records.reduce((sum, text) => sum + text.length, 0);
      if (characters > UPLOAD_CHARACTERS_MAX) break;
    }
    const hash = ledger.hashAt(incarnation, seq);
    must(hash !== null, 'what is sent was recorded');
    const older = steps.unequal();
    return {
      hello: steps.helloRequest(),
      older: older.map((of) => steps.ownRequest(of)),
      brought: older.flatMap((of) => {
        const { townSeq } = steps.olderOf(of);
        return townSeq === null ? [] : (steps.bringRequest(of, townSeq) ?? []);
      }),
      uploads,
      reports: cards.waiting(REPORTS_MAX).map(steps.reportRequest),
      topUps: steps.topUpRequests(seq),
      releases: steps.releaseRequests(),
      settle: steps.settleRequest(seq, hash),
      policies: steps.policiesRequest(),
      members: steps.membersRequest(),
    };
  };

  /** A till without a name asks for one and for nothing else. */
  const NOTHING: ReturnType<typeof requests> = {
    hello: null,
    older: [],
    brought: [],
    uploads: [],
    reports: [],
    topUps: [],
    releases: [],
    settle: null,
    policies: null,
    members: null,
  };

  /** Writes the next file; it is known here before it leaves. Null when the till is not enrolled and has no code. */
  const write = (code: string | null): { file: string; number: number; records: number; left: number } | null => {
    if (!town.isEnrolled() && code === null) return null;
    const enrol = town.isEnrolled() || code === null ? null : enrolRequest(till, keepOf, code);
    const identity = ledger.identity();
    const incarnation = incarnationNow();
    const keys = keysOf(till, keepOf, incarnation);
    must(keys !== null, 'an incarnation has its key before it speaks');
    const files = filesOf(incarnation);
    const asked = identity === null ? NOTHING : requests();
    const content: ExchangeUp = {
      v: 1,
      way: 'toTown',
      town: identity?.town ?? null,
      till: identity?.till ?? null,
      incarnation,
      number: files.number + 1,
      madeAtMs: till.atMs(),
      enrol,
      ...asked,
    };
    const file = writeExchange(content, keys.publicKey, world.crypto.signWith(keys.privateKey));
    const wantedSeq = asked.settle?.seq ?? 0;
    const sent: Sent = {
      number: content.number,
      hash: exchangeHash(file, world.crypto.hash),
      nonce: asked.hello?.nonce ?? null,
      ackSeq: steps.ack().seq,
      wantedSeq,
      uploads: asked.uploads.map((one) => ({ lastSeq: one.lastSeq, records: one.records.length })),
      reports: asked.reports.map((one) => one.request),
      topUps: asked.topUps.map((one) => one.request),
      releases: asked.releases.map((one) => one.request),
      brought: asked.brought.map((one) => one.of),
    };
    keepFiles(incarnation, {
      ...files,
      number: content.number,
      sent: [...files.sent, sent].slice(-FILES_WAITED_FOR),
    });
    const records = sent.uploads.reduce((sum, one) => sum + one.records, 0);
    return { file, number: content.number, records, left: identity === null ? 0 : ledger.head().seq - wantedSeq };
  };

  /** Which file of ours this answers; a refusal where it is none, or not one that is waited for. */
  const asked = (
    content: ExchangeDown,
  ): Sent | Readonly<{ kind: 'already'; number: number }> | Readonly<{ kind: 'refused'; reason: ExchangeRefusal }> => {
    const identity = ledger.identity();
    const refused = (reason: ExchangeRefusal) => ({ kind: 'refused', reason }) as const;
    if (identity !== null && content.town !== identity.town) return refused('otherTown');
    if (identity !== null && content.till !== identity.till) return refused('otherTill');
    if (content.incarnation !== incarnationNow()) return refused('otherIncarnation');
    const files = filesOf(content.incarnation);
    if (content.number < files.applied) return refused('older');
    const found = files.sent.find((one) => one.number === content.number);
    if (found?.hash !== content.answers) return refused('notAsked');
    return content.number === files.applied ? { kind: 'already', number: content.number } : found;
  };

  /** Takes the parts of an answer in the order of a night; the first trouble is told, and the next file makes up for it. */
  const take = (
    content: ExchangeDown,
    sent: Sent,
    judge: (statement: Statement) => 'matched' | 'breaks',
  ): { statement: Statement | null; records: number; trouble: TownTrouble['because'] | null } => {
    const carried = { ackSeq: sent.ackSeq };
    let trouble: TownTrouble['because'] | null = null;
    let statement: Statement | null = null;
    let records = 0;
    const note = (found: TownTrouble | { kind: 'refused'; reason: TownTrouble['because'] } | null): void => {
      if (found !== null) trouble ??= found.kind === 'refused' ? found.reason : found.because;
    };
    if (content.hello?.kind === 'ok' && sent.nonce !== null) note(steps.takeHello(content.hello, sent.nonce, carried));
    else if (content.hello?.kind === 'refused') note(content.hello);
    for (const { of, page } of content.older) {
      if (page.kind === 'refused') note(steps.takeOlderRefusal(of, page.reason));
      else note(steps.takeOwn(of, page));
    }
    for (const [index, answer] of content.brought.entries()) {
      const of = sent.brought[index];
      if (of === undefined) continue;
      note(answer.kind === 'refused' ? steps.takeOlderRefusal(of, answer.reason) : steps.takeBrought(of, answer));
    }
    for (const [index, answer] of content.uploads.entries()) {
      const batch = sent.uploads[index];
      if (batch === undefined) continue;
      const found = answer.kind === 'refused' ? answer : steps.takeUpload(answer, batch.lastSeq, carried);
      note(found);
      if (found === null) records += batch.records;
    }
    if (content.policies !== null)
      note(content.policies.kind === 'refused' ? content.policies : steps.takePolicies(content.policies));
    for (const answer of content.members) {
      if (answer.kind === 'refused') note(answer);
      else steps.takeMembers(answer);
    }
    for (const [index, answer] of content.reports.entries()) {
      const request = sent.reports[index];
      if (request === undefined) continue;
      // How the cards stand came with the members, in the order of their versions: this answer may be older than a call.
      if (answer.kind === 'ok') cards.confirmed(request, []);
      else cards.refused(request, answer.reason);
    }
    for (const answer of content.settles) {
      const taken = answer.kind === 'refused' ? answer : steps.takeStatement(answer.statement, sent.wantedSeq, judge);
      if (taken.kind !== 'taken') note(taken);
      else statement = taken.statement;
    }
    for (const [index, answer] of content.topUps.entries()) {
      const request = sent.topUps[index];
      if (request === undefined) continue;
      if (answer.kind === 'ok') note(steps.takeTopUp(request, answer));
      // Records of this very file that the town did not take: it is asked again behind them.
      else if (answer.reason !== 'gap') steps.forgetTopUp(request);
    }
    for (const [index, answer] of content.releases.entries()) {
      const request = sent.releases[index];
      if (request !== undefined && (answer.kind === 'ok' || answer.reason === 'unknownClaim'))
        steps.forgetClaim(request);
    }
    return { statement, records, trouble };
  };

  /** Takes the town's answer to one of our files. */
  const read = (text: string, judge: (statement: Statement) => 'matched' | 'breaks'): CarriedIn => {
    const isNew = ledger.identity() === null;
    const opened = readDown(text, isNew ? null : readShop(ledger).townKey, world.crypto.verify);
    if (opened.kind === 'refused') return opened;
    const { content } = opened;
    const sent = asked(content);
    if ('kind' in sent) return sent;
    const { incarnation, number } = content;
    let enrolled = false;
    if (content.enrol !== null && !town.isEnrolled()) {
      if (content.enrol.kind === 'ok' && content.enrol.townKey !== opened.publicKey)
        return { kind: 'refused', reason: 'wrongKey' };
      const outcome = takeEnrolment(till, keepOf, incarnation, content.enrol);
      if (outcome !== 'enrolled') {
        const because = outcome === 'takenNumber' ? 'duplicate' : outcome;
        return { kind: 'applied', number, enrolled, records: 0, statement: null, trouble: because };
      }
      enrolled = true;
    }
    const taken = take(content, sent, judge);
    // Last, so that an end in between leaves a file that is simply read again.
    const files = filesOf(incarnation);
    keepFiles(incarnation, { ...files, applied: number, sent: files.sent.filter((one) => one.number >= number) });
    return { kind: 'applied', number, enrolled, ...taken };
  };

  return { write, read };
}

export type ExchangeFile = ReturnType<typeof createExchangeFile>;
