import { eventIterator, oc, type } from '@orpc/contract';
import { z } from 'zod';
import { countedNotesSchema } from './counted-notes.ts';
import type { Change } from './changes.ts';
import { cardRuleSchema } from './card-number.ts';
import { counterFunctions, FREE_KEY } from './counter.ts';
import { deviceSettingsSchema, foundSchema, heardSchema, tryWhatSchema } from './device-set-up.ts';
import {
  drawerStateSchema,
  otherDeviceSchema,
  printerStateSchema,
  scaleStateSchema,
  simulatedActSchema,
} from './devices.ts';
import { EXCHANGE_CHARACTERS_MAX, exchangeRefusals } from './exchange-reasons.ts';
import { itemSchema, perSchema } from './item.ts';
import { standingWishSchema } from './member.ts';
import { boardNoticeSchema } from './board.ts';
import { pointsSlipSchema } from './points-slip.ts';
import { receiptSchema } from './receipt.ts';
import { tendersSchema } from './tenders.ts';
import { shiftSlipSchema } from './shift-slip.ts';
import { CODE_CHARACTERS_MAX } from './wedge.ts';

/**
 * The contract between the core and every page: commands in, screens out, and a handful of named reads. Touch, keyboard,
 * scanner and card reader all speak the one `Command` union, so the contract does not grow with each button.
 */
const id = z.string().min(8).max(64);
const fen = z.int();
const amountFen = z.int().min(0).max(100_000_000);
const pin = z.string().regex(/^\d{4,6}$/);
const quantity = z.int().min(1).max(10_000_000);
/** Pieces or grams on a shelf; below nothing where more was sold than was ever received. */
const stockLevel = z.int().min(-1_000_000_000).max(1_000_000_000);
/** A label of a fen or two may weigh nothing by the gram, and still comes back. */
const returnedQuantity = z.int().min(0).max(10_000_000);

/** What a staff card gave to a scanner or reader, as it came; the core makes a token of it and keeps its hash only. */
const staffCard = z.string().min(1).max(200);

/** Only what was changed is kept, so that a newer program's new functions come with their own keys. */
export const counterSchema = z.object({
  keys: z.partialRecord(z.enum(counterFunctions), z.string().regex(FREE_KEY)),
  largeType: z.boolean(),
  muted: z.boolean(),
  wedge: z
    .object({ prefix: z.string().regex(/^[!-~]{0,4}$/), suffix: z.enum(['enter', 'tab', 'any']) })
    .default({ prefix: '', suffix: 'any' }),
  cardNumber: cardRuleSchema.nullable().default(null),
});

/** A second person who allows something, by PIN or by staff card; null when nobody was asked yet. */
const approval = z.union([z.object({ pin }), z.object({ card: staffCard })]).nullable();
export type Approval = z.infer<typeof approval>;

