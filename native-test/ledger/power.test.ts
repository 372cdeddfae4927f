import { closeSync, fdatasyncSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { groupNeedingAll } from '../prerequisite.ts';
import { chanceOf, countFrom, seedOfRun } from './chance.ts';
import { runPowerCuts } from './power-cuts.ts';
import { mountPowerDisk, powerDiskNeeds } from './power-disk.ts';
import { PATTERNS, PowerModel, readBase, readTrace } from './power-image.ts';

const IMAGES = countFrom('ONE_CARD_POWER_IMAGES', 12);

groupNeedingAll('a power cut', powerDiskNeeds, () => {
  test('takes what was not synced, tears it at a sector, lets it overtake, and leaves what was synced', async () => {
    const disk = await mountPowerDisk();
    try {
      const file = (name: string): string => join(disk.folder, name);
      writeFileSync(file('old'), Buffer.alloc(4_096, 'a'));
      const base = readBase(disk.backing);
      disk.start();
      const handle = openSync(file('old'), 'r+');
      writeSync(handle, Buffer.alloc(1_024, 'b'), 0, 1_024, 0);
      fdatasyncSync(handle);
      writeSync(handle, Buffer.alloc(1_536, 'c'), 0, 1_536, 1_024);
      writeSync(handle, Buffer.alloc(512, 'd'), 0, 512, 4_096);
      closeSync(handle);
      // Its bytes are safe, its name is not.
      const nameless = openSync(file('nameless'), 'w');
      writeSync(nameless, 'e');
      fdatasyncSync(nameless);
      closeSync(nameless);
      const changes = readTrace(disk.trace());
      await disk.unmount();

      const seen = { lost: 0, torn: 0, overtaken: 0, nameless: 0, kept: 0 };
      for (let seed = 1; seed <= 60; seed += 1) {
        const model = new PowerModel(changes, base);
        model.moveTo(changes.length);
        const image = model.image(PATTERNS[seed % PATTERNS.length] ?? 'drop', chanceOf(seed));
        const bytes = image.get('/old') ?? Buffer.alloc(0);
        // The first two sectors were synced: no cut takes them.
        expect(bytes.subarray(0, 1_024).equals(Buffer.alloc(1_024, 'b'))).toBe(true);
        const sectors = [2, 3, 4].map((at) => String.fromCharCode(bytes[at * 512] ?? 0)).join('');
        const grown = bytes.length > 4_096;
        if (sectors === 'aaa' && !grown) seen.lost += 1;
        if (sectors.includes('a') && sectors.includes('c')) seen.torn += 1;
        if (sectors === 'aaa' && grown) seen.overtaken += 1;
        if (sectors === 'ccc' && grown) seen.kept += 1;
        if (!image.has('/nameless')) seen.nameless += 1;
      }
      for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0);
    } finally {
      disk.remove();
    }
  });

  // Invariant 7.
  test(`at ${IMAGES} moments of a cashier's work: every acknowledged fact is there once, and the counter is as promised`, async () => {
    const { lost, doubled, broken, ...figures } = await runPowerCuts({ seed: seedOfRun(), images: IMAGES });
    console.log('power cuts:', JSON.stringify({ ...figures, lost: lost.length, doubled: doubled.length }));
    expect({ lost, doubled, broken }).toEqual({ lost: [], doubled: [], broken: [] });
    // The fault really happened: facts were acknowledged, and most of the disks had forgotten something.
    expect(figures.ran).toBe(IMAGES);
    expect(figures.acknowledged).toBeGreaterThan(5);
    expect(figures.forgetful).toBeGreaterThan(IMAGES / 3);
  }, 1_200_000);

  test('finds the sales that a ledger written with synchronous=NORMAL loses', async () => {
    const preload = new URL('./plant-normal.ts', import.meta.url);
    const { lost } = await runPowerCuts({ seed: seedOfRun(), images: 40, commands: 60, preload });
    expect(lost.length).toBeGreaterThan(0);
  });
});
