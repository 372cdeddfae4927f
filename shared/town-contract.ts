import { oc } from '@orpc/contract';
import { z } from 'zod';
import { EXCHANGE_CHARACTERS_MAX, exchangeRefusals } from './exchange-reasons.ts';
import { itemSchema } from './item.ts';
import { cardStateSchema, cardViewSchema, memberStateSchema, memberViewSchema, standingWishSchema } from './member.ts';
import { MOVEMENTS_SHOWN, movementSchema } from './points-slip.ts';
import { policySchema } from './policy.ts';
import { grantSchema, recallSchema, returnedLineSchema, totalsSchema } from './record-bodies.ts';
import { tendersSchema } from './tenders.ts';
import { breakSchema } from './till-contract.ts';
import { LAST_INSTANT_MS } from './time.ts';

/**
 * The contract between a till and its town, and between the town and its own staff. A till signs every request over
 * all its other fields (`signed.ts`); what the town promises comes back as a sealed document whose bytes are kept.
 */
const publicKey = z.string().min(20).max(100);
const signature = z.string().min(20).max(200);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const sealed = z.object({ bytes: z.string(), signature });
/** Every time that comes from the town has a day in the calendar. */
const instant = z.int().min(0).max(LAST_INSTANT_MS);
const from = { town: z.string(), till: z.string(), incarnation: z.int().min(1) };

/** A time the town vouches for; `nonce` is the till's, so an old answer cannot be played again. */
export const townTimeSchema = z.object({
  v: z.literal(1),
  town: z.string(),
  till: z.string(),
  nonce: z.string(),
  nowMs: instant,
});
export type TownTime = z.infer<typeof townTimeSchema>;

/** What the town holds of one chain, signed, so that a restored till takes nothing for its own that it never recorded. */
export const sealedAckSchema = z.object({
  v: z.literal(1),
  town: z.string(),
  till: z.string(),
  of: z.int().min(1),
  seq: z.int().min(0),
  hash,
  /** The last of the records that came with it; where it stands when none came. */
  upTo: z.object({ seq: z.int().min(0), hash }),
});
export type SealedAck = z.infer<typeof sealedAckSchema>;

export const sealedGrantSchema = z.object({
  v: z.literal(1),
  town: z.string(),
  request: z.string(),
  issuedAtMs: instant,
  grant: grantSchema.nullable(),
});
export type SealedGrant = z.infer<typeof sealedGrantSchema>;

/**
 * What a sale was and what came back of it, for a till that did not make it or that wants to know of refunds elsewhere.
 * As the answer to a claim it is the town's leave to take the claimed goods back.
 */
export const returnableSchema = z.object({
  v: z.literal(1),
  town: z.string(),
  till: z.string(),
  incarnation: z.int(),
  request: z.string(),
  issuedAtMs: instant,
  /** The exact text of the sale's record. */
  sale: z.string(),
  /** What came back of each line before, at any till that the town has heard. */
  returned: z.array(returnedLineSchema),
  /** What was exchanged of each line; an older town does not say. */
  exchanged: z.array(returnedLineSchema).default([]),
  /** How its money came in, where that was put right after the record was written. */
  tenders: tendersSchema.nullable().default(null),
  /** The till that holds a claim on it, other than the one this answers; null when none does. */
  heldBy: z.string().nullable(),
});
export type Returnable = z.infer<typeof returnableSchema>;

/** The town's judgement of a member's PIN, for the one request that asked; an old one fits no other question. */
export const sealedPinSchema = z.object({
  v: z.literal(1),
  town: z.string(),
  till: z.string(),
  incarnation: z.int(),
  request: z.string(),
  member: z.string(),
  /** The sale that it was asked for. */
  document: z.string(),
  issuedAtMs: instant,
  outcome: z.enum(['right', 'wrong', 'locked', 'none']),
  /** Tries that are left. */
  left: z.int().min(0),
});
export type SealedPin = z.infer<typeof sealedPinSchema>;

/** The holder of a card as the town knows them now, and their last movements, newest first, for the one who asked. */
export const sealedMovementsSchema = z.object({
  v: z.literal(1),
  town: z.string(),
  till: z.string(),
  incarnation: z.int(),
  request: z.string(),
  card: z.string(),
  issuedAtMs: instant,
  member: memberViewSchema,
  movements: z.array(movementSchema).max(MOVEMENTS_SHOWN),
});
export type SealedMovements = z.infer<typeof sealedMovementsSchema>;