export const commandSchema = z.discriminatedUnion('kind', [
  // Operators and shift
  z.object({ kind: z.literal('signIn'), pin }),
  z.object({ kind: z.literal('signOut') }),
  /** Locks the screen by hand; `signIn`, or the scan of a staff card, opens it again. */
  z.object({ kind: z.literal('lock') }),
  z.object({ kind: z.literal('openShift'), shift: id, floatFen: amountFen }),
  z.object({
    kind: z.literal('moveCash'),
    id,
    direction: z.enum(['in', 'out']),
    amountFen,
    reason: z.string().max(40),
  }),
  /** Corrections name what was written wrong, and a manager allows them; what was written stands. */
  z.object({ kind: z.literal('undoCashMove'), id, move: id, reason: z.string().max(40), approval }),
  z.object({
    kind: z.literal('correctCount'),
    id,
    shift: id,
    countedFen: amountFen,
    reason: z.string().max(40),
    approval,
  }),
  /** With `shutDown` the evening follows the count: the night, its report, and the machine switched off. */
  z.object({ kind: z.literal('startCloseShift'), shutDown: z.boolean().optional() }),
  /** Counted in notes and coins, which come to `countedFen`, or as one sum. */
  z.object({
    kind: z.literal('closeShift'),
    shift: id,
    countedFen: amountFen,
    notes: countedNotesSchema.optional(),
  }),
  /** Prints the report of an open shift, or the hand-over slip of a closed one, once more. */
  z.object({ kind: z.literal('printShift'), shift: id }),
  /** Prints the 积分查询单 that was read last, while its card's holder still stands at the counter. */
  z.object({ kind: z.literal('printPoints'), slip: z.string().max(80) }),
  /** The two answers to an evening: stay on, or off now, also after what went wrong was read. */
  z.object({ kind: z.literal('leaveEvening') }),
  z.object({ kind: z.literal('switchOff') }),
  // The open sale. `scan` takes whatever the scanner, the reader or the entry box gave: the core decides what it is.
  z.object({
    kind: z.literal('scan'),
    code: z.string().max(CODE_CHARACTERS_MAX),
    source: z.enum(['scanner', 'typed', 'card']),
  }),
  z.object({ kind: z.literal('choose'), item: z.string() }),
  z.object({ kind: z.literal('dismiss') }),
  z.object({ kind: z.literal('quantityFirst'), count: z.int().min(1).max(9_999).nullable() }),
  z.object({ kind: z.literal('weigh'), item: z.string(), weightGrams: quantity }),
  z.object({ kind: z.literal('selectLine'), line: z.int().min(0) }),
  z.object({ kind: z.literal('setQuantity'), line: z.int().min(0), quantity }),
  z.object({
    kind: z.literal('setPrice'),
    line: z.int().min(0),
    priceFen: amountFen.nullable(),
    reason: z.string().max(40),
    approval,
  }),
  z.object({ kind: z.literal('deleteLine'), line: z.int().min(0) }),
  z.object({ kind: z.literal('voidSale'), reason: z.string().max(40) }),
  z.object({ kind: z.literal('removeMember') }),
  z.object({ kind: z.literal('confirmPerson'), approval }),
  /** Asks the customer for the PIN that lifts the day's limit for this sale. */
  z.object({ kind: z.literal('askPin') }),
  z.object({ kind: z.literal('leavePin') }),
  /** The PIN as the customer typed it; the town alone judges it. */
  z.object({ kind: z.literal('enterPin'), ask: z.string().max(64), pin: z.string().regex(/^\d{6}$/) }),
  /** The card that was used a moment ago, and that a manager lets be used again. */
  z.object({ kind: z.literal('allowCard'), approval }),
  /** Who has come with the card: the holder (null), somebody the holder named at the town, or anybody else. */
  z.object({ kind: z.literal('setBearer'), bearer: z.string().max(64).nullable(), stranger: z.boolean() }),
  /** A card in the hand that no reader takes, chosen by its last six digits among masks. */
  z.object({ kind: z.literal('pickCard'), card: z.string().max(64), lastSix: z.string().regex(/^\d{6}$/) }),
  /** A member without a card, chosen among masks: the discount only. */
  z.object({ kind: z.literal('lookUpMember'), member: z.string().max(64) }),
  /** 挂失, or 换卡 with a blank from stock, as it was scanned or typed: a manager allows it, the town confirms it. */
  z.object({
    kind: z.literal('reportCard'),
    id,
    member: z.string().max(64),
    card: z.string().max(64).nullable(),
    blank: z.string().min(1).max(80).nullable(),
    approval,
  }),
  z.object({ kind: z.literal('hold') }),
  z.object({ kind: z.literal('recall'), sale: id }),
  // Payment
  z.object({ kind: z.literal('startPay') }),
  z.object({ kind: z.literal('leavePay') }),
  z.object({ kind: z.literal('setPoints'), points: z.union([standingWishSchema, z.int().min(0).max(10_000_000)]) }),
  z.object({
    kind: z.literal('setMobile'),
    amountFen: z.union([amountFen, z.literal('rest')]),
    channel: z.string().max(20),
  }),
  z.object({ kind: z.literal('setCash'), amountFen: amountFen.nullable() }),
  z.object({ kind: z.literal('pay'), sale: id }),
  z.object({ kind: z.literal('nextSale') }),
  z.object({ kind: z.literal('reprint'), receipt: z.string() }),
  z.object({ kind: z.literal('openDrawer'), approval }),
  /** Receipts that did not come out of the printer: prints each again, or lets them be. */
  z.object({ kind: z.literal('printWaiting') }),
  z.object({ kind: z.literal('dropWaiting') }),
  z.object({ kind: z.literal('tellScale'), what: z.enum(['zero', 'tare']) }),
  // Refund
  z.object({
    kind: z.literal('refund'),
    id,
    receipt: z.string(),
    lines: z
      .array(z.object({ line: z.int().min(0), quantity: returnedQuantity, goods: z.enum(['shelf', 'waste']) }))
      .min(1),
    reason: z.string().max(40),
    approval,
  }),
  /** 换货: the same goods out for faulty ones of a bought line; no money and no points move. */
  z.object({
    kind: z.literal('exchange'),
    id,
    receipt: z.string().max(80),
    lines: z
      .array(z.object({ line: z.int().min(0), quantity, goods: z.enum(['shelf', 'waste']) }))
      .min(1)
      .max(500),
    reason: z.string().max(40),
    approval,
  }),
  /** 改付款方式: of what a sale of this shift was paid in money, `mobileFen` came by `channel`, the rest in cash. */
  z.object({
    kind: z.literal('changeTender'),
    id,
    receipt: z.string().max(80),
    mobileFen: amountFen,
    channel: z.string().max(20),
  }),
  /** Which key does what on this till, how large its letters are, and whether it sounds. */
  z.object({ kind: z.literal('saveCounter'), counter: counterSchema }),
  // The manager's work
  z.object({
    kind: z.literal('receiveGoods'),
    id,
    supplier: z.string().max(60),
    lines: z
      .array(
        z.object({
          item: z.string(),
          quantity,
          cases: z.int().min(1).nullable(),
          caseFactor: z.int().min(1).nullable(),
          costFen: amountFen.nullable(),
          producedOn: z.string().nullable(),
          shelfLifeDays: z.int().min(0).max(3650).nullable(),
        }),
      )
      .min(1),
  }),
  z.object({
    kind: z.literal('changePrice'),
    id,
    item: z.string(),
    which: z.enum(['shelf', 'clearance', 'promotion']),
    priceFen: amountFen.nullable(),
    fromDay: z.string().nullable(),
    toDay: z.string().nullable(),
  }),
  z.object({ kind: z.literal('saveItem'), id, item: itemSchema }),
  z.object({
    kind: z.literal('countStock'),
    id,
    /** `expected` is what the shelf held when the line was counted, so that sales since then are not taken twice. */
    lines: z.array(z.object({ item: z.string(), expected: stockLevel, counted: stockLevel.min(0) })).min(1),
  }),
  z.object({
    kind: z.literal('recordWaste'),
    id,
    reason: z.string().max(40),
    lines: z.array(z.object({ item: z.string(), quantity })).min(1),
  }),
  z.object({ kind: z.literal('printTags'), items: z.array(z.string()).min(1).max(500) }),
  /** Every tag in the shop is right as it stands. */
  z.object({ kind: z.literal('settleTags') }),
  z.object({ kind: z.literal('runNight') }),
  z.object({
    kind: z.literal('saveOperator'),
    id,
    name: z.string().min(1).max(20),
    role: z.enum(['cashier', 'manager']),
    pin: pin.nullable(),
    /** The staff card that was scanned for this operator; null takes it away, nothing said leaves it as it is. */
    card: staffCard.nullable().optional(),
    /** Their own credit card, which buys nothing while they stand at the till; null and nothing said as with `card`. */
    ownCard: z.string().max(200).nullable().optional(),
    active: z.boolean(),
  }),
  /** Joins the town by its one-time code; the first manager's PIN is set at the same moment. */
  z.object({
    kind: z.literal('enrol'),
    code: z.string().min(6).max(40),
    managerName: z.string().min(1).max(20),
    managerPin: pin,
  }),
  /** How this till speaks to its customers, and a sample of it. */
  z.object({ kind: z.literal('setVoice'), mode: z.enum(['off', 'voice', 'recorded']) }),
  z.object({ kind: z.literal('tryVoice') }),
  /** 练习: sells on a copy of the goods and cards that nobody counts, and comes back to the till as it stood. */
  z.object({ kind: z.literal('startPractice') }),
  z.object({ kind: z.literal('endPractice') }),
  // Only a demo shop takes these; they stand for the hand that taps a card or pulls a plug.
  z.object({ kind: z.literal('simulateNetwork'), connected: z.boolean() }),
  z.object({ kind: z.literal('simulate'), act: simulatedActSchema }),
]);
export type Command = z.infer<typeof commandSchema>;

