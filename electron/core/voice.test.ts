import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cards, goods, openTestCore, scan } from './test-core.ts';

test('how a till speaks is kept over a restart', async () => {
  const till = await openTestCore();
  expect((await till.screen()).voice).toEqual({ mode: 'voice', tries: 0 });
  await till.ask({ kind: 'setVoice', mode: 'recorded' });
  await till.ask({ kind: 'tryVoice' });
  expect((await till.screen()).voice).toEqual({ mode: 'recorded', tries: 1 });
  const again = await till.again();
  expect((await again.screen()).voice.mode).toBe('recorded');
  await again.close();
});

test('of the sounds of a folder only the recordings of words are handed out', async () => {
  const till = await openTestCore();
  expect(await till.client.recordings()).toEqual([]);
  const sounds = join(till.world.dataFolder, 'sounds');
  mkdirSync(join(sounds, '元.wav'), { recursive: true });
  writeFileSync(join(sounds, '找零.wav'), 'one');
  writeFileSync(join(sounds, '合计.MP3'), 'two');
  writeFileSync(join(sounds, '两.txt'), 'no sound');
  writeFileSync(join(sounds, '歌.mp3'), 'no word');
  writeFileSync(join(sounds, '角.wav'), new Uint8Array(1_000_001));
  const handed = await till.client.recordings();
  const texts = new Map(handed.map(({ word, base64 }) => [word, Buffer.from(base64, 'base64').toString()]));
  expect(texts).toEqual(
    new Map([
      ['合计', 'two'],
      ['找零', 'one'],
    ]),
  );
  await till.close();
});

test('a till knows whether a customer page follows it', async () => {
  const till = await openTestCore();
  const leave = new AbortController();
  const news = await till.client.follow({ page: 'customer' }, { signal: leave.signal });
  await news.next();
  expect((await till.screen()).customerPage).toBe(true);
  await news.return?.(undefined);
  leave.abort();
  expect((await till.screen()).customerPage).toBe(false);
  await till.close();
});

test('peers C29: what stays of the points is on the screen before they are taken, and is what stays after', async () => {
  const till = await openTestCore();
  for (let times = 0; times < 4; times += 1) await till.ask(scan(goods.bread.code));
  await till.ask(scan(cards.good, 'card'));
  await till.ask({ kind: 'startPay' });
  await till.ask({ kind: 'setPoints', points: 'max' });
  const { pay, sale } = await till.screen();
  expect(pay?.pointsUsed).toBeGreaterThan(0);
  expect(pay?.spendableAfter).toBe((sale.member?.spendable ?? 0) - (pay?.pointsUsed ?? 0));
  await till.ask({ kind: 'pay', sale: sale.id });
  const { paid } = await till.screen();
  expect(paid?.spendableAfter).toBe(pay?.spendableAfter);
  expect(paid?.spendableBefore).toBe(sale.member?.spendable);
  await till.close();
});
