import { implement, type RouterClient } from '@orpc/server';
import { defaultCounter } from '../../shared/counter.ts';
import {
  tillContract,
  type Answer,
  type Command,
  type DeviceCard,
  type DeviceScan,
  type FoundItem,
  type LookedAhead,
  type Screen,
  type TriedCard,
} from '../../shared/till-contract.ts';
import type { createAudit } from './audit.ts';
import type { Catalogue } from './catalogue.ts';
import type { DeviceSetUp } from '../../shared/device-set-up.ts';
import type { Exported } from './export.ts';
import type { ImportReport } from './import.ts';
import type { HandyGoods } from './handy-goods.ts';
import type { Labels } from './labels.ts';
import type { Night } from './night.ts';
import type { Operators } from './operators.ts';
import type { PointsSlips } from './points-slips.ts';
import type { Receipts } from './receipts.ts';
import type { Roster } from './roster.ts';
import type { Scans } from './scans.ts';
import type { Screens } from './screens.ts';
import type { Shifts } from './shifts.ts';
import type { TownClient } from './town-client.ts';
import type { DemoShop } from './world.ts';

type Parts = Readonly<{
  send: (command: Command) => Promise<Answer>;
  /** Work that may meet a failing disk; null when the till had to stop over it. */
  guarded: <T>(work: () => T | Promise<T>) => Promise<T | null>;
  screens: Screens;
  lookAhead: (code: string) => LookedAhead | null;
  catalogue: Catalogue;
  handy: HandyGoods;
  receipts: Receipts;
  shifts: Shifts;
  shiftSlip: (shift: string | null) => ReturnType<Shifts['slip']>;
  pointsSlip: PointsSlips['read'];
  operators: Operators;
  roster: Roster;
  night: Pick<Night, 'run' | 'reports'>;
  /** Null while practising: no file of it goes to a town, and none comes back. */
  fileOut: ((code: string | null) => Promise<ReturnType<Night['carryOut']>>) | null;
  fileIn:
    | ((
        file: string,
        manager: Readonly<{ name: string; pin: string }> | null,
      ) => Promise<{ kind: 'refused'; reason: 'managerWanted' } | Awaited<ReturnType<Night['carryIn']>>>)
    | null;
  earlier: TownClient['earlier'];
  audit: ReturnType<typeof createAudit>;
  ackSeq: () => number;
  exportTo: (
    wish: Readonly<{ folder: string; from: string | null; to: string | null }>,
  ) => Promise<Exported | { kind: 'refused'; reason: 'managerOnly' | 'practising'; detail: string }>;
  importItems: (
    file: Readonly<{ fileName: string; bytes: Uint8Array }>,
  ) => Promise<ImportReport | { kind: 'refused'; reason: 'managerOnly' }>;
  recordings: () => { word: string; base64: string }[];
  scans: Scans<DeviceScan>;
  tried: Scans<DeviceCard>;
  tryCard: (code: string) => TriedCard;
  labels: Labels;
  setUp: DeviceSetUp | null;
  isManager: () => boolean;
  demo: DemoShop | null;
}>;

const os = implement(tillContract);