/** The night statement: the town's signed answer to one till, chained to the one before it. */
export const statementSchema = z.object({
  v: z.literal(1),
  town: z.string(),
  shop: z.string(),
  till: z.string(),
  incarnation: z.int(),
  number: z.int().min(1),
  previous: hash,
  issuedAtMs: instant,
  /** The town holds every record up to here on durable storage (invariant 23), and folded up to `settled`. */
  ack: z.object({ seq: z.int().min(0), hash }),
  settled: z.object({ seq: z.int().min(0), hash }),
  /** The last closed period the town folded; null before the first. */
  period: z.object({ period: z.int(), label: z.string(), totals: totalsSchema }).nullable(),
  perpetual: totalsSchema,
  breaks: z.array(breakSchema),
  /** The till's open term; its end only ever moves later by a statement. */
  term: z.object({ id: z.string(), endMs: instant }),
  grants: z.array(grantSchema),
  recalls: z.array(recallSchema),
  policyVersion: z.int(),
  membersVersion: z.int(),
});
export type Statement = z.infer<typeof statementSchema>;

export const townRefusals = [
  'unknownCode',
  'codeUsed',
  'codeExpired',
  'unknownTill',
  'wrongTown',
  'wrongSignature',
  'unknownIncarnation',
  'fork',
  'gap',
  'tooLarge',
  'notSettledYet',
  'unknownMember',
  'wrongPin',
  'pinLocked',
  'unknownCard',
  'duplicate',
  'unknownVillage',
  'badInput',
  'unknownLot',
  'notSignedIn',
  'unknownTerm',
  'tooEarly',
  'lossChanged',
  'unknownBreak',
  'unknownReceipt',
  'moreThanBought',
  'wholeOnly',
  'claimHeld',
  'claimReleased',
  'unknownClaim',
  'unknownNotice',
  'boardFull',
] as const;
export const townRefusalSchema = z.enum(townRefusals);
export type TownRefusal = z.infer<typeof townRefusalSchema>;
const refused = z.object({ kind: z.literal('refused'), reason: townRefusalSchema });

/** An answer of the town: the value, or a refusal with its reason. */
const answer = <T extends z.ZodRawShape>(shape: T) =>
  z.discriminatedUnion('kind', [z.object({ kind: z.literal('ok'), ...shape }), refused]);

export const enrolInput = z.object({
  code: z.string().min(6).max(40),
  publicKey,
  incarnationId: z.string().min(16).max(64),
  /** A till that is already known and comes with a new incarnation names itself; null asks for a new till. */
  till: z.string().nullable(),
  incarnation: z.int().min(1),
});

export const replicaRequest = z.object({ ...from, since: z.int().min(0), signature });

/** What an exchange did, for the person at the town who carries the stick. */
const exchangeMade = {
  till: z.string(),
  incarnation: z.int(),
  number: z.int(),
  enrolled: z.boolean(),
  records: z.int(),
  statements: z.int(),
  /** The first refusal inside, which the till will say too. */
  refusal: townRefusalSchema.nullable(),
};

/** What the calls of a night take and answer, which a file carries just as the network does (`exchange.ts`). */
export const enrolCall = {
  input: enrolInput,
  output: answer({
    town: z.string(),
    townName: z.string(),
    townKey: publicKey,
    shop: z.string(),
    shopName: z.string(),
    shopAddress: z.string(),
    hotline: z.string(),
    till: z.string(),
    tillName: z.string(),
    incarnation: z.int(),
  }),
};

export const helloCall = {
  input: z.object({ ...from, nonce: z.string().min(8).max(64), seq: z.int().min(0), hash, signature }),
  output: answer({
    time: sealed,
    ack: z.object({ seq: z.int(), hash }),
    statementNumber: z.int(),
    policyVersion: z.int(),
    membersVersion: z.int(),
    /** Of the notice board; an older town has none. */
    boardVersion: z.int().optional(),
  }),
};

