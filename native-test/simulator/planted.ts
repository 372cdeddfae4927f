import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PLANTS, planted, type Plant } from './plants.ts';
import { TRAILS } from './trails.ts';

/** What became of one planted bug: found after so many seeds or by a test file, or not. */
export type Hunt = Readonly<{ plant: Plant; found: boolean; how: string }>;

const root = fileURLToPath(new URL('../..', import.meta.url));
const HUNT_LIMIT_MS = 600_000;

/** Every plant whose snippet is not in its file exactly once: the source moved on, and the plant has to follow. */
export function misfits(): string[] {
  return PLANTS.flatMap((plant) => {
    try {
      for (const { file } of plant.edits) planted(plant, file, readFileSync(`${root}/${file}`, 'utf8'));
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  });
}

type Ended = Readonly<{ code: number | null; output: string }>;

function runChild(args: readonly string[], plant: string): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, ONE_CARD_PLANT: plant, NO_COLOR: '1' };
    const child = spawn(process.execPath, [...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (data: Buffer): void => {
      output += data.toString('utf8');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const timer = setTimeout(() => child.kill('SIGKILL'), HUNT_LIMIT_MS);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

/** Plants one bug and runs what must find it, in a process of its own. */
export async function hunt(plant: Plant, seeds: number): Promise<Hunt> {
  if (plant.foundBy !== 'simulator') {
    const vitest = 'node_modules/vitest/vitest.mjs';
    const { code, output } = await runChild(
      [vitest, 'run', '--config', 'native-test/simulator/plant.config.ts'],
      plant.name,
    );
    const isFound = code !== 0 && /\d+ failed/.test(output);
    return { plant, found: isFound, how: isFound ? plant.foundBy : `not by ${plant.foundBy}` };
  }
  const { seed, with: wanted = {} } = TRAILS[plant.name] ?? {};
  const simulate = ['native-test/simulate.ts', '--with', JSON.stringify(wanted)];
  const tries = seed === undefined ? [] : ['--try', String(seed)];
  const hunting = [...simulate, '--seeds', String(seeds), '--first', ...tries];
  const { output } = await runChild(['--import', './native-test/simulator/plant-hook.ts', ...hunting], plant.name);
  const match = /^seed (\d+): FAILED at operation \d+: (\w+)/m.exec(output);
  if (match === null) return { plant, found: false, how: `not in ${seeds} seeds: ${output.trim().split('\n').at(-1)}` };
  const [, found = '', check] = match;
  // A world that fails anyway shows nothing about the plant.
  const without = await runChild([...simulate, '--seeds', '1', '--from', found], '');
  if (without.code !== 0) return { plant, found: false, how: `seed ${found} fails without it: ${without.output}` };
  const tried = output.match(/^seed \d+: /gm)?.length ?? 0;
  return { plant, found: true, how: `${tried} ${tried === 1 ? 'seed' : 'seeds'} (seed ${found}, ${check})` };
}

/** Hunts plants, a few at a time, and says of each how it was found; answers the names of those that were not. */
export async function huntAll(plants: readonly Plant[], seeds: number, atOnce: number): Promise<string[]> {
  const missed = misfits();
  for (const line of missed) console.log(`MISFIT ${line}`);
  const waiting = [...plants];
  const worker = async (): Promise<void> => {
    for (let plant = waiting.shift(); plant !== undefined; plant = waiting.shift()) {
      const { found, how } = await hunt(plant, seeds);
      if (!found) missed.push(`${plant.name}: ${how}`);
      console.log(`${found ? 'found ' : 'MISSED'} ${plant.name}: ${how}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  console.log(`${plants.length} planted bugs, ${missed.length} not found`);
  return missed;
}
