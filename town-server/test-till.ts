import type { ContractRouterClient } from '@orpc/contract';
import { planSpend, type HeldLot } from '../shared/allotment.ts';
import { must } from '../shared/assert.ts';
import type { CanonicalValue } from '../shared/canonical.ts';
import { GENESIS_PREVIOUS, recordHash, recordText, type JournalRecord, type Posting } from '../shared/journal.ts';
import { allotmentInPostings, allotmentOutPostings, refundPostings, salePostings } from '../shared/posting.ts';
import { foldRecord, newFold, sumOf, totalsOf } from '../shared/reconcile.ts';
import type { BodyOf, Grant, RefundBody, SaleBody, Totals } from '../shared/record-bodies.ts';
import { seal, signRequest, unseal, type SignedDocument } from '../shared/signed.ts';
import { businessDayOf } from '../shared/time.ts';
import { sealedGrantSchema, statementSchema, type Statement, type TownContract } from '../shared/town-contract.ts';
import { hash, hashText, newId, newKeys, signWith, verify } from './crypto.ts';
import { asCanonical } from './town.ts';

/** The town as a till calls it, over whatever transport. */
export type TownApi = ContractRouterClient<TownContract>;

type SpanClaims = Omit<BodyOf<'monthClose'>, 'signature'>;

export type SaleOf = Readonly<{
  id: string;
  till: string;
  incarnation: number;
  pieces: number;
  lots: SaleBody['lots'];
  receipt: string;
  member: string | null;
}>;

/**
 * A till for tests, as small as the protocol allows: it writes signed records, holds what grants gave it, and applies
 * statements. It is honest unless a test reaches into it.
 */
