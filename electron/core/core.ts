import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { assertNever, must } from '../../shared/assert.ts';
import { changesBetween } from '../../shared/changes.ts';
import { keysOf, keyWords } from '../../shared/counter.ts';
import { policyOn, type Policy } from '../../shared/policy.ts';
import { businessDayOf, MINUTE_MS } from '../../shared/time.ts';
import type {
  Answer,
  Approval,
  Command,
  DeviceCard,
  DeviceScan,
  LookedAhead,
  Notice,
  Screen,
  Status,
} from '../../shared/till-contract.ts';
import { createAudit } from './audit.ts';
import { createBoard } from './board.ts';
import { createCatalogue } from './catalogue.ts';
import { createCheckout, type Say } from './checkout.ts';
import { createClaims } from './claims.ts';
import { createCounterSettings } from './counter-settings.ts';
import { createCustomerPin } from './customer-pin.ts';
import { createCounting } from './counting.ts';
import { createDrawerWatch } from './drawer-watch.ts';
import { enrol, nextIncarnation } from './enrolment.ts';
import { createEvening } from './evening.ts';
import { createExchangeFile } from './exchange-file.ts';
import { holdFolder, type Holder } from './folder.ts';
import { createGoodsExchange } from './goods-exchange.ts';
import { createHandyGoods } from './handy-goods.ts';
import { importItems } from './import.ts';
import { createJudgedClock } from './judged-clock.ts';
import { createKeeper, keepName, type Keeper } from './keeper.ts';
import { createLabels } from './labels.ts';
import { diskTrouble } from './ledger/database.ts';
import { openLedger, type Ledger, type RecordDraft, type Recorded } from './ledger/ledger.ts';
import { createReplicas } from './ledger/replicas.ts';
import { createLock, type KeptScan } from './lock.ts';
import { createMembers } from './members.ts';
import { createNight } from './night.ts';
import { createSaleFile } from './open-sale.ts';
import { createOperators } from './operators.ts';
import { createPeriods } from './periods.ts';
import { createPointsSlips } from './points-slips.ts';
import { furnishPractice, isPracticeLedger, practiceTown } from './practice.ts';
import { createReceipts, type Refunded } from './receipts.ts';
import { createReceiving } from './receiving.ts';
import { createRouter, stoppedRouter, stoppedScreen, type TillRouter } from './router.ts';
import { createScans } from './scans.ts';
import { createScreens } from './screens.ts';
import { maskName, readShop } from './shop.ts';
import { createCardReports } from './card-reports.ts';
import { createRoster } from './roster.ts';
import { createShifts } from './shifts.ts';
import { createSlips } from './slips.ts';
import { done, refuse, type Operator, type Till } from './till.ts';
import { createTenderChange } from './tender-change.ts';
import { createTownClient } from './town-client.ts';
import { createVoice } from './voice.ts';
import { createWaste } from './waste.ts';
import { isPractice, type World } from './world.ts';

/** Why a till cannot open its folder; each is a page of its own, and nothing in the folder was touched. */
export type OpenRefusal = NonNullable<Screen['stopped']>;

export type Core = Readonly<{
  router: TillRouter;
  announce: (holder: Readonly<{ url: string; token: string }>) => void;
  close: () => Promise<void>;
}>;

export type Opened =
  | Readonly<{ kind: 'opened'; core: Core }>
  | Readonly<{ kind: 'refused'; reason: OpenRefusal; detail: string; holder: Holder | null; router: TillRouter }>;

/** After this long without a record the newest ones go up; so a basket's worth of taps makes one batch. */
const UPLOAD_AFTER_MS = 800;
const PULSE_MS = 20_000;
/** A missed night is caught up this long after the start, behind the first scans. */
const CATCH_UP_AFTER_MS = 4_000;
const PREPARE_SEARCH_AFTER_MS = 1_500;
const RECOVER_AFTER_MS = 3_000;
/** A disk with less than this is said on the screen before it is full. */
const STATUS_MS = 5_000;
/** After this long without a command nobody waits for the disk. */
const IDLE_MS = 4_000;
/** Where the numbers of the notices of practice begin. */
const PRACTICE_NOTICES = 1_000_000;
/** How long a closing till waits for what is under way with the town; whatever is cut is done again. */
const CLOSE_WAITS_MS = 2_000;

/** Opens a till on its folder. The one place where the nouns of the core are made and told of each other. */
export function openCore(world: World): Opened {
  const held = holdFolder(world.dataFolder, world.processId);
  if (held.kind === 'refused') return refusedOpening(held.reason, held.detail, held.holder);
  try {
    mkdirSync(world.keepFolder, { recursive: true, mode: 0o700 });
  } catch (error) {
    held.folder.release();
    return refusedFor(error);
  }
  const opened = openLedger(join(world.dataFolder, 'ledger.sqlite'), world.crypto.hash);
  if (opened.kind === 'refused') {
    held.folder.release();
    return refusedOpening(opened.reason, opened.detail, null);
  }
  if (isPracticeLedger(opened.ledger) !== isPractice(world)) {
    opened.ledger.close();
    held.folder.release();
    return refusedOpening('practiceLedger', world.dataFolder, null);
  }
  try {
    return { kind: 'opened', core: runCore(world, opened.ledger, held.folder) };
  } catch (error) {
    opened.ledger.close();
    held.folder.release();
    return refusedFor(error);
  }
}

/** A disk that refuses at the start has its page too; anything else is a bug. */
function refusedFor(error: unknown): Opened {
  const trouble = diskTrouble(error);
  if (trouble === null) throw error;
  return refusedOpening(trouble, error instanceof Error ? error.message : '', null);
}

function refusedOpening(reason: OpenRefusal, detail: string, holder: Holder | null): Opened {
  return { kind: 'refused', reason, detail, holder, router: stoppedRouter(reason, detail) };
}