export const uploadCall = {
  input: z.object({
    ...from,
    firstSeq: z.int().min(1),
    lastSeq: z.int().min(1),
    headHash: hash,
    /** Exact texts of the records, consecutive from `firstSeq`; at most 1,000. */
    records: z.array(z.string()).min(1).max(1_000),
    signature,
  }),
  output: answer({
    ack: z.object({ seq: z.int(), hash }),
    quarantined: z.array(z.object({ seq: z.int(), reason: z.string() })),
  }),
};

export const ownRecordsCall = {
  input: z.object({ ...from, of: z.int().min(1), afterSeq: z.int().min(0), hash, signature }),
  output: answer({
    /** What the town holds of that chain; the last of the records that follow may still be short of it. */
    ack: sealed,
    records: z.array(z.string()),
    more: z.boolean(),
  }),
};

export const bringRecordsCall = {
  input: z.object({
    ...from,
    of: z.int().min(1),
    firstSeq: z.int().min(1),
    lastSeq: z.int().min(1),
    headHash: hash,
    records: z.array(z.string()).min(1).max(1_000),
    signature,
  }),
  output: uploadCall.output,
};

export const settleCall = {
  input: z.object({ ...from, seq: z.int().min(0), hash, afterStatement: z.int().min(0), signature }),
  output: answer({ statement: sealed }),
};

export const topUpCall = {
  input: z.object({
    ...from,
    request: z.string().min(8).max(64),
    term: z.string(),
    member: z.string(),
    /** The till's newest record when it asked: the town hears all of them before it moves anything. */
    seq: z.int().min(0),
    signature,
  }),
  output: answer({ grant: sealed, member: memberViewSchema }),
};

/** A lost card, or a blank from stock that takes its place: the card's token only ever travels as its hash. */
export const reportCardCall = {
  input: z.object({
    ...from,
    request: z.string().min(8).max(64),
    member: z.string().max(64),
    /** The card that counts no more; null when the member has none in use. */
    card: z.string().max(64).nullable(),
    /** When the till heard of it. */
    atMs: instant,
    blank: z.object({ tokenHash: hash, lastFour: z.string().max(4), lastSix: z.string().max(6) }).nullable(),
    signature,
  }),
  /** Every card of the member, as they are now. */
  output: answer({ cards: z.array(cardViewSchema) }),
};

export const releaseClaimCall = {
  input: z.object({ ...from, request: z.string().min(8).max(64), signature }),
  output: answer({}),
};

export const membersCall = {
  input: replicaRequest,
  output: answer({
    version: z.int(),
    members: z.array(memberViewSchema),
    cards: z.array(cardViewSchema),
    asOfMs: instant,
    more: z.boolean(),
    /** The till knows what the town does not: that was restored from an older copy, and brings everybody again. */
    forgot: z.literal(true).optional(),
  }),
};

export const policiesCall = {
  input: replicaRequest,
  output: answer({
    policies: z.array(sealed),
    /** The notice board of the till's shop. An older town sends none, and one that nobody can read holds up no policy. */
    board: sealed.nullable().default(null).catch(null),
  }),
};