export async function enrolTestTill(
  api: TownApi,
  code: string,
  nowMs: () => number,
  known?: { till: string; incarnation: number },
) {
  const keys = newKeys();
  const sign = signWith(keys.privateKey);
  const incarnationId = newId();
  const request = {
    code,
    publicKey: keys.publicKey,
    incarnationId,
    till: known?.till ?? null,
    incarnation: known?.incarnation ?? 1,
  };
  const welcome = await api.enrol(request);
  must(welcome.kind === 'ok', `enrolment was refused: ${JSON.stringify(welcome)}`);
  const from = { town: welcome.town, till: welcome.till, incarnation: welcome.incarnation };
  const records: JournalRecord[] = [];
  const texts: string[] = [];
  const hashes: string[] = [];
  const held = new Map<string, HeldLot>();
  const applied = new Set<string>();
  const statements: { number: number; hash: string }[] = [];
  const closed: { period: number; label: string; totals: Totals; perpetual: Totals }[] = [];
  let period = 1;
  let counter = 0;
  let ackSeq = 0;

  const signed = <T extends Readonly<Record<string, CanonicalValue>>>(fields: T) =>
    signRequest({ ...from, ...fields }, sign);
  const headHash = (): string => hashes.at(-1) ?? GENESIS_PREVIOUS;
  const hold = (lot: Grant['lots'][number], term: string, points: number): void => {
    const key = `${term} ${lot.lot}`;
    held.set(key, { ...lot, term, points: (held.get(key)?.points ?? 0) + points });
  };

  const record = (
    kind: JournalRecord['kind'],
    body: object,
    postings: readonly Posting[] = [],
    id: string = newId(),
  ): JournalRecord => {
    const next: JournalRecord = {
      v: 1,
      ...from,
      shop: welcome.shop,
      seq: records.length + 1,
      period,
      kind,
      id,
      operator: null,
      stock: [],
      businessDay: businessDayOf(nowMs(), '03:00'),
      at: nowMs(),
      body: body as Record<string, unknown>,
      postings: [...postings],
      previous: headHash(),
    };
    const text = recordText(next);
    records.push(next);
    texts.push(text);
    hashes.push(recordHash(text, hash));
    return next;
  };

  /** A sale of pieces at one yuan, paid with points and the rest in cash. */
  const sell = (pieces: number, member: string | null = null, points = 0, card: string | null = null): SaleOf => {
    const day = businessDayOf(nowMs(), '03:00');
    const memberLots = [...held.values()].filter((lot) => lotOwners.get(lot.lot) === member);
    const lots = points === 0 ? [] : planSpend(memberLots, points, day);
    for (const { lot, term, points: used } of lots) {
      const key = `${term} ${lot}`;
      const before = held.get(key);
      if (before !== undefined) held.set(key, { ...before, points: before.points - used });
    }
    counter += 1;
    const cashFen = (pieces - points) * 100;
    const receipt = `${from.till}-${from.incarnation}-${counter}`;
    const body: SaleBody = {
      receipt,
      counter,
      shift: 'shift',
      policyVersion: 1,
      catalogueVersion: 1,
      openedAtMs: nowMs(),
      member:
        member === null
          ? null
          : {
              id: member,
              card,
              village: 'v01',
              stars: 0,
              how: 'presented',
              known: { spendable: 0, spentToday: 0, spentThisMonth: 0, townPoints: 0, townAsOfMs: 0 },
            },
      lines: [
        {
          item: 'item',
          code: '1',
          name: 'Rice',
          spec: '',
          unit: 'bag',
          category: 'food',
          per: 'piece',
          quantity: pieces,
          priceFen: 100,
          discountable: false,
          shelfFen: pieces * 100,
          payFen: pieces * 100,
          reason: 'shelf',
          pointsShareFen: points * 100,
          moneyShareFen: cashFen,
        },
      ],
      pointValueFen: 100,
      truncation: { appliesTo: 'cash', unitFen: 10 },
      totalFen: pieces * 100,
      pointsMax: points,
      pointsUsed: points,
      pointsFen: points * 100,
      lots,
      mobileFen: 0,
      mobileChannel: null,
      truncationFen: 0,
      cashDueFen: cashFen,
      cashGivenFen: cashFen,
      changeFen: 0,
      paidFen: cashFen,
    };
    const sale = record('sale', body, salePostings(body));
    return { id: sale.id, till: from.till, incarnation: from.incarnation, pieces, lots, receipt, member };
  };

  /**
   * Takes a whole sale back; `term` null sends its points to the town's free part, as another till's refund does, which
   * names its claim.
   */
  const refund = (
    sale: SaleOf,
    pieces: number = sale.pieces,
    openTerm: string | null = currentTerm,
    claim?: string,
  ): string => {
    const pointsBack = Math.min(
      pieces,
      sale.lots.reduce((sum, lot) => sum + lot.points, 0),
    );
    let left = pointsBack;
    const lots = sale.lots.flatMap((lot) => {
      const points = Math.min(left, lot.points);
      left -= points;
      return points === 0 ? [] : [{ ...lot, points, term: lot.term === openTerm ? lot.term : null }];
    });
    for (const { lot, term, points, village, fund } of lots) {
      if (term !== null)
        hold(
          { lot, village, fund, expiresOn: held.get(`${term} ${lot}`)?.expiresOn ?? '9999-12-31', points },
          term,
          points,
        );
    }
    counter += 1;
    const cashFen = (pieces - pointsBack) * 100;
    const body: RefundBody = {
      receipt: `${from.till}-${from.incarnation}-${counter}`,
      counter,
      shift: 'shift',
      sale: sale.id,
      saleReceipt: sale.receipt,
      saleTill: sale.till,
      saleIncarnation: sale.incarnation,
      ...(claim === undefined ? {} : { claim }),
      reason: 'wish',
      member: sale.member === null ? null : { id: sale.member, village: 'v01' },
      lines: [
        {
          line: 0,
          item: 'item',
          name: 'Rice',
          unit: 'bag',
          per: 'piece',
          quantity: pieces,
          shelfFen: pieces * 100,
          payFen: pieces * 100,
          goods: 'shelf',
        },
      ],
      pointsBack,
      pointValueFen: 100,
      lots,
      mobileBackFen: 0,
      mobileChannel: null,
      cashBackFen: cashFen,
    };
    const exact = {
      pointsShareFen: pointsBack * 100,
      moneyShareFen: cashFen,
      moneyExactFen: cashFen,
      discountFenByReason: {},
    };
    return record('refund', body, refundPostings(body, exact)).id;
  };

  const lotOwners = new Map<string, string>();
  let currentTerm: string | null = null;

  const take = (grant: Grant, source: 'statement' | 'topUp'): void => {
    if (applied.has(grant.id)) return;
    applied.add(grant.id);
    record('allotmentIn', { source, grant }, allotmentInPostings(grant.term, grant.lots));
    for (const lot of grant.lots) {
      lotOwners.set(lot.lot, grant.member);
      hold(lot, grant.term, lot.points);
    }
  };

  const apply = (document: SignedDocument): Statement => {
    const opened = unseal('statement', document, welcome.townKey, verify, (value) => statementSchema.parse(value));
    must(opened.kind === 'opened', 'a statement carries the signature of its town');
    const statement = opened.value;
    const last = statements.at(-1);
    if (statement.number <= (last?.number ?? 0)) return statement;
    must(statement.number === (last?.number ?? 0) + 1, `statement ${statement.number} follows ${last?.number ?? 0}`);
    must(statement.previous === (last?.hash ?? GENESIS_PREVIOUS), 'a statement names the one before it');
    const ownHash = hashText(document.bytes);
    statements.push({ number: statement.number, hash: ownHash });
    currentTerm = statement.term.id;
    record('statementApplied', {
      number: statement.number,
      hash: ownHash,
      ackSeq: statement.ack.seq,
      ackHash: statement.ack.hash,
      term: statement.term,
      townMs: statement.issuedAtMs,
      state: 'matched',
      breaks: statement.breaks.length,
    });
    for (const grant of statement.grants) take(grant, 'statement');
    for (const recall of statement.recalls) {
      const key = `${recall.term} ${recall.lot}`;
      const lot = held.get(key);
      const points = Math.min(lot?.points ?? 0, recall.points);
      if (lot === undefined || points === 0 || applied.has(recall.id)) continue;
      applied.add(recall.id);
      held.set(key, { ...lot, points: lot.points - points });
      const body = { recall: recall.id, term: recall.term, lot: recall.lot, member: recall.member, points };
      record('allotmentOut', body, allotmentOutPostings(recall.term, recall.lot, points));
    }
    return statement;
  };

  const upload = async (first = ackSeq + 1, last = records.length) => {
    const body = {
      firstSeq: first,
      lastSeq: last,
      headHash: hashes[last - 1] ?? '',
      records: texts.slice(first - 1, last),
    };
    return api.upload(signed(body));
  };
  const settle = async (seq = records.length) =>
    api.settle(
      signed({ seq, hash: hashes[seq - 1] ?? GENESIS_PREVIOUS, afterStatement: statements.at(-1)?.number ?? 0 }),
    );

  const push = async (): Promise<void> => {
    if (ackSeq === records.length) return;
    const answer = await upload();
    must(answer.kind === 'ok', `the upload was refused: ${JSON.stringify(answer)}`);
    ackSeq = answer.ack.seq;
  };

  record('genesis', { publicKey: keys.publicKey, incarnationId, because: 'enrolled' });
  return {
    from,
    welcome,
    request,
    records,
    texts,
    hashes,
    held,
    signed,
    record,
    sell,
    refund,
    take,
    apply,
    upload,
    settle,
    term: (): string | null => currentTerm,
    heldPoints: (lot: string): number => held.get(`${currentTerm} ${lot}`)?.points ?? 0,
    spendable: (member: string): number => {
      let points = 0;
      for (const lot of held.values())
        if (lot.term === currentTerm && lotOwners.get(lot.lot) === member) points += lot.points;
      return points;
    },
    unsent: (): number => records.length - ackSeq,
    acknowledge: (seq: number): void => void (ackSeq = seq),
    /** Uploads everything and remembers the acknowledgement. */
    push,
    topUp: async (member: string, request: string = newId()) => {
      await push();
      const answer = await api.topUp(signed({ request, term: currentTerm ?? '', member, seq: ackSeq }));
      must(answer.kind === 'ok', `the top-up was refused: ${JSON.stringify(answer)}`);
      const opened = unseal('grant', answer.grant, welcome.townKey, verify, (value) => sealedGrantSchema.parse(value));
      must(opened.kind === 'opened', 'a grant carries the signature of its town');
      return { request, grant: opened.value.grant, member: answer.member };
    },
    movements: async (card: string) => api.movements(signed({ request: newId(), card })),
    findSale: async (receipt: string) => api.findSale(signed({ request: newId(), receipt })),
    claim: async (sale: SaleOf, request: string = newId(), pieces: number = sale.pieces) =>
      api.claim(signed({ request, receipt: sale.receipt, lines: [{ line: 0, quantity: pieces }] })),
    release: async (request: string) => api.releaseClaim(signed({ request })),
    closePeriod: (): void => {
      const fold = newFold();
      const perpetual = newFold();
      const own = records.filter((one) => one.period === period);
      for (const one of records) foldRecord(perpetual, one);
      for (const one of own) foldRecord(fold, one);
      fold.records += 1;
      perpetual.records += 1;
      const claims = {
        period,
        label: businessDayOf(nowMs(), '03:00'),
        firstSeq: own[0]?.seq ?? 1,
        lastSeq: records.length + 1,
        headHash: headHash(),
        totals: totalsOf(fold),
        perpetual: totalsOf(perpetual),
      };
      record('periodClose', { ...claims, signature: seal('closing', asCanonical(claims), sign).signature });
      closed.push(claims);
      period += 1;
    },
    /** Closes a month as the sum of its periods, or a year as the sum of all of them; `change` makes it lie. */
    closeSpan: (
      kind: 'monthClose' | 'yearClose',
      span: string,
      change: (claims: SpanClaims) => SpanClaims = (claims) => claims,
    ): void => {
      const parts = closed.filter((one) => one.label.startsWith(span));
      const claims = change({
        span,
        number: 1,
        firstPeriod: parts[0]?.period ?? 1,
        lastPeriod: parts.at(-1)?.period ?? 1,
        periods: parts.length,
        headHash: headHash(),
        totals: sumOf(parts.map((one) => one.totals)),
        perpetual: closed.at(-1)?.perpetual ?? totalsOf(newFold()),
      });
      record(kind, { ...claims, signature: seal('closing', asCanonical(claims), sign).signature });
    },
    /** Upload, settle, apply: until the town has nothing older to say. */
    night: async (): Promise<Statement> => {
      for (;;) {
        await push();
        const seq = records.length;
        const answer = await settle(seq);
        must(answer.kind === 'ok', `the night was refused: ${JSON.stringify(answer)}`);
        const statement = apply(answer.statement);
        if (statement.settled.seq >= seq) return statement;
      }
    },
  };
}

export type TestTill = Awaited<ReturnType<typeof enrolTestTill>>;