/** Names only, each one call deep: what a page or a command line may ask of the core. */
export function createRouter(parts: Parts) {
  const { screens, catalogue, handy, receipts, shifts, operators, night, audit, demo } = parts;
  /** Only a manager sets devices up. */
  const setUp = (): DeviceSetUp | null => (parts.isManager() ? parts.setUp : null);
  return os.router({
    send: os.send.handler(({ input }) => parts.send(input)),
    watch: os.watch.handler(({ signal }) => screens.watch(signal)),
    follow: os.follow.handler(({ input, signal }) => screens.follow(signal, input?.page === 'customer')),
    lookAhead: os.lookAhead.handler(({ input }) => parts.lookAhead(input.code)),
    scans: os.scans.handler(({ signal }) => parts.scans.watch(signal)),
    cards: os.cards.handler(({ signal }) => parts.tried.watch(signal)),
    tryCard: os.tryCard.handler(({ input }) => (parts.isManager() ? parts.tryCard(input.code) : null)),
    search: os.search.handler(({ input }) => catalogue.search(input.text, input.limit)),
    findMembers: os.findMembers.handler(({ input }) => parts.roster.find(input.text)),
    receipts: os.receipts.handler(({ input }) => receipts.list(input, parts.ackSeq())),
    receipt: os.receipt.handler(({ input }) => receipts.detail(input.receipt)),
    refundable: os.refundable.handler(
      async ({ input }) =>
        (await parts.guarded(() => receipts.refundable(input.receipt))) ?? {
          kind: 'refused',
          reason: 'journalDamaged',
        },
    ),
    previewRefund: os.previewRefund.handler(({ input }) => receipts.preview(input.receipt, input.lines)),
    stock: os.stock.handler(({ input }) => catalogue.stockRows(input)),
    item: os.item.handler(({ input }) => catalogue.detail(input.item)),
    categories: os.categories.handler(() => catalogue.categories()),
    handy: os.handy.handler(({ input }) => handy.goods(input.which, input.category)),
    looseCategories: os.looseCategories.handler(() => handy.looseCategories()),
    starPrices: os.starPrices.handler(({ input }) => catalogue.starPrices(input.item)),
    shiftReport: os.shiftReport.handler(() => shifts.report()),
    shiftSlip: os.shiftSlip.handler(({ input }) => parts.shiftSlip(input.shift)),
    pointsSlip: os.pointsSlip.handler(
      async () => (await parts.guarded(() => parts.pointsSlip())) ?? { kind: 'refused', reason: 'journalDamaged' },
    ),
    lastShift: os.lastShift.handler(() => shifts.last()),
    operators: os.operators.handler(() => operators.list()),
    night: os.night.handler(async () => {
      const report = await parts.guarded(() => night.run());
      if (report === null) throw new Error('the till had to stop');
      return report;
    }),
    exchangeOut: os.exchangeOut.handler(async ({ input }) => {
      const { fileOut } = parts;
      if (fileOut === null) return { kind: 'refused', reason: 'practising' };
      const made = await parts.guarded(async () => (await fileOut(input.code)) ?? 'notEnrolled');
      if (made === null) return { kind: 'refused', reason: 'diskFull' };
      if (made === 'notEnrolled') return { kind: 'refused', reason: 'notEnrolled' };
      return { kind: 'made', ...made, fileName: `onecard-out-${made.number}.txt` };
    }),
    exchangeIn: os.exchangeIn.handler(async ({ input }) => {
      const { fileIn } = parts;
      if (fileIn === null) return { kind: 'refused', reason: 'practising' };
      const taken = await parts.guarded(() => fileIn(input.file, input.manager));
      if (taken === null) return { kind: 'refused', reason: 'diskFull' };
      if ('kind' in taken) return taken;
      const { carried, report } = taken;
      if (carried.kind !== 'applied') return carried;
      const { number, enrolled, trouble } = carried;
      return { kind: 'applied', number, enrolled, trouble, report };
    }),
    earlier: os.earlier.handler(() => parts.earlier()),
    importItems: os.importItems.handler(async ({ input }) => {
      const outcome = await parts.guarded(() =>
        parts.importItems({ fileName: input.fileName, bytes: Buffer.from(input.base64, 'base64') }),
      );
      if (outcome === null) return { kind: 'refused', reason: 'diskFull' };
      return outcome.kind === 'refused' ? outcome : { ...outcome, rejected: [...outcome.rejected] };
    }),
    verify: os.verify.handler(() => audit.verify()),
    rebuild: os.rebuild.handler(() => audit.rebuild()),
    exportTo: os.exportTo.handler(({ input }) => parts.exportTo(input)),
    tagsDue: os.tagsDue.handler(({ input }) => parts.labels.due(input.limit)),
    devices: os.devices.handler(() => {
      const at = setUp();
      if (at === null) return null;
      const recording = at.recording();
      return {
        settings: at.settings(),
        heard: [...at.heard()],
        recording: recording === null ? null : { isRunning: recording.isRunning, lines: recording.lines },
      };
    }),
    findDevices: os.findDevices.handler(async () => (await setUp()?.found()) ?? null),
    saveDevices: os.saveDevices.handler(async ({ input }) => {
      const at = setUp();
      if (at === null) return 'managerOnly';
      return at.save(input).then(
        () => 'saved' as const,
        () => 'notKept' as const,
      );
    }),
    tryDevice: os.tryDevice.handler(({ input }) => setUp()?.try(input.what) ?? 'managerOnly'),
    recordDevices: os.recordDevices.handler(({ input }) => {
      const at = setUp();
      at?.record(input);
      return at === null ? 'managerOnly' : 'done';
    }),
    deviceRecording: os.deviceRecording.handler(() => setUp()?.recording()?.text ?? null),
    nights: os.nights.handler(({ input }) => night.reports(input.limit)),
    recordings: os.recordings.handler(() => parts.recordings()),
    demo: os.demo.handler(() => {
      if (demo === null) return null;
      const found = demo.itemCodes.map((code) => catalogue.byCode(code)).filter((item) => item !== null);
      return {
        pins: [...demo.pins],
        cards: [...demo.cards],
        items: found.filter((item) => item.per === 'piece').map((item) => ({ code: item.code, name: item.name })),
        weighed: found
          .filter((item) => item.per !== 'piece')
          .map((item) => ({ item: item.id, code: item.code, name: item.name })),
      };
    }),
  });
}

export type TillRouter = ReturnType<typeof createRouter>;
export type TillClient = RouterClient<TillRouter>;

/** Nothing ever comes, until the page leaves. */
async function* untilLeft(signal: AbortSignal | undefined): AsyncGenerator<never> {
  await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
  yield* [];
}