/** Why a command was refused; `words.ts` says each in Chinese with what to do next. */
export const refusalReasons = [
  'notSignedIn',
  'wrongPin',
  'pinWait',
  'staffCardUnknown',
  'staffCardTaken',
  'staffCardHere',
  'locked',
  'managerOnly',
  'noShift',
  'shiftOpenAlready',
  'saleOpen',
  'saleEmpty',
  'noSale',
  'unknownCode',
  'wrongCheckDigit',
  'brokenGs1',
  'notPriced',
  'paymentCode',
  'noMatch',
  'needsWeight',
  'noLine',
  'wholeOnly',
  'notWeighed',
  'priceAboveShelf',
  'needsManager',
  'cardUnknown',
  'cardLost',
  'cardBlocked',
  'cardReplaced',
  'cardNotActive',
  'blankTaken',
  'blankUnknown',
  'cardExpired',
  'cardWanted',
  'holderOnly',
  'slipGone',
  'memberNotActive',
  'foreignCard',
  'ownCard',
  'cardUsedJustNow',
  'notBearer',
  'notPaying',
  'tooManyPoints',
  'mobileAboveDue',
  'shortOfCash',
  'unknownSale',
  'idConflict',
  'unknownReceipt',
  'moreThanBought',
  'moreThanPaid',
  'sameTenders',
  'notThisShift',
  'refundedAlready',
  'refundTooLate',
  'notThisTill',
  'townNeeded',
  'claimHeld',
  'correctedAlready',
  'notLastShift',
  'nothingHeld',
  'unknownItem',
  'expiredBatch',
  'badInput',
  'diskFull',
  'journalDamaged',
  'nightRunning',
  'notDemo',
  'duplicateCode',
  'noPrinter',
  'noScale',
  'noLabelPrinter',
  'nothingWaiting',
  'enrolFirst',
  'practising',
  'notPractising',
  'practiceFailed',
] as const;
export const refusalSchema = z.enum(refusalReasons);
export type RefusalReason = z.infer<typeof refusalSchema>;

/** The answer to a command. `detail` are the numbers that belong to the reason, such as `missingFen` or `pointsMax`. */
export const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done') }),
  z.object({ kind: z.literal('refused'), reason: refusalSchema, detail: z.record(z.string(), z.int()).optional() }),
]);
export type Answer = z.infer<typeof answerSchema>;

export const priceReasonSchema = z.enum(['shelf', 'clearance', 'promotion', 'star', 'manual']);

export const screenLineSchema = z.object({
  key: z.string(),
  item: z.string(),
  code: z.string(),
  name: z.string(),
  spec: z.string(),
  unit: z.string(),
  per: perSchema,
  quantity: z.int(),
  labelled: z.boolean(),
  priceFen: fen,
  /** The unit price behind `payFen`: clearance, promotion or manual; the shelf price otherwise. */
  unitPayFen: fen,
  shelfFen: fen,
  payFen: fen,
  reason: priceReasonSchema,
  starRateBp: z.int(),
  pointsAllowed: z.boolean(),
  discountAllowed: z.boolean(),
  stock: z.int(),
});
export type ScreenLine = z.infer<typeof screenLineSchema>;

