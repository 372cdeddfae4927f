import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cardOf, coreOn, goods, pins, scan, type TestCore } from '../electron/core/test-core.ts';
import type { World } from '../electron/core/world.ts';
import type { NightReport, Screen } from '../shared/till-contract.ts';
import { exchange } from '../town-server/exchange.ts';
import { issueLot } from '../town-server/points.ts';
import { checkLaws, codeFor, lotsOf, openTestTown, type TestTown } from '../town-server/test-town.ts';

/** A villager whose card every test here knows. */
export const card = cardOf(11);
const MEMBER = card.slice(2);

/** A town in memory and tills beside it that need no network: the real logic of both, joined by files or calls. */
export async function openCarried() {
  const scratch = mkdtempSync(join(tmpdir(), 'one-card-carried-'));
  const town = await openTestTown([{ id: MEMBER, lots: [{ id: 'lot-1', points: 1_000 }] }]);
  const open: TestCore[] = [];
  let folders = 0;

  /** A till on a folder, new where none is named; it has no network unless it is given the town. */
  const till = (parts: Partial<World> = {}, folder?: string): TestCore => {
    folders += 1;
    const place = folder ?? join(scratch, `till-${folders}`);
    mkdirSync(place, { recursive: true });
    // A worker of its own for each night's backup would take most of the time of these tests.
    const made = coreOn(place, town.clock.ms, { backups: null, ...parts });
    open.push(made);
    return made;
  };

  /** What the town writes for a file. */
  const answer = async (file: string, at: TestTown = town): Promise<string> => {
    const made = await exchange(at.town, file);
    if (made.kind === 'refused') throw new Error(`the town refused: ${made.reason}`);
    return made.file;
  };

  return {
    scratch,
    town,
    till,
    answer,
    codeFor: (name: string | null = null) => codeFor(town.town, 's01', name),
    /** New points for the villager, of which every till hears at its next statement. */
    give: (lot: string) =>
      town.town.store.transact(['points'], (transaction) =>
        issueLot(town.town, transaction, {
          id: lot,
          member: MEMBER,
          village: 'v01',
          fund: 'fund',
          points: 100,
          earnedOn: '2026-11-01',
          note: '',
        }),
      ),
    /** Spent points of every lot, and the town's laws. */
    spent: async (): Promise<number> => {
      await checkLaws(town.town);
      return (await lotsOf(town.town)).reduce((sum, lot) => sum + lot.spent - lot.shortfall, 0);
    },
    close: async (): Promise<void> => {
      for (const one of open) {
        try {
          await one.core.close();
        } catch {
          // It was closed by its test.
        }
      }
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

export type Carried = Awaited<ReturnType<typeof openCarried>>;

export async function out(till: TestCore, code: string | null = null): Promise<string> {
  const made = await till.client.exchangeOut({ code });
  if (made.kind === 'refused') throw new Error(`no file: ${made.reason}`);
  return made.file;
}

export const manager = { name: '于海明', pin: pins.manager };

export function back(till: TestCore, file: string, first: typeof manager | null = null) {
  return till.client.exchangeIn({ file, manager: first });
}

/** Reads an answer that must apply without trouble, and its report. */
export async function applied(
  till: TestCore,
  file: string,
  first: typeof manager | null = null,
): Promise<NightReport | null> {
  const taken = await back(till, file, first);
  if (taken.kind !== 'applied' || taken.trouble !== null) throw new Error(`not applied: ${JSON.stringify(taken)}`);
  return taken.report;
}

/** Signs the manager in, puts bread on the shelf and opens a shift. */
export async function makeReady(till: TestCore, shift = 'shift-0001'): Promise<void> {
  await till.ask({ kind: 'signIn', pin: pins.manager });
  if ((await till.client.search({ text: goods.bread.code, limit: 1 })).length === 0)
    await till.ask({ kind: 'saveItem', id: `save-${shift}`, item: goods.bread });
  if ((await till.screen()).phase === 'openShift') await till.ask({ kind: 'openShift', shift, floatFen: 20_000 });
}

/** Sells bread for points of the villager and the rest in cash. */
export async function sellBread(till: TestCore, points = 0): Promise<NonNullable<Screen['paid']>> {
  // A till that stood still for hours has locked itself.
  if ((await till.screen()).phase === 'locked') await till.ask({ kind: 'signIn', pin: pins.manager });
  await till.ask(scan(goods.bread.code));
  if (points > 0) await till.ask(scan(card, 'card'));
  await till.ask({ kind: 'startPay' });
  await till.ask({ kind: 'setPoints', points: points === 0 ? 'none' : points });
  await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
  const { paid } = await till.screen();
  if (paid === null) throw new Error('the sale was not paid');
  return paid;
}