export const townContract = {
  enrol: oc
    .route({
      method: 'POST',
      path: '/enrol',
      summary: 'Enrol a till or a new incarnation by one-time code and public key',
    })
    .input(enrolInput)
    .output(enrolCall.output),
  hello: oc
    .route({
      method: 'POST',
      path: '/hello',
      summary: 'Compare heads; answers the signed time and the last acknowledgement',
    })
    .input(helloCall.input)
    .output(helloCall.output),
  upload: oc
    .route({
      method: 'POST',
      path: '/records',
      summary: 'Take in a signed batch of records; acknowledged after commit',
    })
    .input(uploadCall.input)
    .output(uploadCall.output),
  ownRecords: oc
    .route({
      method: 'POST',
      path: '/records/own',
      summary: "A till's own records that its restored folder lacks, of its present incarnation or an earlier one",
    })
    .input(ownRecordsCall.input)
    .output(ownRecordsCall.output),
  bringRecords: oc
    .route({
      method: 'POST',
      path: '/records/older',
      summary: 'Take in what an earlier incarnation of this till recorded and never sent',
    })
    .input(bringRecordsCall.input)
    .output(bringRecordsCall.output),
  settle: oc
    .route({
      method: 'POST',
      path: '/settle',
      summary: 'Fold what was taken in up to a sequence and answer a signed statement',
    })
    .input(settleCall.input)
    .output(settleCall.output),
  /** A statement that was signed before, for a till whose answer was lost. */
  statement: oc
    .route({ method: 'POST', path: '/statement', summary: 'Fetch a statement by number' })
    .input(z.object({ ...from, number: z.int().min(1), signature }))
    .output(answer({ statement: sealed.nullable() })),
  topUp: oc
    .route({
      method: 'POST',
      path: '/top-up',
      summary: 'Move free points of a member to this till, idempotent by request id',
    })
    .input(topUpCall.input)
    .output(topUpCall.output),
  checkPin: oc
    .route({
      method: 'POST',
      path: '/pins/check',
      summary: "Judge a member's PIN for one sale; a request counts once, and wrong tries lock",
    })
    .input(
      z.object({
        ...from,
        request: z.string().min(8).max(64),
        member: z.string().max(64),
        document: z.string().max(64),
        pin: z.string().regex(/^\d{6}$/),
        signature,
      }),
    )
    .output(answer({ proof: sealed })),
  reportCard: oc
    .route({
      method: 'POST',
      path: '/cards/report',
      summary: 'Take a card out of use, and enter a blank in its place; idempotent by request id',
    })
    .input(reportCardCall.input)
    .output(reportCardCall.output),
  movements: oc
    .route({
      method: 'POST',
      path: '/cards/movements',
      summary: 'Balance and last movements of the points of who holds a card; only for a card in use',
    })
    .input(z.object({ ...from, request: z.string().min(8).max(64), card: z.string().max(64), signature }))
    .output(answer({ movements: sealed })),
  findSale: oc
    .route({
      method: 'POST',
      path: '/sales/find',
      summary: 'What a sale was, by the number on its receipt, and what came back of it at any till',
    })
    .input(z.object({ ...from, request: z.string().min(8).max(64), receipt: z.string().max(80), signature }))
    .output(answer({ sale: sealed })),
  claim: oc
    .route({
      method: 'POST',
      path: '/claims',
      summary: 'Claim goods of a sale to take them back, idempotent by request id; held until the refund arrives',
    })
    .input(
      z.object({
        ...from,
        request: z.string().min(8).max(64),
        receipt: z.string().max(80),
        lines: z.array(returnedLineSchema).min(1).max(1_000),
        signature,
      }),
    )
    .output(answer({ sale: sealed })),
  releaseClaim: oc
    .route({ method: 'POST', path: '/claims/release', summary: 'Let a claim go whose refund was not done' })
    .input(releaseClaimCall.input)
    .output(releaseClaimCall.output),
  members: oc
    .route({
      method: 'POST',
      path: '/replica/members',
      summary: 'Members and cards changed since a version, as a till may know them',
    })
    .input(membersCall.input)
    .output(membersCall.output),
  policies: oc
    .route({
      method: 'POST',
      path: '/replica/policies',
      summary: 'Signed policy documents with a version above `since`',
    })
    .input(policiesCall.input)
    .output(policiesCall.output),
  catalogue: oc
    .route({
      method: 'POST',
      path: '/replica/catalogue',
      summary: "The town's part of the catalogue changed since a version",
    })
    .input(replicaRequest)
    .output(answer({ version: z.int(), items: z.array(itemSchema) })),

  exchange: oc
    .route({
      method: 'POST',
      path: '/exchange',
      summary: 'The whole of a night in one file each way, for a till without network',
    })
    .input(z.object({ file: z.string().max(EXCHANGE_CHARACTERS_MAX) }))
    .output(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('made'), file: z.string(), ...exchangeMade }),
        z.object({ kind: z.literal('refused'), reason: z.enum(exchangeRefusals) }),
      ]),
    ),

  // The town's own staff: every call carries the bearer token of a sign-in.
  signIn: oc
    .route({ method: 'POST', path: '/console/sign-in', summary: 'Sign town staff in' })
    .input(z.object({ password: z.string().max(200) }))
    .output(answer({ token: z.string(), townName: z.string() })),
  overview: oc
    .route({
      method: 'GET',
      path: '/console/overview',
      summary: 'Points in existence, shops, villages, tills and their terms, breaks, and the policy in force',
    })
    .output(
      answer({
        townName: z.string(),
        nowMs: instant,
        points: z.object({
          issued: z.int(),
          free: z.int(),
          allotted: z.int(),
          spent: z.int(),
          expired: z.int(),
          shortfall: z.int(),
        }),
        shops: z.array(z.object({ id: z.string(), name: z.string() })),
        villages: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            fund: z.string(),
            members: z.int(),
            issued: z.int(),
            spent: z.int(),
            outstanding: z.int(),
          }),
        ),
        tills: z.array(
          z.object({
            till: z.string(),
            name: z.string(),
            shopName: z.string(),
            incarnation: z.int(),
            heardAtMs: z.int().nullable(),
            ackSeq: z.int(),
            quarantined: z.int(),
            statementNumber: z.int(),
            termEndMs: z.int().nullable(),
            allotted: z.int(),
            salesToday: z.int(),
            /** Used less given back. */
            pointsToday: z.int(),
            /** Terms that are not closed, those of earlier incarnations too; freeing one may lose what it holds. */
            terms: z.array(
              z.object({
                term: z.string(),
                incarnation: z.int(),
                endMs: instant,
                freeableAtMs: instant,
                allotted: z.int(),
              }),
            ),
          }),
        ),
        breaks: z.array(breakSchema.extend({ till: z.string() })),
        /** Those that a person resolved last; a break is never dropped. */
        resolved: z.array(
          breakSchema.extend({ till: z.string(), resolvedAtMs: instant, by: z.string(), note: z.string() }),
        ),
        /** Goods that a till was allowed to take back of another's sale, and whose refund has not come. */
        claims: z.array(
          z.object({ claim: z.string(), till: z.string(), receipt: z.string(), lines: z.int(), madeAtMs: instant }),
        ),
        policy: policySchema,
        /** The newest version, where it is published and not yet in force. */
        nextPolicy: policySchema.nullable(),
      }),
    ),
  listMembers: oc
    .route({ method: 'GET', path: '/console/members', summary: 'Members with stars, points and cards' })
    .input(
      z.object({
        text: z.string().max(40).default(''),
        village: z.string().optional(),
        /** Only holders of a card that no reader takes. */
        only: z.enum(['unreadable']).optional(),
      }),
    )
    .output(
      answer({
        members: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            village: z.string(),
            villageName: z.string(),
            stars: z.int(),
            state: memberStateSchema,
            standingWish: standingWishSchema,
            points: z.int(),
            free: z.int(),
            allotted: z.int(),
            cards: z.array(
              z.object({
                id: z.string(),
                lastFour: z.string(),
                state: cardStateSchema,
                /** In use, though a till found that no reader takes it. */
                wantsReplacing: z.boolean(),
              }),
            ),
            /** Whether there is a PIN at the town, and whether wrong tries have locked it. */
            pin: z.enum(['none', 'set', 'locked']),
            /** Who buys with this member's card for them. */
            bearers: z.array(z.object({ id: z.string(), name: z.string(), note: z.string() })),
          }),
        ),
      }),
    ),
  memberMovements: oc
    .route({ method: 'GET', path: '/console/members/movements', summary: "What moved a member's points, newest first" })
    .input(z.object({ member: z.string() }))
    .output(answer({ balance: z.int(), movements: z.array(movementSchema) })),
  issueLot: oc
    .route({
      method: 'POST',
      path: '/console/lots',
      summary: 'Credit points to a member as a lot of a village and fund',
    })
    .input(
      z.object({
        id: z.string().min(8),
        member: z.string(),
        village: z.string(),
        fund: z.string(),
        points: z.int().min(1).max(100_000),
        earnedOn: z.string(),
        note: z.string().max(100),
      }),
    )
    .output(answer({ lot: z.string() })),
  setCardState: oc
    .route({ method: 'POST', path: '/console/cards/state', summary: 'Report a card lost, block it or lift the block' })
    .input(z.object({ card: z.string(), state: cardStateSchema }))
    .output(answer({})),
  setPin: oc
    .route({
      method: 'POST',
      path: '/console/pins',
      summary: "Set a member's PIN, or take it away; either ends a lock",
    })
    .input(
      z.object({
        member: z.string(),
        pin: z
          .string()
          .regex(/^\d{6}$/)
          .nullable(),
      }),
    )
    .output(answer({})),
  setBearer: oc
    .route({
      method: 'POST',
      path: '/console/bearers',
      summary: "Name who buys with a member's card for them; an empty note ends it",
    })
    .input(z.object({ member: z.string(), bearer: z.string(), note: z.string().max(40) }))
    .output(answer({})),
  freeTerm: oc
    .route({
      method: 'POST',
      path: '/console/terms/free',
      summary:
        "Free a silent till's term, 24 h after its last end at the soonest, at the loss that was named beforehand",
    })
    .input(z.object({ term: z.string(), agreedLoss: z.int().min(0) }))
    .output(answer({ freed: z.int() })),
  resolveBreak: oc
    .route({
      method: 'POST',
      path: '/console/breaks/resolve',
      summary: 'Mark a break as resolved, with who did it and why; it is never dropped',
    })
    .input(z.object({ id: z.string(), by: z.string().max(40), note: z.string().max(500) }))
    .output(answer({})),
  dropClaim: oc
    .route({
      method: 'POST',
      path: '/console/claims/release',
      summary: 'Let a claim go whose till does not come back, with who did it and why',
    })
    .input(z.object({ claim: z.string(), by: z.string().max(40), note: z.string().max(500) }))
    .output(answer({})),
  issueEnrolmentCode: oc
    .route({ method: 'POST', path: '/console/enrolment-codes', summary: 'A one-time code that lets one till enrol' })
    .input(z.object({ shop: z.string(), till: z.string().nullable(), tillName: z.string().max(40) }))
    .output(answer({ code: z.string(), expiresAtMs: instant })),
  publishPolicy: oc
    .route({ method: 'POST', path: '/console/policies', summary: 'Publish a new policy version; the town signs it' })
    .input(z.object({ policy: z.record(z.string(), z.unknown()) }))
    .output(answer({ version: z.int() })),
  board: oc
    .route({ method: 'GET', path: '/console/board', summary: 'The notice board: what hangs, will hang and ended last' })
    .output(
      answer({
        today: z.string(),
        shops: z.array(z.object({ id: z.string(), name: z.string() })),
        villages: z.array(z.object({ id: z.string(), name: z.string() })),
        notices: z.array(
          z.object({
            id: z.string(),
            title: z.string(),
            text: z.string(),
            village: z.string().nullable(),
            shop: z.string().nullable(),
            fromDay: z.string(),
            toDay: z.string(),
            onReceipt: z.boolean(),
            writtenAtMs: instant,
            writtenBy: z.string(),
            endedAtMs: instant.nullable(),
            endedBy: z.string().nullable(),
          }),
        ),
      }),
    ),
  writeNotice: oc
    .route({
      method: 'POST',
      path: '/console/board',
      summary: 'Hang up a notice for customers, for the days it names; idempotent by its id',
    })
    .input(
      z.object({
        id: z.string().min(8).max(64),
        title: z.string().max(400),
        text: z.string().max(2_000),
        village: z.string().max(64).nullable(),
        shop: z.string().max(64).nullable(),
        fromDay: z.string().max(10),
        toDay: z.string().max(10),
        onReceipt: z.boolean(),
        by: z.string().max(40),
      }),
    )
    .output(answer({})),
  endNotice: oc
    .route({ method: 'POST', path: '/console/board/end', summary: 'Take a notice down; it is never deleted' })
    .input(z.object({ id: z.string().max(64), by: z.string().max(40) }))
    .output(answer({})),
  settlement: oc
    .route({
      method: 'GET',
      path: '/console/settlement',
      summary: 'What each village and fund owes each shop, by month (R-T3)',
    })
    .input(z.object({ month: z.string().regex(/^\d{4}-\d{2}$/) }))
    .output(
      answer({
        rows: z.array(
          z.object({
            shop: z.string(),
            shopName: z.string(),
            village: z.string(),
            villageName: z.string(),
            fund: z.string(),
            points: z.int(),
            amountFen: z.int(),
          }),
        ),
      }),
    ),
};
export type TownContract = typeof townContract;