export const screenMemberSchema = z.object({
  id: z.string(),
  mask: z.string(),
  villageName: z.string(),
  stars: z.int(),
  rateBp: z.int(),
  lastFour: z.string(),
  how: z.enum(['presented', 'lookedUp']),
  /** What this till may spend now: 本店现在可用. */
  spendable: z.int(),
  /** 镇上总数 and the time it was true. */
  townPoints: z.int(),
  townAsOfMs: z.int(),
  leftToday: z.int(),
  leftThisMonth: z.int(),
  leftWithoutPin: z.int(),
  personConfirmed: z.boolean(),
  /** The town said that the PIN typed for this sale is the member's. */
  pinProven: z.boolean(),
  /** Who may buy with this card for its holder, as the holder named them at the town. */
  bearers: z.array(z.object({ id: z.string(), mask: z.string(), villageName: z.string() })),
  /** Who of them has come with it; null when the holder has. */
  bearer: z.object({ id: z.string(), mask: z.string() }).nullable(),
  nextExpiry: z.object({ points: z.int(), day: z.string() }).nullable(),
  /** Why points cannot be spent at all just now; null when they can. */
  pointsRefused: z
    .enum(['termEnded', 'clockSuspect', 'noTerm', 'notPresented', 'waitingForTown', 'blockListOld'])
    .nullable(),
  starsStale: z.boolean(),
});
export type ScreenMember = z.infer<typeof screenMemberSchema>;

export const screenPaySchema = z.object({
  pointsMax: z.int(),
  pointsUsed: z.int(),
  pointsFen: fen,
  /** What stays to be spent at this till once these points are taken; null without a member. */
  spendableAfter: z.int().nullable(),
  /** What the choice was: a standing wish or a number typed. */
  wish: z.union([standingWishSchema, z.literal('number')]),
  /** Which limit holds `pointsMax` down. */
  pointsLimit: z.enum(['none', 'spendable', 'pin', 'perSale', 'perDay', 'perMonth', 'share', 'goods', 'noMember']),
  mobileFen: fen,
  mobileChannel: z.string(),
  truncationFen: fen,
  cashDueFen: fen,
  cashGivenFen: fen,
  cashTyped: z.boolean(),
  changeFen: fen,
  missingFen: fen,
  notForPointsFen: fen,
  suggestionsFen: z.array(fen),
});
export type ScreenPay = z.infer<typeof screenPaySchema>;

export const screenPaidSchema = z.object({
  sale: z.string(),
  receipt: receiptSchema,
  paidFen: fen,
  cashGivenFen: fen,
  changeFen: fen,
  pointsUsed: z.int(),
  spendableBefore: z.int().nullable(),
  spendableAfter: z.int().nullable(),
  printed: z.enum(['printing', 'printed', 'failed', 'none']),
});

export type ScreenPaid = z.infer<typeof screenPaidSchema>;

export const noticeSchema = z.object({
  id: z.int(),
  tone: z.enum(['good', 'info', 'warn', 'bad']),
  /** A refusal reason or one of the words of `words.ts`. */
  text: z.string(),
  /** What was scanned, shortened where it must not be shown in full; a name, a number: filled into the sentence. */
  values: z.record(z.string(), z.union([z.string(), z.int()])),
});
export type Notice = z.infer<typeof noticeSchema>;

export const foundItemSchema = z.object({
  item: z.string(),
  code: z.string(),
  name: z.string(),
  spec: z.string(),
  unit: z.string(),
  per: perSchema,
  priceFen: fen.nullable(),
  payFen: fen.nullable(),
  stock: z.int(),
});
export type FoundItem = z.infer<typeof foundItemSchema>;

/** Goods that are picked from tiles. */
export const handyItemSchema = foundItemSchema.extend({ plu: z.string().nullable(), category: z.string() });
export type HandyItem = z.infer<typeof handyItemSchema>;

/** A member among others, as somebody without a readable card is found: a mask, a village, the end of the card. */
export const foundMemberSchema = z.object({
  member: z.string(),
  /** The card whose digits were read; of one who was found otherwise the one in use, null where there is none. */
  card: z.string().nullable(),
  by: z.enum(['digits', 'name']),
  mask: z.string(),
  villageName: z.string(),
  stars: z.int(),
  lastFour: z.string(),
  /** A report of the card that the town has not answered, or that it refused. */
  report: z.enum(['lost', 'replaced', 'refused']).nullable(),
});
export type FoundMember = z.infer<typeof foundMemberSchema>;

export const heldSaleSchema = z.object({
  sale: z.string(),
  heldAtMs: z.int(),
  lines: z.int(),
  totalFen: fen,
  mask: z.string().nullable(),
  firstName: z.string(),
});