/** The router of a till that could not open its folder: it shows why, and refuses everything else. */
export function stoppedRouter(reason: NonNullable<Screen['stopped']>, detail: string): TillRouter {
  const refused: Answer = { kind: 'refused', reason: reason === 'diskFull' ? 'diskFull' : 'journalDamaged' };
  const none: FoundItem[] = [];
  const cannot = (): never => {
    throw new Error(`the till is stopped: ${reason}`);
  };
  return os.router({
    send: os.send.handler(() => refused),
    watch: os.watch.handler(async function* ({ signal }) {
      yield stoppedScreen(reason, detail);
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
    }),
    follow: os.follow.handler(async function* ({ signal }) {
      yield { screen: stoppedScreen(reason, detail) };
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
    }),
    lookAhead: os.lookAhead.handler(() => null),
    scans: os.scans.handler(({ signal }) => untilLeft(signal)),
    cards: os.cards.handler(({ signal }) => untilLeft(signal)),
    tryCard: os.tryCard.handler(() => null),
    search: os.search.handler(() => none),
    findMembers: os.findMembers.handler(() => []),
    receipts: os.receipts.handler(() => []),
    receipt: os.receipt.handler(() => null),
    refundable: os.refundable.handler(() => ({ kind: 'refused', reason: 'journalDamaged' })),
    previewRefund: os.previewRefund.handler(() => ({ kind: 'refused', reason: 'journalDamaged' })),
    stock: os.stock.handler(() => ({ rows: [], total: 0 })),
    item: os.item.handler(() => null),
    categories: os.categories.handler(() => []),
    handy: os.handy.handler(() => []),
    looseCategories: os.looseCategories.handler(() => []),
    starPrices: os.starPrices.handler(() => []),
    shiftReport: os.shiftReport.handler(() => null),
    shiftSlip: os.shiftSlip.handler(() => null),
    pointsSlip: os.pointsSlip.handler(() => ({ kind: 'refused', reason: 'journalDamaged' })),
    lastShift: os.lastShift.handler(() => null),
    operators: os.operators.handler(() => []),
    night: os.night.handler(cannot),
    exchangeOut: os.exchangeOut.handler(() => ({ kind: 'refused', reason: 'diskFull' })),
    exchangeIn: os.exchangeIn.handler(() => ({ kind: 'refused', reason: 'diskFull' })),
    earlier: os.earlier.handler(() => []),
    importItems: os.importItems.handler(() => ({ kind: 'refused', reason: 'diskFull' })),
    verify: os.verify.handler(cannot),
    rebuild: os.rebuild.handler(cannot),
    exportTo: os.exportTo.handler(cannot),
    tagsDue: os.tagsDue.handler(() => ({ rows: [], total: 0 })),
    devices: os.devices.handler(() => null),
    findDevices: os.findDevices.handler(() => null),
    saveDevices: os.saveDevices.handler(() => 'notKept'),
    tryDevice: os.tryDevice.handler(() => 'failed'),
    recordDevices: os.recordDevices.handler(() => 'managerOnly'),
    deviceRecording: os.deviceRecording.handler(() => null),
    nights: os.nights.handler(() => []),
    recordings: os.recordings.handler(() => []),
    demo: os.demo.handler(() => null),
  });
}

/** The screen of a till that can read nothing of its own. */
export function stoppedScreen(reason: NonNullable<Screen['stopped']>, detail: string): Screen {
  return {
    revision: 1,
    townName: '',
    shopName: '信用惠民超市',
    tillName: '',
    hotline: '',
    board: [],
    demo: false,
    practice: false,
    phase: 'stopped',
    stopped: reason,
    stoppedDetail: detail,
    operator: null,
    signInWaitUntilMs: 0,
    shift: null,
    carriedFloatFen: 0,
    closing: null,
    evening: null,
    sale: {
      id: '',
      lines: [],
      selected: -1,
      quantityFirst: null,
      pieces: 0,
      shelfFen: 0,
      totalFen: 0,
      discountFen: 0,
      member: null,
      cardWaiting: null,
      weighing: null,
      choices: [],
      adultsOnly: false,
    },
    pin: null,
    pay: null,
    paid: null,
    held: [],
    notice: null,
    status: {
      nowMs: 0,
      town: 'unreachable',
      townHeardMs: null,
      unsent: 0,
      quarantined: 0,
      snapshotAsOfMs: null,
      termEndMs: null,
      printer: 'missing',
      slipsWaiting: 0,
      drawer: 'unknown',
      drawerForgotten: false,
      scale: 'missing',
      otherDevices: [],
      simulated: false,
      poleDisplay: null,
      weightGrams: null,
      diskFreeBytes: null,
      clock: 'good',
      clockOffMs: 0,
      night: 'none',
      catalogueVersion: 0,
      policyVersion: 0,
    },
    counter: defaultCounter,
    policy: { mobileChannels: [] },
    customerPage: false,
    voice: { mode: 'off', tries: 0 },
  };
}
