import { must } from '../../shared/assert.ts';
import { catalogueShop } from './counter-rows.ts';
import { openOwnCore } from './own-core.ts';
import { atMost, percentile, type BenchResult, type BenchRun } from './result.ts';

/** What a person at a till takes for at once. */
const SCREEN_MS = 16;

const LINES = 10;

/** From what a driver tells, to the screen that shows its line in whoever watches; beside the same scan as a command. */
export async function deviceRow(run: BenchRun): Promise<BenchResult> {
  const shop = catalogueShop(run, run.quick ? 2_000 : 200_000);
  const core = openOwnCore(shop);
  const leaving = new AbortController();
  try {
    const screens = await core.client.watch(undefined, { signal: leaving.signal });
    const shows = async (lines: number): Promise<void> => {
      for (;;) {
        const { value, done } = await screens.next();
        must(done !== true, 'the core goes on');
        if (value.sale.lines.length === lines) return;
      }
    };
    const samples: number[] = [];
    const commands: number[] = [];
    let next = 0;
    for (let round = -5; round < (run.quick ? 20 : 100); round += 1) {
      for (let line = 1; line <= LINES; line += 1) {
        next = (next + 7_919) % shop.codes.length;
        const code = shop.codes[next] ?? '';
        const byCommand = line % 2 === 0;
        const beganMs = performance.now();
        if (byCommand) void core.send({ kind: 'scan', code, source: 'scanner' });
        else core.read(code);
        await shows(line);
        const tookMs = performance.now() - beganMs;
        if (round >= 0) (byCommand ? commands : samples).push(tookMs);
      }
      await core.send({ kind: 'voidSale', reason: 'bench' });
      await shows(0);
    }
    return atMost({
      name: 'device event to screen',
      unit: 'ms',
      samples,
      limit: percentile(commands, 0.99),
      budget: SCREEN_MS,
      judged: 'p99',
    });
  } finally {
    leaving.abort();
    await core.close();
  }
}