export const statusSchema = z.object({
  nowMs: z.int(),
  /** `practice`: there is none here, and none is asked. */
  town: z.enum(['reachable', 'unreachable', 'notEnrolled', 'wrongKey', 'practice']),
  townHeardMs: z.int().nullable(),
  unsent: z.int(),
  quarantined: z.int(),
  snapshotAsOfMs: z.int().nullable(),
  termEndMs: z.int().nullable(),
  printer: printerStateSchema,
  /** Receipts that wait for the printer. */
  slipsWaiting: z.int(),
  drawer: drawerStateSchema,
  /** It has stood open for longer than giving change takes. */
  drawerForgotten: z.boolean(),
  scale: scaleStateSchema,
  otherDevices: z.array(otherDeviceSchema),
  /** The counter is simulated. */
  simulated: z.boolean(),
  /** What a simulated pole display shows; null where there is none. */
  poleDisplay: z.string().nullable(),
  weightGrams: z.int().nullable(),
  diskFreeBytes: z.int().nullable(),
  clock: z.enum(['good', 'off', 'suspect']),
  clockOffMs: z.int(),
  night: z.enum(['none', 'running', 'matched', 'breaks', 'pending']),
  catalogueVersion: z.int(),
  policyVersion: z.int(),
});
export type Status = z.infer<typeof statusSchema>;

const totalsView = z.object({
  sales: z.int(),
  refunds: z.int(),
  lines: z.int(),
  totalFen: fen,
  pointsSpent: fen,
  pointsBack: fen,
  cashFen: fen,
  mobileFen: fen,
  accounts: z.record(z.string(), z.int()),
});

export const breakSchema = z.object({
  id: z.string(),
  kind: z.enum([
    'totalsDiffer',
    'quarantined',
    'fork',
    'missing',
    'shortfall',
    'refundedTwice',
    'refundUnclaimed',
    'capExceeded',
    'townBehind',
    'closingWrong',
  ]),
  owner: z.enum(['till', 'town', 'manager', 'clerk']),
  account: z.string().nullable(),
  seq: z.int().nullable(),
  tillAmount: z.int().nullable(),
  townAmount: z.int().nullable(),
  sinceDay: z.string(),
});
export type Break = z.infer<typeof breakSchema>;

export const nightReportSchema = z.object({
  state: z.enum(['matched', 'breaks', 'pending']),
  businessDay: z.string(),
  /** The step that could not be done, when pending. */
  pendingAt: z.enum(['close', 'hello', 'upload', 'settle', 'apply', 'replicas', 'backup']).nullable(),
  pendingBecause: z.string().nullable(),
  uploaded: z.int(),
  breaks: z.array(breakSchema),
  town: totalsView.nullable(),
  till: totalsView,
  statementNumber: z.int().nullable(),
  /** Whether the night's copy of the books was made and read back; nothing in reports of before it was said. */
  backup: z.enum(['good', 'elsewhere', 'failed']).optional(),
  finishedAtMs: z.int().nullable(),
});
export type NightReport = z.infer<typeof nightReportSchema>;

export const screenSchema = z.object({
  revision: z.int(),
  townName: z.string(),
  shopName: z.string(),
  tillName: z.string(),
  hotline: z.string(),
  /** What hangs on the town's notice board today. */
  board: z.array(boardNoticeSchema),
  demo: z.boolean(),
  /** 练习: nothing on this screen counts, and every page and every slip says so. */
  practice: z.boolean(),
  phase: z.enum([
    'enrol',
    'signIn',
    'locked',
    'openShift',
    'selling',
    'paying',
    'paid',
    'closeShift',
    'evening',
    'stopped',
  ]),
  /** Why the till is stopped: each of these is a page of its own with what is safe and what to do. */
  stopped: z
    .enum(['journalDamaged', 'diskFull', 'ioError', 'newerDatabase', 'held', 'notAFolder', 'practiceLedger'])
    .nullable(),
  /** Who holds the folder, which version wrote it, which record is damaged: shown as it is. */
  stoppedDetail: z.string(),
  operator: z.object({ id: z.string(), mask: z.string(), role: z.enum(['cashier', 'manager']) }).nullable(),
  signInWaitUntilMs: z.int(),
  shift: z.object({ id: z.string(), number: z.int(), openedAtMs: z.int(), floatFen: fen, sales: z.int() }).nullable(),
  carriedFloatFen: fen,
  closing: z.object({ held: z.int(), unsent: z.int(), openLines: z.int(), shutDown: z.boolean() }).nullable(),
  evening: z
    .object({
      /** `look`: something went wrong that a person must see first. `byHand`: this host has no switch. */
      step: z.enum(['night', 'look', 'countdown', 'off', 'byHand']),
      slip: shiftSlipSchema.nullable(),
      report: nightReportSchema.nullable(),
      trouble: z.array(z.enum(['night', 'breaks', 'town', 'backup', 'quarantined', 'paper', 'powerOff'])),
      offAtMs: z.int().nullable(),
    })
    .nullable(),
  sale: z.object({
    id: z.string(),
    lines: z.array(screenLineSchema),
    selected: z.int(),
    quantityFirst: z.int().nullable(),
    pieces: z.int(),
    shelfFen: fen,
    totalFen: fen,
    discountFen: fen,
    member: screenMemberSchema.nullable(),
    /** A card that was used a moment ago and waits for a manager. */
    cardWaiting: z.object({ mask: z.string(), villageName: z.string(), seconds: z.int() }).nullable(),
    /** An item that waits for its weight. */
    weighing: foundItemSchema.nullable(),
    choices: z.array(foundItemSchema),
    adultsOnly: z.boolean(),
  }),
  /** The PIN that a customer is asked for; `left` are tries. Never what was typed. */
  pin: z
    .object({
      ask: z.string(),
      mask: z.string(),
      state: z.enum(['asked', 'checking', 'wrong', 'locked', 'none', 'unreachable']),
      left: z.int().nullable(),
    })
    .nullable(),
  pay: screenPaySchema.nullable(),
  paid: screenPaidSchema.nullable(),
  held: z.array(heldSaleSchema),
  notice: noticeSchema.nullable(),
  status: statusSchema,
  counter: counterSchema,
  policy: z.object({ mobileChannels: z.array(z.object({ code: z.string(), name: z.string() })) }),
  /** Whether a customer page is watching: it speaks then, and the cashier's page does not. */
  customerPage: z.boolean(),
  /** How the till speaks; `tries` grows with each sample that was asked for. */
  voice: z.object({ mode: z.enum(['off', 'voice', 'recorded']), tries: z.int() }),
});
export type Screen = z.infer<typeof screenSchema>;

