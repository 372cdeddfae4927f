import { cards, coreOn, goods, makeFolder, OPENED_AT_MS, pins, scan } from '../../electron/core/test-core.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../shared/time.ts';
import { rmSync } from 'node:fs';
import { chanceOf } from './chance.ts';
import { addFindings, checkLedger, type Findings, noFindings } from './ledger-check.ts';

export type ClockFigures = Findings & {
  seed: number;
  ran: number;
  forwards: number;
  backwards: number;
  /** How many were of more than a day, and so stopped points. */
  stopped: number;
};

/**
 * Lets the machine's clock jump, by minutes to years and both ways, `count` times, each at a till of its own between two
 * sales: sales for money go on and time never goes back in the records; a jump of more than a day is recorded once and
 * stops points, a smaller one does neither (protocol, "Time").
 */
export async function runClockJumps({ seed, count }: { seed: number; count: number }): Promise<ClockFigures> {
  const chance = chanceOf(seed);
  const figures: ClockFigures = { ...noFindings(), seed, ran: 0, forwards: 0, backwards: 0, stopped: 0 };
  for (; figures.ran < count; figures.ran += 1) {
    const size = chance.pick([MINUTE_MS, HOUR_MS, DAY_MS, 365 * DAY_MS]);
    const jumpMs = (chance.percent(50) ? 1 : -1) * size * (1 + chance.below(size === DAY_MS ? 60 : 20));
    if (jumpMs > 0) figures.forwards += 1;
    else figures.backwards += 1;
    const where = `jump of ${jumpMs} ms`;
    const folder = makeFolder();
    let till = coreOn(folder, OPENED_AT_MS);
    try {
      await till.ask({ kind: 'signIn', pin: pins.manager });
      await till.ask({ kind: 'openShift', shift: 'shift-0001', floatFen: 20_000 });
      const sell = async (): Promise<string | null> => {
        // A clock that went on by hours says that nobody has stood here for so long.
        if ((await till.screen()).phase === 'locked') await till.ask({ kind: 'signIn', pin: pins.manager });
        await till.ask(scan(goods.bread.code));
        await till.ask(scan(cards.good, 'card'));
        const { sale } = await till.screen();
        await till.ask({ kind: 'startPay' });
        await till.ask({ kind: 'pay', sale: sale.id });
        await till.ask({ kind: 'nextSale' });
        return sale.member?.pointsRefused ?? null;
      };
      if ((await sell()) !== null) figures.broken.push(`${where}: points were refused before it`);
      till.world.advance(jumpMs);
      // Half of the clocks jump while the till is off.
      if (chance.percent(50)) till = await till.again();
      const refused = await sell();
      const isLarge = Math.abs(jumpMs) > DAY_MS;
      if (isLarge) figures.stopped += 1;
      if (isLarge && refused !== 'clockSuspect') figures.broken.push(`${where}: points were ${refused ?? 'taken'}`);
      if (!isLarge && refused !== null) figures.broken.push(`${where}: points were refused, ${refused}`);
      await sell();
      const records = till.records();
      const jumps = records.filter((one) => one.kind === 'clock').length;
      if (jumps !== (isLarge ? 1 : 0)) figures.broken.push(`${where}: recorded ${jumps} times`);
      if (records.filter((one) => one.kind === 'sale').length !== 3) figures.lost.push(`${where}: a sale`);
      if (records.some((one, index) => one.at < (records[index - 1]?.at ?? 0)))
        figures.broken.push(`${where}: time went back in the records`);
      await till.core.close();
      addFindings(figures, checkLedger(folder, []), where);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return figures;
}