function runCore(world: World, ledger: Ledger, folder: { announce: Core['announce']; release: () => void }): Core {
  const replicas = createReplicas(ledger);
  const fallback = world.policy;
  let policies: Policy[] = replicas.policies();
  let operator: Operator | null = null;
  let notice: Notice | null = null;
  let closing: Screen['closing'] = null;
  let stopped: Screen['stopped'] = null;
  let stoppedDetail = '';
  let uploadAt: (() => void) | null = null;
  let open = true;
  const practising = isPractice(world);
  let diskFreeBytes: number | null = null;

  const policyLimits = () => policyOn(policies, '9999-12-31')?.clock ?? fallback.clock;
  let jump: Readonly<{ jumpMs: number; seenMs: number; wallMs: number }> | null = null;
  let ready = false;
  const clock = createJudgedClock(world.clock, ledger, policyLimits, (jumpMs, seenMs, wallMs) => {
    jump = { jumpMs, seenMs, wallMs };
    // The clock may be wrong from the first look at it on, before there is anything to record it with.
    if (ready) noteJump();
  });
  const noteJump = (): void => {
    if (jump === null) return;
    const body = jump;
    if (ledger.identity() !== null) {
      ledger.transaction(() => {
        till.record({ kind: 'clock', id: world.newId(), operator: operator?.id ?? null, body });
        clock.persist();
      });
    }
    // Only now: what a failing disk did not take is noted at the next command.
    jump = null;
    say('warn', 'clockSuspect');
  };

  let atMs = clock.atMs();
  /** A command asks a dozen times what day it is and by which policy. */
  let today: Readonly<{ atMs: number; policies: readonly Policy[]; day: string; policy: Policy }> | null = null;
  const todayNow = () => {
    if (today === null || today.atMs !== atMs || today.policies !== policies) {
      const day = businessDayOf(atMs, (policyOn(policies, '9999-12-31') ?? fallback).businessDay.endsAt);
      today = { atMs, policies, day, policy: policyOn(policies, day) ?? fallback };
    }
    return today;
  };
  const businessDay = (): string => todayNow().day;

  let keeper: Keeper | null = null;
  const keepOf = (name: string): Keeper => {
    keeper ??= createKeeper(world.keepFolder, world.dataFolder, name, world.crypto);
    return keeper;
  };
  const ownKeeper = (): Keeper => {
    if (keeper !== null) return keeper;
    const identity = ledger.identity();
    must(identity !== null, 'a till that has no name yet keeps nothing');
    return keepOf(keepName(identity.town, identity.till, readShop(ledger).townKey, world.crypto));
  };
  // Only what is on disk may raise the mark: a mark ahead of its journal would wrongly end an incarnation.
  ledger.onCommit((head) => {
    try {
      if (ledger.identity() !== null) ownKeeper().raise(head);
    } catch (error) {
      // The record is on disk already; a mark that is behind only says less.
      world.log(`the mark was not raised: ${error instanceof Error ? error.message : ''}`);
    }
  });
  const sign = () => {
    const identity = ledger.identity();
    const keys = identity === null ? null : ownKeeper().keys(identity.incarnation);
    must(keys !== null, 'the key of this incarnation is not in its place');
    return world.crypto.signWith(keys.privateKey);
  };

  const till: Till = {
    world,
    ledger,
    replicas,
    atMs: () => atMs,
    businessDay,
    policy: () => todayNow().policy,
    operator: () => operator,
    record: <K extends RecordDraft['kind']>(draft: RecordDraft<K>): Recorded => {
      // A day that ended without its night is closed before the first fact of the next one.
      if (periods.isOverdueFor(draft.kind)) periods.close('any');
      const recorded = ledger.transaction(() => {
        const result = ledger.record(draft, atMs, businessDay());
        if (result.kind === 'conflict') {
          ledger.record(
            {
              kind: 'idConflict',
              id: world.newId(),
              operator: operator?.id ?? null,
              body: { id: draft.id, kind: draft.kind },
            },
            atMs,
            businessDay(),
          );
        }
        return result;
      });
      uploadSoon();
      screens.changed();
      return recorded;
    },
    codeOf: (text) => {
      const trimmed = text.trim();
      if (/^[a-zA-Z]*$/.test(trimmed)) return trimmed;
      // The same words keep their digest, so that a document which is sent again is the same document.
      const known = ledger.get<{ digest: string }>('SELECT digest FROM side_text WHERE text = ?', trimmed);
      if (known !== undefined) return known.digest;
      const salt = world.newId();
      const digest = world.crypto.hash(new TextEncoder().encode(`${salt}\0${trimmed}`));
      ledger.run('INSERT INTO side_text (digest, salt, text) VALUES (?, ?, ?)', digest, salt, trimmed);
      return digest;
    },
  };

  // A page hears notices of both, one after the other, and takes one of the same number for the same.
  let noticeCount = practising ? PRACTICE_NOTICES : 0;
  const say: Say = (tone, text, values = {}) => {
    noticeCount += 1;
    notice = { id: noticeCount, tone, text, values };
    screens.changed();
  };

  const screens = createScreens(() => screen());
  /** Read once and again when the till joins a town: every screen names the shop. */
  let shop = readShop(ledger);
  const changed = (): void => screens.changed();

  const periods = createPeriods(till, sign);
  const members = createMembers(till);
  const board = createBoard(till);
  const realTown = createTownClient(
    till,
    board,
    clock,
    sign,
    (work) => background(work),
    () => {
      policies = replicas.policies();
      checkout?.repriced();
      changed();
    },
  );
  const town = practising ? practiceTown(realTown, till, members) : realTown;
  const settings = createCounterSettings(ledger);
  const catalogue = createCatalogue(till);
  const operators = createOperators(
    till,
    (token) => catalogue.byCode(token) !== null || members.cardBehind(token) !== null,
    (token) => members.cardBehind(token)?.member ?? null,
  );
  const lock = createLock(till);
  const shifts = createShifts(till);
  /** The record that last changed an item or a price: which catalogue a sale was priced by. */
  const catalogueVersion = (): number => ledger.tip().catalogueN;
  const shiftId = (): string | null => shifts.current()?.id ?? null;
  const claims = createClaims(
    world.clock,
    town,
    (work) => alone(work),
    (work) => background(work),
  );
  const receipts = createReceipts(till, members, operators, shiftId, claims, board.receiptLine);
  const exchanges = createGoodsExchange(till, receipts, shiftId);
  const tenderChanges = createTenderChange(till, receipts, shiftId);
  const receiving = createReceiving(till, catalogue);
  const counting = createCounting(till, catalogue);
  const waste = createWaste(till, catalogue);
  const audit = createAudit(till, sign);
  const voice = createVoice(ledger, world.dataFolder);
  const labels = createLabels(till, catalogue);
  const slips = createSlips(ledger);
  const saleFile = createSaleFile(world.dataFolder, world.crypto.hash, world.clock);
  let checkout: ReturnType<typeof createCheckout> | null = null;
  const customerPin = createCustomerPin({
    world,
    check: town.checkPin,
    proven: (document, member) => checkout?.pinProven(document, member),
    changed,
  });
  checkout = createCheckout({
    till,
    catalogue,
    members,
    operators,
    receipts,
    saleFile,
    slips,
    say,
    shiftId,
    topUp: town.topUp,
    isToppingUp: town.isToppingUp,
    clockSuspect: clock.suspect,
    cardNumber: () => settings.now().cardNumber,
    keyOf: (which) => keyWords(keysOf(settings.now().keys)[which]),
    catalogueVersion,
    pin: customerPin,
    changed,
    soon: (work) => void world.clock.later(0, () => background(() => Promise.resolve(work()))),
  });
  const counter = checkout;
  const pointsSlips = createPointsSlips({
    till,
    members,
    counter,
    ask: town.movements,
    alone: (work) => alone(work),
    isAttended: () => operator !== null && !lock.isLocked(),
  });
  const cardReports = createCardReports({
    till,
    say,
    tokenOf: counter.tokenOf,
    isTaken: (token) =>
      catalogue.byCode(token) !== null || members.cardBehind(token) !== null || operators.byCard(token) !== null,
    hashOf: members.hashOf,
    ask: town.reportCard,
  });
  /** Reports of cards, and at once the list that their answers have changed. */
  const askForCards = async (isFirst: boolean): Promise<void> => {
    if (await cardReports.askAll(isFirst)) await town.refresh();
  };
  const files = createExchangeFile(till, town, cardReports, keepOf);
  const night = createNight(
    till,
    periods,
    town,
    files,
    () => askForCards(false),
    (target) => audit.copyTo(target),
    changed,
  );
  const evening = createEvening(till, {
    night: () => alone(night.run),
    quarantined: town.quarantined,
    background: (work) => background(work),
    isStopped: () => stopped !== null,
    changed,
  });

  // A folder that was restored, copied or moved goes on as a new incarnation, for money at once (invariant 11).
  const identity = ledger.identity();
  if (identity !== null) {
    const isRestored = (ledger.setting('restored') ?? '') !== '';
    const verdict = isRestored ? 'restored' : ownKeeper().judge(ledger.head());
    if (verdict !== 'continue') {
      counter.copied();
      nextIncarnation(till, ownKeeper(), verdict === 'moved' ? 'moved' : 'restored');
      town.ackOfNewIncarnation();
    }
  }
  const signedIn = ledger.setting('signedIn');
  if (signedIn !== null && signedIn !== '') operator = operators.byId(signedIn);
  // Who was signed in when the machine was switched off long ago is not who switches it on.
  if (operator !== null && lock.isLeftAlone(lock.lastRecordMs())) lock.lock();

  // --- Screen --------------------------------------------------------------------------------------------------------

  const phaseOf = (): Screen['phase'] => {
    if (stopped !== null) return 'stopped';
    if (ledger.identity() === null) return 'enrol';
    if (evening.now() !== null) return 'evening';
    if (operator === null) return 'signIn';
    if (lock.isLocked()) return 'locked';
    if (closing !== null) return 'closeShift';
    if (shifts.current() === null) return 'openShift';
    return counter.phase();
  };

  const drawerWatch = createDrawerWatch();
  const statusOf = (): Status => {
    const devices = world.devices;
    return {
      nowMs: world.clock.nowMs(),
      town: town.state(),
      townHeardMs: town.heardMs(),
      unsent: town.unsent(),
      quarantined: town.quarantined(),
      snapshotAsOfMs: replicas.heardMs() || null,
      termEndMs: members.openTerm()?.endMs ?? null,
      printer: devices.printer,
      slipsWaiting: slips.waiting().length,
      drawer: devices.drawer,
      drawerForgotten: drawerWatch.isForgotten(),
      scale: devices.scale,
      otherDevices: [...devices.others],
      simulated: devices.simulated,
      poleDisplay: devices.shown(),
      weightGrams: devices.weightGrams(),
      diskFreeBytes,
      clock: clock.state(),
      clockOffMs: clock.offMs(),
      night: night.isRunning() ? 'running' : (night.lastReport()?.state ?? 'none'),
      catalogueVersion: catalogueVersion(),
      policyVersion: till.policy().version,
    };
  };

  let lastStatus: Status | null = null;
  /** What changes with time only is made anew at most once a second, so that a burst of scans does not pay for it. */
  const cachedStatus = (): Status => {
    const nowMs = world.clock.nowMs();
    if (lastStatus === null || Math.abs(nowMs - lastStatus.nowMs) > 1_000) lastStatus = statusOf();
    return {
      ...lastStatus,
      unsent: town.unsent(),
      town: town.state(),
      weightGrams: world.devices.weightGrams(),
      slipsWaiting: slips.waiting().length,
    };
  };

  /** What stood on the screen when the till had to stop; its ledger is closed and cannot be asked any more. */
  let whenStopped: Omit<Screen, 'revision'> | null = null;

  const screen = (): Omit<Screen, 'revision'> => {
    if (whenStopped !== null)
      return {
        ...whenStopped,
        phase: 'stopped',
        stopped,
        stoppedDetail,
        pin: null,
        pay: null,
        paid: null,
        closing: null,
        evening: null,
      };
    try {
      // One transaction for all that a screen asks of the ledger: each question alone would take the lock anew.
      return ledger.transaction(screenNow);
    } catch (error) {
      // The first look after a record folds it, and may be what meets a failing disk.
      const trouble = diskTrouble(error);
      if (trouble === null) throw error;
      stop(trouble, error instanceof Error ? error.message : '');
      return screen();
    }
  };

  const screenNow = (): Omit<Screen, 'revision'> => {
    const shift = shifts.current();
    return {
      townName: shop.townName,
      shopName: shop.shopName,
      tillName: shop.tillName,
      hotline: shop.hotline,
      board: board.today(),
      demo: world.demo !== null,
      practice: practising,
      phase: phaseOf(),
      stopped,
      stoppedDetail,
      operator: operator === null ? null : { id: operator.id, mask: maskName(operator.name), role: operator.role },
      signInWaitUntilMs: operators.waitUntilMs(),
      shift:
        shift === null
          ? null
          : {
              id: shift.id,
              number: shift.number,
              openedAtMs: shift.opened_at_ms,
              floatFen: shift.float_fen,
              sales: shift.sales,
            },
      carriedFloatFen: shifts.carriedFen(),
      closing,
      evening: evening.now(),
      ...counter.screen(),
      notice,
      status: cachedStatus(),
      counter: settings.now(),
      policy: { mobileChannels: till.policy().mobileChannels },
      customerPage: screens.customerPage(),
      voice: voice.screen(),
    };
  };

  // --- Commands ------------------------------------------------------------------------------------------------------

  const signInByPin = (pin: string): Answer => {
    const found = operators.byPin(pin);
    if (found.kind === 'found') return signIn(found.operator, 'pin');
    say(
      'bad',
      found.reason,
      found.detail === undefined ? {} : { seconds: Math.ceil((found.detail['waitMs'] ?? 0) / 1_000) },
    );
    return found;
  };

  /** Whoever comes takes the till over as it stands, sale and shift included. */
  const signIn = (next: Operator, by: 'pin' | 'card'): Answer => {
    if (operator !== null && operator.id !== next.id) operators.recordSignIn(operator.id, 'out');
    operator = next;
    evening.leave();
    ledger.setSetting('signedIn', next.id);
    const kept = lock.open();
    say('good', 'signedIn', { mask: maskName(next.name) });
    const answer = operators.recordSignIn(next.id, 'in', by);
    addKept(kept);
    return answer;
  };

  /** No scan is lost: what came while the screen was locked is rung up now, and said. */
  const addKept = (kept: readonly KeptScan[]): void => {
    if (kept.length === 0) return;
    const added = kept.filter(({ code, source }) => scan(code, source).kind === 'done').length;
    say('warn', 'keptScansAdded', { added, refused: kept.length - added });
  };

  const lockScreen = (): Answer => {
    if (operator === null) return refuse('notSignedIn');
    lock.lock();
    say('info', 'screenLocked');
    return done;
  };

  /** A locked till knows its people, keeps what is scanned, and refuses everything else. */
  const whileLocked = (command: Command): Answer | null => {
    switch (command.kind) {
      case 'signIn':
      case 'lock':
      case 'endPractice':
      case 'simulateNetwork':
      case 'simulate':
        return null;
      case 'scan': {
        const found = operators.byCard(command.code);
        if (found !== null) return signIn(found, 'card');
        if (!lock.keep(command)) return refuseLocked();
        say('warn', 'scanKept', { count: lock.keptCount() });
        return refuse('locked');
      }
      default:
        return refuseLocked();
    }
  };

  const refuseLocked = (): Answer => {
    say('bad', 'locked');
    return refuse('locked');
  };

  const scan = (code: string, source: KeptScan['source']): Answer => {
    // Before it, because what an older record has still to write must not undo a scan that stands on the screen.
    ledger.catchUp();
    return ledger.transaction(() => atTheCounter(() => counter.scan(code, source)));
  };

  /** A page asks while its scanner still types. It is a look and no command, so a disk that fails here is met later. */
  const lookAhead = (code: string): LookedAhead | null => {
    if (phaseOf() !== 'selling') return null;
    const { revision, sale } = screens.now();
    const next = ledger.transaction(() => counter.lookAhead(code));
    if (next === null) return null;
    return { revision, changes: changesBetween({ lines: sale.lines, selected: sale.selected }, next) };
  };

  /** Where nobody is signed in a code can only be a staff card. */
  const signInByCard = (code: string): Answer => {
    const found = ledger.identity() === null ? null : operators.byCard(code);
    if (found !== null) return signIn(found, 'card');
    say('bad', 'notSignedIn');
    return refuse('notSignedIn');
  };

  const signOut = (): Answer => {
    if (operator === null) return done;
    const leaving = operator.id;
    operator = null;
    closing = null;
    ledger.setSetting('signedIn', '');
    say('info', 'signedOut');
    return operators.recordSignIn(leaving, 'out');
  };

  const spoken = (answer: Answer, text: string, values: Record<string, string | number> = {}): Answer => {
    if (answer.kind === 'done') say('good', text, values);
    else if (answer.reason !== 'needsManager') say('bad', answer.reason, answer.detail ?? {});
    return answer;
  };

  /**
   * What a manager allows: at once when one is signed in, otherwise with the PIN or staff card of one. Who it was stands
   * in the record of what was done (invariant 31).
   */
  const approved = (approval: Approval, work: (operator: Operator, by: string) => Answer): Answer => {
    if (operator === null) return refuse('notSignedIn');
    const allowed = operators.allowedBy(operator, approval);
    return allowed.kind === 'refused' ? allowed : work(operator, allowed.by);
  };

  const openDrawer = (operator: Operator, by: string): Answer => {
    if (practising) {
      say('info', 'drawerStaysShut');
      return done;
    }
    till.record({
      kind: 'override',
      id: world.newId(),
      operator: operator.id,
      body: { what: 'drawer', document: '', by, detail: {} },
    });
    void world.devices
      .openDrawer()
      .then((outcome) =>
        say(outcome === 'opened' ? 'good' : 'warn', outcome === 'opened' ? 'drawerOpened' : 'drawerFailed'),
      );
    return done;
  };

  const printTags = (items: readonly string[]): Answer => {
    if (!world.devices.others.some(({ role }) => role === 'labelPrinter')) return spoken(refuse('noLabelPrinter'), '');
    background(async () => {
      const { printed, failed } = await labels.print(items);
      if (failed) say('warn', 'tagFailed', { count: printed });
      else say('good', 'tagsPrinted', { count: printed });
    });
    return done;
  };

  const standing = () => ({ held: counter.held().length, unsent: town.unsent() });

  /** Puts a shift's slip on paper; null where there is none that the operator may see. */
  const printShift = (id: string, isCopy: boolean) => {
    const found = shifts.slip(id, standing(), isCopy);
    if (found === null) return null;
    const slip = { ...found.slip, copy: isCopy && found.slip.closing !== null };
    return { slip, paper: counter.printSlip(slip) };
  };

  const afterClosing = (shift: string): void => {
    const isEvening = closing?.shutDown === true;
    closing = null;
    const printed = printShift(shift, false);
    if (isEvening) beginEvening(printed);
  };

  /** Nobody is signed in any more when a till stands there switching itself off. */
  const beginEvening = (printed: ReturnType<typeof printShift>): Answer => {
    if (operator === null) return refuse('notSignedIn');
    signOut();
    evening.begin(printed?.slip ?? null, printed?.paper ?? Promise.resolve('none'));
    return done;
  };

  /**
   * What follows a document whose record stands: a disk that fails only there must not have it done a second time. Where
   * something else has stopped the till meanwhile, its ledger is closed, and that is no bug.
   */
  const afterDocument = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      const trouble = diskTrouble(error);
      if (trouble === null && stopped === null) throw error;
      if (trouble !== null) stop(trouble, error instanceof Error ? error.message : '');
    }
  };

  /** Says what came back or was exchanged, and prints its slip: `said` is the notice, and the reason of nothing else. */
  const withSlip = ({ answer, stored }: Refunded, said: 'refundDone' | 'exchangeDone'): Answer => {
    if (answer.kind === 'done' && stored !== null) {
      afterDocument(() => {
        const receipt = receipts.build(stored, false);
        void counter.printSlip(receipt);
        if (receipt.cashDueFen > 0) void world.devices.openDrawer();
        counter.repriced();
        say('good', said, {
          cashFen: receipt.cashDueFen,
          mobileFen: receipt.mobile?.fen ?? 0,
          points: receipt.points?.used ?? 0,
          lines: receipt.lines.length,
        });
      });
      return answer;
    }
    return spoken(answer, said);
  };

  const changeTender = (command: Extract<Command, { kind: 'changeTender' }>): Answer => {
    const answer = tenderChanges.change(command);
    if (answer.kind === 'refused') return spoken(answer, 'tenderChanged');
    afterDocument(() => {
      const { cashFen = 0, mobileFen = 0 } = receipts.detail(command.receipt)?.tenders ?? {};
      say('good', 'tenderChanged', { cashFen, mobileFen });
    });
    return answer;
  };

  /** Goods and money only move while somebody is signed in and a shift is open. */
  const atTheCounter = (work: () => Answer): Answer => {
    if (operator === null) return refuse('notSignedIn');
    if (shiftId() === null) {
      say('bad', 'noShift');
      return refuse('noShift');
    }
    return work();
  };

  const asManager = (work: () => Answer): Answer =>
    operator?.role === 'manager' ? work() : refuse(operator === null ? 'notSignedIn' : 'managerOnly');

  /** Whoever comes back from practice shows who they are: a trainee is not left with the till of who let them in. */
  const startPractice = async (): Promise<Answer> => {
    if (ledger.identity() === null) return refuse('enrolFirst');
    if (operator === null) return refuse('notSignedIn');
    if (counter.phase() === 'paying') return refuse('saleOpen');
    if (world.practice?.kind !== 'beside') return refuse(practising ? 'practising' : 'practiceFailed');
    const trainer = operator;
    const outcome = await world.practice.enter((folder) => furnishPractice(till, folder, trainer));
    if (outcome === 'failed') return refuse('practiceFailed');
    lock.lock();
    // Heard by whoever comes back.
    say('info', 'practiceEnded');
    return done;
  };

  const endPractice = (): Answer => {
    if (world.practice?.kind !== 'inside') return refuse('notPractising');
    world.practice.leave();
    return done;
  };

  const demo = (work: (shop: NonNullable<World['demo']>) => void): Answer => {
    if (world.demo === null) return refuse('notDemo');
    work(world.demo);
    changed();
    return done;
  };

  const dispatch = (command: Command): Answer | Promise<Answer> => {
    if (operator !== null && lock.isLocked()) {
      const answer = whileLocked(command);
      if (answer !== null) return answer;
    }
    switch (command.kind) {
      case 'signIn':
        return signInByPin(command.pin);
      case 'signOut':
        return signOut();
      case 'lock':
        return lockScreen();
      case 'openShift':
        return spoken(shifts.open(command), 'shiftOpened', { floatFen: command.floatFen });
      case 'moveCash':
        return spoken(shifts.moveCash(command), 'cashMoved', { amountFen: command.amountFen });
      case 'undoCashMove':
        return approved(command.approval, (_, by) => spoken(shifts.undoMove(command, by), 'moveUndone'));
      case 'correctCount':
        return approved(command.approval, (_, by) =>
          spoken(shifts.correctCount(command, by), 'countCorrected', { countedFen: command.countedFen }),
        );
      case 'startCloseShift':
        if (command.shutDown === true && shiftId() === null) return beginEvening(null);
        return atTheCounter(() => {
          const shutDown = command.shutDown ?? false;
          closing = { ...standing(), openLines: counter.openLines(), shutDown };
          changed();
          return done;
        });
      case 'closeShift': {
        const isOpen = shifts.current() !== null;
        const answer = spoken(shifts.close(command, counter.held().length, town.unsent()), 'shiftClosed');
        // A closing that is only asked for again has its paper.
        if (answer.kind === 'done' && isOpen) afterDocument(() => afterClosing(command.shift));
        return answer;
      }
      case 'leaveEvening':
        evening.leave();
        return done;
      case 'switchOff':
        if (evening.now() === null || evening.now()?.step === 'night') return refuse('badInput');
        evening.switchOff();
        return done;
      case 'printShift':
        if (operator === null) return refuse('notSignedIn');
        if (world.devices.printer === 'missing') return spoken(refuse('noPrinter'), '');
        return spoken(printShift(command.shift, true) === null ? refuse('noShift') : done, 'printing');
      case 'printPoints':
        if (operator === null) return refuse('notSignedIn');
        return spoken(pointsSlips.print(command.slip), 'printing');
      case 'scan':
        return operator === null ? signInByCard(command.code) : scan(command.code, command.source);
      case 'choose':
        return atTheCounter(() => counter.choose(command.item));
      case 'dismiss':
        if (closing !== null) {
          closing = null;
          changed();
          return done;
        }
        return counter.dismiss();
      case 'quantityFirst':
        return atTheCounter(() => counter.quantityFirst(command.count));
      case 'weigh':
        return atTheCounter(() => counter.weigh(command.item, command.weightGrams));
      case 'selectLine':
        return counter.selectLine(command.line);
      case 'setQuantity':
        return atTheCounter(() => counter.setQuantity(command));
      case 'setPrice':
        return atTheCounter(() => counter.setPrice(command));
      case 'deleteLine':
        return atTheCounter(() => counter.deleteLine(command.line));
      case 'voidSale':
        return atTheCounter(() => counter.voidSale(command.reason));
      case 'removeMember':
        return atTheCounter(() => counter.removeMember());
      case 'confirmPerson':
        return atTheCounter(() => counter.confirmPerson(command));
      case 'askPin':
        return atTheCounter(() => counter.askPin());
      case 'leavePin':
        return customerPin.cancel();
      case 'enterPin':
        return customerPin.enter(command.ask, command.pin);
      case 'allowCard':
        return approved(command.approval, (who, by) => atTheCounter(() => counter.allowCard(who, by)));
      case 'setBearer':
        return atTheCounter(() => counter.setBearer(command.bearer, command.stranger));
      case 'pickCard':
        return ledger.transaction(() => atTheCounter(() => counter.pickCard(command)));
      case 'lookUpMember':
        return atTheCounter(() => counter.lookUpMember(command.member));
      case 'reportCard':
        return approved(command.approval, (who, by) => {
          const answer = cardReports.report(command, who, by);
          if (answer.kind === 'refused') say('bad', answer.reason);
          else background(() => alone(() => askForCards(true)));
          return answer;
        });
      case 'hold':
        return atTheCounter(() => counter.hold());
      case 'recall':
        return atTheCounter(() => counter.recall(command.sale));
      case 'startPay':
        // Whether a receipt will come out is worth knowing before the customer has paid.
        world.devices.lookAtPrinter();
        return atTheCounter(() => counter.startPay());
      case 'leavePay':
        return counter.leavePay();
      case 'setPoints':
        return atTheCounter(() => counter.setPoints(command.points));
      case 'setMobile':
        return atTheCounter(() => counter.setMobile(command.amountFen, command.channel));
      case 'setCash':
        return atTheCounter(() => counter.setCash(command.amountFen));
      case 'pay':
        return atTheCounter(() => counter.pay(command.sale));
      case 'nextSale':
        return counter.nextSale();
      case 'reprint':
        return atTheCounter(() => counter.reprint(command.receipt));
      case 'printWaiting':
        return atTheCounter(() => counter.printWaiting());
      case 'dropWaiting':
        return atTheCounter(() => {
          slips.drop();
          say('info', 'slipsDropped');
          return done;
        });
      case 'tellScale':
        return atTheCounter(() =>
          world.devices.tellScale(command.what)
            ? spoken(done, command.what === 'zero' ? 'scaleZeroed' : 'scaleTared')
            : spoken(refuse('noScale'), 'scaleZeroed'),
        );
      case 'openDrawer':
        return approved(command.approval, openDrawer);
      case 'refund':
        return receipts.refund(command).then((refunded) => withSlip(refunded, 'refundDone'));
      case 'exchange':
        return exchanges.exchange(command).then((exchanged) => withSlip(exchanged, 'exchangeDone'));
      case 'changeTender':
        return changeTender(command);
      case 'receiveGoods':
        return asManager(() =>
          spoken(receiving.receiveGoods(command), 'goodsReceived', { lines: command.lines.length }),
        );
      case 'changePrice':
        return asManager(() => {
          // Asked before: what stands must not be answered as undone because its name could not be read.
          const name = catalogue.byId(command.item)?.name ?? '';
          return spoken(catalogue.changePrice(command), 'shelfPriceChanged', {
            name,
            priceFen: command.priceFen ?? 0,
          });
        });
      case 'saveItem':
        return asManager(() => spoken(catalogue.saveItem(command), 'itemSaved', { name: command.item.name }));
      case 'countStock':
        return asManager(() => spoken(counting.countStock(command), 'counted', { lines: command.lines.length }));
      case 'recordWaste':
        return asManager(() => spoken(waste.recordWaste(command), 'wasteRecorded', { lines: command.lines.length }));
      case 'saveOperator':
        return spoken(operators.save(command, false), 'operatorSaved', { name: command.name });
      case 'saveCounter': {
        const answer = settings.save(command);
        changed();
        return answer;
      }
      case 'printTags':
        return asManager(() => printTags(command.items));
      case 'settleTags':
        return asManager(() => {
          labels.settle();
          say('good', 'tagsSettled');
          return done;
        });
      case 'runNight':
        return asManager(() => {
          runNight();
          return done;
        });
      case 'enrol':
        return practising ? refuse('practising') : joinTown(command);
      case 'startPractice':
        return startPractice();
      case 'endPractice':
        return endPractice();
      case 'setVoice':
        voice.set(command.mode);
        changed();
        return done;
      case 'tryVoice':
        voice.trial();
        changed();
        return done;
      case 'simulateNetwork':
        return demo((shop) => {
          shop.setConnected(command.connected);
          say(command.connected ? 'good' : 'warn', command.connected ? 'networkRestored' : 'networkCut');
          background(() => alone(pulse));
        });
      case 'simulate':
        return demo(() => {
          world.devices.simulate(command.act);
          if (command.act.what === 'weight') say('info', 'weightOn', { weightGrams: command.act.weightGrams });
        });
      default:
        return assertNever(command);
    }
  };

  const firstManager = (name: string, pin: string): void => {
    if (operators.list().length > 0) return;
    operators.save({ kind: 'saveOperator', id: world.newId(), name, role: 'manager', pin, active: true }, true);
  };

  const joinTown = async (command: Extract<Command, { kind: 'enrol' }>): Promise<Answer> => {
    const outcome = await enrol(till, keepOf, command.code);
    if (outcome !== 'enrolled') {
      say('bad', outcome === 'unreachable' ? 'enrolFailed' : 'enrolCodeWrong');
      return refuse('badInput');
    }
    shop = readShop(ledger);
    firstManager(command.managerName, command.managerPin);
    await alone(firstContact);
    say('good', 'enrolled');
    return done;
  };

  /** The answer that a stick brought; a till that has its name by it gets its first manager too. */
  const takeFile = async (
    file: string,
    manager: Readonly<{ name: string; pin: string }> | null,
  ): Promise<{ kind: 'refused'; reason: 'managerWanted' } | Awaited<ReturnType<typeof night.carryIn>>> => {
    if (operators.list().length === 0 && manager === null) return { kind: 'refused', reason: 'managerWanted' };
    const taken = await night.carryIn(file);
    if (taken.carried.kind === 'applied' && taken.carried.enrolled) {
      shop = readShop(ledger);
      if (manager !== null) firstManager(manager.name, manager.pin);
      say('good', 'enrolled');
    }
    policies = replicas.policies();
    counter.repriced();
    return taken;
  };

  /** What a till needs before it can take points: policy, members, and a first statement with its term. */
  const firstContact = async (): Promise<void> => {
    await town.hello();
    await town.mendEarlier();
    await town.refresh();
    policies = replicas.policies();
    await town.upload();
    await town.settle(() => 'matched');
    await town.upload();
    await town.refresh();
    policies = replicas.policies();
    counter.repriced();
  };

  /** What goes on behind the counter and is waited for before the ledger closes. */
  const underWay = new Set<Promise<void>>();
  const background = (work: () => Promise<unknown>): void => {
    const task = guarded(work).then(
      () => {},
      () => {
        // A bug was logged with its trace; what runs by itself has nobody to throw at.
      },
    );
    underWay.add(task);
    void task.finally(() => underWay.delete(task));
  };

  let exchange: Promise<unknown> = Promise.resolve();
  /** One exchange with the town at a time, so that no older acknowledgement overtakes a newer one. */
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = exchange.then(work, work);
    exchange = turn.catch(() => {});
    return turn;
  };

  const runNight = (): void => {
    say('info', 'nightStarted');
    background(async () => {
      const report = await alone(night.run);
      const words = { matched: 'nightDone', breaks: 'nightBreaks', pending: 'nightPending' } as const;
      say(report.state === 'matched' ? 'good' : 'warn', words[report.state], { breaks: report.breaks.length });
    });
  };

  /** Runs work that may meet a failing disk; a till that can no longer write stops and says so (invariant 30). */
  const guarded = async <T>(work: () => T | Promise<T>): Promise<T | null> => {
    try {
      atMs = clock.atMs();
      noteJump();
      return await work();
    } catch (error) {
      // A till that is closing or stopped has let go of its ledger; what was under way is done again later.
      if (!open || stopped !== null) return null;
      const trouble = diskTrouble(error);
      if (trouble === null) {
        world.log(`bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        throw error;
      }
      stop(trouble, error instanceof Error ? error.message : '');
      return null;
    }
  };

  const stop = (trouble: NonNullable<Screen['stopped']>, detail: string): void => {
    if (stopped !== null) return;
    try {
      whenStopped = ledger.transaction(screenNow);
    } catch {
      // Even to look may need the disk: the newest record may not be folded yet.
      const { townName, shopName, tillName, hotline } = shop;
      whenStopped = { ...stoppedScreen(trouble, detail), townName, shopName, tillName, hotline };
    }
    stopped = trouble;
    stoppedDetail = detail;
    world.log(`stopped: ${trouble} ${detail}`);
    ledger.closeHandle();
    screens.changed();
    world.clock.later(RECOVER_AFTER_MS, recover);
  };

  /** Opens the file anew and goes on only when its newest records are whole and a write reaches the disk. */
  const recover = (): void => {
    if (!open || stopped === null) return;
    try {
      const fault = ledger.reopen();
      if (fault === null) {
        ledger.setSetting('recovered', String(world.clock.nowMs()));
        // Before anything is called well: the open sale's own file may be what still fails.
        counter.reopened();
        stopped = null;
        stoppedDetail = '';
        whenStopped = null;
        lastStatus = null;
        evening.leave();
        world.log('recovered');
        screens.changed();
        return;
      }
      stoppedDetail = fault;
    } catch (error) {
      ledger.closeHandle();
      stoppedDetail = error instanceof Error ? error.message : '';
    }
    screens.changed();
    world.clock.later(RECOVER_AFTER_MS, recover);
  };

  let sentMs = world.clock.nowMs();
  const send = async (command: Command): Promise<Answer> => {
    sentMs = world.clock.nowMs();
    // Out of practice there is a way also where its own disk fails.
    if (stopped !== null && command.kind === 'endPractice') return endPractice();
    if (stopped !== null) return refuse(stopped === 'diskFull' ? 'diskFull' : 'journalDamaged');
    const answer = await guarded(() => dispatch(command));
    return answer ?? refuse(stopped === 'diskFull' ? 'diskFull' : 'journalDamaged');
  };

  // --- Devices ---------------------------------------------------------------------------------------------------------

  /** What a device read takes the way of a key, and is told aloud where nobody waits for the answer. */
  const scanned = async (code: string, source: 'scanner' | 'card'): Promise<void> => {
    const answer = await send({ kind: 'scan', code, source }).catch((): Answer => refuse('badInput'));
    if (answer.kind === 'refused' && answer.reason === 'notSignedIn') say('warn', 'signInToScan');
  };
  const lookAtDrawer = (): void => {
    if (drawerWatch.look(world.devices.drawer, world.clock.nowMs())) say('warn', 'drawerLeftOpen');
  };
  const scans = createScans<DeviceScan>(({ code }) => void scanned(code, 'scanner'));
  /** A card that was tried is nobody's at the sale, also where the page left before it took it. */
  const tried = createScans<DeviceCard>(() => {});
  const stopListening = world.devices.listen((event) => {
    if (!open) return;
    switch (event.kind) {
      case 'code':
        return scans.give({ code: event.code });
      case 'card':
        if (tried.isWatched() && operator?.role === 'manager') return tried.give({ token: event.token });
        return void scanned(event.token, 'card');
      case 'changed':
        lookAtDrawer();
        lastStatus = null;
        return changed();
      default:
        return assertNever(event);
    }
  });

  // --- What runs by itself -------------------------------------------------------------------------------------------

  const lockWhenAlone = (): void => {
    if (operator !== null && !lock.isLocked() && lock.isLeftAlone(sentMs)) lockScreen();
  };

  const uploadSoon = (): void => {
    if (uploadAt !== null || world.town === null) return;
    uploadAt = world.clock.later(UPLOAD_AFTER_MS, () => {
      uploadAt = null;
      if (!open || stopped !== null || night.isRunning() || town.state() !== 'reachable') return;
      background(() => alone(town.upload));
    });
  };

  let pulsing = false;
  /** A contact: is the town there, what has it for us, what have we for it. */
  const pulse = async (): Promise<void> => {
    if (!open) return;
    if (pulsing || stopped !== null || night.isRunning() || world.town === null || !town.isEnrolled()) return;
    pulsing = true;
    try {
      const before = town.state();
      const heads = await town.hello();
      if (town.isTrouble(heads)) {
        if (before === 'reachable') say('warn', heads.because === 'wrongKey' ? 'townWrongKey' : 'townLost');
        return;
      }
      if (before === 'unreachable' && screens.revision() > 1) say('info', 'townBack');
      await town.upload();
      await town.askAgain();
      await askForCards(false);
      const term = members.openTerm();
      if (!night.hasStatement() || (term !== null && term.endMs - atMs < 12 * 60 * MINUTE_MS)) await firstContact();
      else if (
        heads.membersVersion !== Number(ledger.setting('membersVersion') ?? '0') ||
        heads.policyVersion > till.policy().version ||
        board.isNews(heads.boardVersion)
      ) {
        const refreshed = await town.refresh();
        if (!town.isTrouble(refreshed)) board.noteFetched(heads.boardVersion);
        policies = replicas.policies();
        counter.repriced();
      }
    } finally {
      pulsing = false;
    }
  };

  const every = (periodMs: number, task: () => void): void => {
    world.clock.later(periodMs, () => {
      if (!open) return;
      task();
      every(periodMs, task);
    });
  };
  every(PULSE_MS, () => background(() => alone(pulse)));
  every(STATUS_MS, () => {
    try {
      const { bavail, bsize } = statfsSync(world.dataFolder);
      diskFreeBytes = bavail * bsize;
    } catch {
      diskFreeBytes = null;
    }
    lookAtDrawer();
    lastStatus = null;
    if (stopped === null && world.clock.nowMs() - sentMs > IDLE_MS)
      background(() => Promise.resolve(ledger.checkpoint()));
    changed();
    // Looking at the clock may record a jump of it.
    if (stopped === null) background(() => Promise.resolve(lockWhenAlone()));
  });
  // What the search looks through is read while nobody waits for it, a step at a time, so that no scan does either.
  const prepareSearch = (): void =>
    background(async () => {
      if (!catalogue.prepareSearch()) world.clock.later(0, prepareSearch);
    });
  world.clock.later(PREPARE_SEARCH_AFTER_MS, prepareSearch);
  world.clock.later(50, () => background(() => alone(pulse)));
  const scheduleNight = (): void => {
    if (world.practice?.kind === 'inside') {
      const { leave } = world.practice;
      // Practice that was left standing ends with the day, so that nobody begins the next one on it.
      world.clock.later(night.untilCloseMs(), () => {
        if (!open) return;
        if (operator === null || lock.isLocked()) leave();
        else scheduleNight();
      });
      return;
    }
    if (ledger.identity() === null) {
      world.clock.later(10 * MINUTE_MS, scheduleNight);
      return;
    }
    world.clock.later(night.untilCloseMs(), () => {
      if (!open) return;
      if (stopped === null) runNight();
      scheduleNight();
    });
  };
  scheduleNight();
  world.clock.later(CATCH_UP_AFTER_MS, () => {
    if (open && !practising && stopped === null && night.isMissed()) runNight();
  });

  ready = true;
  noteJump();

  const router = createRouter({
    send,
    guarded,
    screens,
    lookAhead,
    catalogue,
    handy: createHandyGoods(till, catalogue),
    receipts,
    shifts,
    shiftSlip: (shift) => shifts.slip(shift, standing(), false),
    pointsSlip: pointsSlips.read,
    operators,
    roster: createRoster(till),
    night: { run: () => alone(night.run), reports: night.reports },
    fileOut: practising ? null : (code) => alone(async () => night.carryOut(code)),
    fileIn: practising ? null : (file, manager) => alone(() => takeFile(file, manager)),
    earlier: town.earlier,
    audit,
    ackSeq: town.ackSeq,
    exportTo: async (wish) =>
      practising
        ? { kind: 'refused', reason: 'practising', detail: '' }
        : operator?.role === 'cashier'
          ? { kind: 'refused', reason: 'managerOnly', detail: '' }
          : audit.exportTo(wish),
    importItems: async (file) =>
      operator?.role === 'cashier' ? { kind: 'refused', reason: 'managerOnly' } : importItems(till, catalogue, file),
    recordings: voice.recordings,
    scans,
    tried,
    tryCard: counter.tryCard,
    labels,
    setUp: world.devices.setUp,
    isManager: () => operator?.role === 'manager',
    demo: world.demo,
  });

  return {
    router,
    announce: folder.announce,
    close: async () => {
      open = false;
      stopListening();
      uploadAt?.();
      screens.close();
      await Promise.race([
        Promise.all(underWay),
        new Promise<void>((resolve) => world.clock.later(CLOSE_WAITS_MS, resolve)),
      ]);
      saleFile.close();
      keeper?.close();
      ledger.close();
      folder.release();
    },
  };
}