/** What a page that follows is told: the whole screen at first, then what is different from the one before. */
export type ScreenNews = Readonly<{ screen: Screen }> | Readonly<{ changes: readonly Change[] }>;

/** The lines of a sale and which of them is meant. */
export type BasketLines = Pick<Screen['sale'], 'lines' | 'selected'>;

/** What a scan would make of the lines on the screen of this revision. */
export type LookedAhead = Readonly<{ revision: number; changes: readonly Change[] }>;

export const receiptRowSchema = z.object({
  receipt: z.string(),
  kind: z.enum(['sale', 'refund']),
  atMs: z.int(),
  totalFen: fen,
  pointsUsed: z.int(),
  mask: z.string().nullable(),
  operator: z.string(),
  lines: z.int(),
  firstName: z.string(),
  unsent: z.boolean(),
});

export const stockRowSchema = z.object({
  item: z.string(),
  code: z.string(),
  name: z.string(),
  spec: z.string(),
  unit: z.string(),
  per: perSchema,
  category: z.string(),
  priceFen: fen.nullable(),
  costFen: fen.nullable(),
  stock: z.int(),
  lowStock: z.int().nullable(),
});

/** What a night leaves behind on a stick, or brings back from it. */
const exchangeFile = z.string().max(EXCHANGE_CHARACTERS_MAX);

const importReportFields = {
  read: z.int(),
  imported: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  rejected: z.array(z.object({ row: z.int(), code: z.string(), reason: z.string() })),
};

/** Of a sale: what may still come back per line. */
const soldLineSchema = z.object({
  line: z.int(),
  name: z.string(),
  unit: z.string(),
  per: perSchema,
  bought: z.int(),
  returned: z.int(),
  /** Nothing of it is left to take back. */
  gone: z.boolean(),
  /** What of it may still be exchanged. */
  exchangeable: z.int(),
  wholeOnly: z.boolean(),
  payFen: fen,
});

export const dueTagSchema = z.object({
  item: z.string(),
  code: z.string(),
  name: z.string(),
  spec: z.string(),
  unit: z.string(),
  per: perSchema,
  priceFen: fen,
  changedAtMs: z.int(),
});

const recordingSchema = z.object({ isRunning: z.boolean(), lines: z.int() }).nullable();

/** A code that a device read, on its way to the page that wants it. */
export type DeviceScan = Readonly<{ code: string }>;

/** A card that a reader read, on its way to the page that tries readers. */
export type DeviceCard = Readonly<{ token: string }>;

/** What a card would be at the sale: the number that members are looked up by, and whose it is or why it does not count. */
const triedCardSchema = z.object({
  number: z.string(),
  member: z.string().nullable(),
  refusal: refusalSchema.nullable(),
});
export type TriedCard = z.infer<typeof triedCardSchema>;

const input = <T extends z.ZodType>(schema: T) => oc.input(schema);

export const tillContract = {
  /** The only way to change anything. */
  send: oc.input(commandSchema).output(answerSchema),
  /** The screen now, then again at each change. It is not judged once more on its way out: every scan would wait for it. */
  watch: oc.output(eventIterator(type<Screen>())),
  /** The same in the fewest words, for a page. */
  follow: oc
    .input(z.object({ page: z.enum(['staff', 'customer']) }).optional())
    .output(eventIterator(type<ScreenNews>())),
  /**
   * What the lines would be if this code was scanned now, for a page whose scanner has not typed the last of it; null
   * where a scan would do more than add its goods. It changes nothing, and no scan needs it.
   */
  lookAhead: oc.input(z.object({ code: z.string().max(CODE_CHARACTERS_MAX) })).output(type<LookedAhead | null>()),
  /**
   * Codes that devices read, for a dialog that wants them: while a page listens here they come to it and to nobody else.
   * The page that began last is the one.
   */
  scans: oc.output(eventIterator(type<DeviceScan>())),
  /** Cards that devices read, for a manager who tries readers: while a page listens here no card comes to the sale. */
  cards: oc.output(eventIterator(type<DeviceCard>())),
  /** What a card would be at the sale, which hears nothing of it; null for whoever is no manager. */
  tryCard: input(z.object({ code: z.string().max(200) })).output(triedCardSchema.nullable()),
  search: input(z.object({ text: z.string().max(60), limit: z.int().min(1).max(200) })).output(
    z.array(foundItemSchema),
  ),
  /** Members by the last six digits of a card, by initials of village and name, or by their number. */
  findMembers: input(z.object({ text: z.string().max(64) })).output(z.array(foundMemberSchema)),
  receipts: input(
    z.object({ day: z.string().nullable(), text: z.string().max(60), limit: z.int().min(1).max(500) }),
  ).output(z.array(receiptRowSchema)),
  receipt: input(z.object({ receipt: z.string() })).output(
    z
      .object({
        receipt: receiptSchema,
        kind: z.enum(['sale', 'refund']),
        lines: z.array(soldLineSchema),
        needsManager: z.boolean(),
        /** How the money of a sale came in, and whether that may still be put right; null of a refund. */
        tenders: tendersSchema.extend({ mendable: z.boolean() }).nullable(),
      })
      .nullable(),
  ),
  /** A sale to take back: this till's own, or any other's as the town tells it. */
  refundable: input(z.object({ receipt: z.string().max(80) })).output(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('sale'),
        receipt: receiptSchema,
        lines: z.array(soldLineSchema),
        needsManager: z.boolean(),
        /** Not this chain's own sale: it comes back only with the town's claim. */
        fromTown: z.boolean(),
      }),
      z.object({ kind: z.literal('refused'), reason: refusalSchema }),
    ]),
  ),
  /** What a refund would give back, before it is done. */
  previewRefund: input(
    z.object({
      receipt: z.string(),
      lines: z.array(z.object({ line: z.int().min(0), quantity: returnedQuantity })).min(1),
    }),
  ).output(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('preview'),
        pointsBack: z.int(),
        mobileBackFen: fen,
        cashBackFen: fen,
        /** Whether these goods come back only with a manager. */
        needsManager: z.boolean(),
      }),
      z.object({ kind: z.literal('refused'), reason: refusalSchema }),
    ]),
  ),
  stock: input(
    z.object({
      text: z.string().max(60),
      only: z.enum(['all', 'low', 'unpriced', 'expiring']),
      category: z.string().nullable(),
      offset: z.int().min(0),
      limit: z.int().min(1).max(500),
    }),
  ).output(z.object({ rows: z.array(stockRowSchema), total: z.int() })),
  item: input(z.object({ item: z.string() })).output(
    z
      .object({
        item: itemSchema,
        stock: z.int(),
        prices: z.array(
          z.object({
            atMs: z.int(),
            which: z.string(),
            beforeFen: fen.nullable(),
            afterFen: fen.nullable(),
            operator: z.string().nullable(),
          }),
        ),
        movements: z.array(z.object({ atMs: z.int(), kind: z.string(), delta: z.int(), document: z.string() })),
        batches: z.array(
          z.object({ batch: z.string(), receivedAtMs: z.int(), quantity: z.int(), expiresOn: z.string().nullable() }),
        ),
      })
      .nullable(),
  ),
  categories: oc.output(z.array(z.string())),
  /** Goods that a hand wants without a code: sold often, sold just now, or loose (of one category, or of all). */
  handy: input(z.object({ which: z.enum(['frequent', 'recent', 'loose']), category: z.string().nullable() })).output(
    z.array(handyItemSchema),
  ),
  /** Categories that hold loose goods, the fullest first. */
  looseCategories: oc.output(z.array(z.string())),
  /** What one unit of an item costs with each number of stars, from 0 up; nothing for what has no price. */
  starPrices: input(z.object({ item: z.string() })).output(z.array(z.object({ stars: z.int(), payFen: fen }))),
  shiftReport: oc.output(
    z
      .object({
        shift: z.string(),
        number: z.int(),
        openedAtMs: z.int(),
        operator: z.string(),
        floatFen: fen,
        totals: totalsView,
        cashInFen: fen,
        cashOutFen: fen,
        /** Cash moves of this shift, newest first; one that was undone stays and says so. */
        moves: z.array(
          z.object({
            id: z.string(),
            direction: z.enum(['in', 'out']),
            amountFen: fen,
            reason: z.string(),
            atMs: z.int(),
            undone: z.boolean(),
          }),
        ),
      })
      .nullable(),
  ),
  /**
   * The slip of a shift, open or closed; null names the newest. A cashier sees the shifts they had a part in, a manager
   * all (peers 51). `earlier` and `later` are the shifts beside it that may be seen.
   */
  shiftSlip: input(z.object({ shift: id.nullable() })).output(
    z.object({ slip: shiftSlipSchema, earlier: z.string().nullable(), later: z.string().nullable() }).nullable(),
  ),
  /** Balance and last movements of whose card is in the hand: the town's, or what this till knows while it is silent. */
  pointsSlip: oc.output(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('slip'), slip: pointsSlipSchema }),
      z.object({ kind: z.literal('refused'), reason: refusalSchema }),
    ]),
  ),
  lastShift: oc.output(
    z
      .object({
        shift: z.string(),
        number: z.int(),
        closedAtMs: z.int(),
        expectedFen: fen,
        countedFen: fen,
        differenceFen: fen,
        sales: z.int(),
        held: z.int(),
        unsent: z.int(),
      })
      .nullable(),
  ),
  operators: oc.output(
    z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        role: z.enum(['cashier', 'manager']),
        active: z.boolean(),
        hasCard: z.boolean(),
        hasOwnCard: z.boolean(),
      }),
    ),
  ),
  /** Runs the night now, or joins the one that runs, and answers its report. */
  night: oc.output(nightReportSchema),
  /** The night without a network: closes the day and answers the file that goes to the town. `code` enrols the till. */
  exchangeOut: input(z.object({ code: z.string().min(6).max(40).nullable() })).output(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('made'),
        file: exchangeFile,
        fileName: z.string(),
        number: z.int(),
        records: z.int(),
        /** Records that did not fit and go with the next file. */
        left: z.int(),
      }),
      z.object({ kind: z.literal('refused'), reason: z.enum(['notEnrolled', 'diskFull', 'practising']) }),
    ]),
  ),
  /** Takes the town's answer to such a file. `manager` is the first manager of a till that is enrolled by it. */
  exchangeIn: input(
    z.object({ file: exchangeFile, manager: z.object({ name: z.string().min(1).max(40), pin }).nullable() }),
  ).output(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('applied'),
        number: z.int(),
        enrolled: z.boolean(),
        /** What stopped a part of it; the rest is applied, and the next file makes up for it. */
        trouble: z.string().nullable(),
        report: nightReportSchema.nullable(),
      }),
      z.object({ kind: z.literal('already'), number: z.int() }),
      z.object({
        kind: z.literal('refused'),
        reason: z.enum([...exchangeRefusals, 'managerWanted', 'diskFull', 'practising']),
      }),
    ]),
  ),
  /** Earlier incarnations of this till, and whether here and at the town the same is held of each. */
  earlier: oc.output(
    z.array(
      z.object({
        incarnation: z.int(),
        records: z.int(),
        state: z.enum(['waiting', 'equal', 'forked', 'unreadable']),
        townSeq: z.int().nullable(),
        fetched: z.int(),
      }),
    ),
  ),
  /** Takes a CSV (UTF-8 or GBK) or Excel file as it is, base64; safe to run again. */
  importItems: input(z.object({ fileName: z.string().max(200), base64: z.string().max(30_000_000) })).output(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('imported'), ...importReportFields }),
      z.object({
        kind: z.literal('refused'),
        reason: z.enum(['unreadableFile', 'noCodeColumn', 'noNameColumn', 'empty', 'diskFull', 'managerOnly']),
      }),
    ]),
  ),
  /** Walks the whole chain on a connection of its own. */
  verify: oc.output(
    z.object({
      state: z.enum(['sound', 'damaged']),
      records: z.int(),
      incarnations: z.int(),
      headHash: z.string(),
      fault: z.string().nullable(),
      atSeq: z.int().nullable(),
    }),
  ),
  /** Rebuilds every projection from the journal and says whether the rows are identical. */
  rebuild: oc.output(
    z.object({
      identical: z.boolean(),
      tables: z.array(z.object({ table: z.string(), rows: z.int(), identical: z.boolean() })),
    }),
  ),
  /**
   * Writes what an auditor takes away into a folder of this machine that is empty or not there yet; business days, both
   * inclusive, null for all there is. Nothing that stands in the folder is ever touched.
   */
  exportTo: input(
    z.object({ folder: z.string().min(1).max(1_000), from: z.iso.date().nullable(), to: z.iso.date().nullable() }),
  ).output(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('exported'),
        records: z.int(),
        incarnations: z.int(),
        statements: z.int(),
        townKeyFingerprint: z.string(),
      }),
      z.object({
        kind: z.literal('refused'),
        reason: z.enum(['noRecords', 'folderNotEmpty', 'cannotWrite', 'journalDamaged', 'managerOnly', 'practising']),
        detail: z.string(),
      }),
    ]),
  ),
  /** Goods whose shelf price is another than the one on their tag. */
  tagsDue: input(z.object({ limit: z.int().min(1).max(500) })).output(
    z.object({ rows: z.array(dueTagSchema), total: z.int() }),
  ),
  /** The counter's devices, for the set-up page; null for whoever is no manager, and where none can be set up. */
  devices: oc.output(
    z.object({ settings: deviceSettingsSchema, heard: z.array(heardSchema), recording: recordingSchema }).nullable(),
  ),
  findDevices: oc.output(foundSchema.nullable()),
  saveDevices: input(deviceSettingsSchema).output(z.enum(['saved', 'managerOnly', 'notKept'])),
  tryDevice: input(z.object({ what: tryWhatSchema })).output(z.enum(['done', 'failed', 'managerOnly'])),
  recordDevices: input(z.object({ on: z.boolean(), keepCards: z.boolean() })).output(z.enum(['done', 'managerOnly'])),
  deviceRecording: oc.output(z.string().nullable()),
  /** The morning page: the last nights, newest first. */
  nights: input(z.object({ limit: z.int().min(1).max(60) })).output(z.array(nightReportSchema)),
  /** The words that were recorded for this till, each as the bytes of its file. */
  recordings: oc.output(z.array(z.object({ word: z.string(), base64: z.string() }))),
  /** For the demo strip and the first page of a newcomer; empty outside a demo shop. */
  demo: oc.output(
    z
      .object({
        pins: z.array(z.object({ role: z.string(), name: z.string(), pin: z.string() })),
        cards: z.array(z.object({ token: z.string(), label: z.string() })),
        items: z.array(z.object({ code: z.string(), name: z.string() })),
        weighed: z.array(z.object({ item: z.string(), code: z.string(), name: z.string() })),
      })
      .nullable(),
  ),
};
export type TillContract = typeof tillContract;
