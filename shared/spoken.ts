import { must } from './assert.ts';
import type { Screen } from './till-contract.ts';

/**
 * What the counter says aloud, as a list of words. A voice of the system reads them joined; a town that recorded its own
 * dialect has one recording for each of them. So an amount is put together here, and nowhere else.
 */
export type Phrase = readonly string[];

/** A breath between two parts of a phrase: it has no recording, and the voice hears the comma. */
export const PAUSE = '，';

const DIGITS = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'] as const;
const PLACES = ['', '十', '百', '千'] as const;

/** Every word that a phrase may hold, each once: what a town records. */
export const SPOKEN_WORDS: readonly string[] = [
  ...DIGITS,
  '两',
  ...PLACES.slice(1),
  '万',
  '元',
  '角',
  '分',
  '合计',
  '请付',
  '用积分',
  '积分还剩',
  '不用再付钱',
  '收款成功',
  '找零',
];

/** A whole number below a hundred million as it is counted; `measured` says 两 where a measure word follows. */
export function numberWords(number: number, measured: boolean): Phrase {
  must(Number.isInteger(number) && number >= 0 && number < 100_000_000, 'a number that the counter can say');
  if (number === 2 && measured) return ['两'];
  if (number === 0) return ['零'];
  const high = Math.floor(number / 10_000);
  const low = number % 10_000;
  if (high === 0) return groupWords(low);
  const tenThousands = high === 2 ? ['两'] : groupWords(high);
  if (low === 0) return [...tenThousands, '万'];
  return [...tenThousands, '万', ...(low < 1_000 ? ['零', ...groupWords(low, true)] : groupWords(low))];
}

/** Below ten thousand: 十五 begins with its place, 一百一十五 does not; gaps are said once. */
function groupWords(number: number, inside = false): string[] {
  const words: string[] = [];
  let gap = false;
  for (let place = 3; place >= 0; place -= 1) {
    const digit = Math.floor(number / 10 ** place) % 10;
    if (digit === 0) {
      gap = words.length > 0;
      continue;
    }
    if (gap) words.push('零');
    gap = false;
    const isBareTen = place === 1 && digit === 1 && words.length === 0 && !inside;
    if (!isBareTen) words.push(digit === 2 && place === 3 ? '两' : wordAt(DIGITS, digit));
    if (place > 0) words.push(wordAt(PLACES, place));
  }
  return words;
}

/** Money as it is said over a counter: 二十元五角, 一千零四元三角, 五分. */
export function moneyWords(amountFen: number): Phrase {
  must(Number.isInteger(amountFen) && amountFen >= 0, 'an amount that the counter can say');
  const yuan = Math.floor(amountFen / 100);
  const jiao = Math.floor(amountFen / 10) % 10;
  const fen = amountFen % 10;
  if (amountFen === 0) return ['零', '元'];
  const words: string[] = yuan === 0 ? [] : [...numberWords(yuan, true), '元'];
  if (jiao > 0) words.push(...numberWords(jiao, true), '角');
  if (fen > 0) words.push(...(yuan > 0 && jiao === 0 ? ['零'] : []), ...numberWords(fen, true), '分');
  return words;
}

/** Points, which are counted in 分 too, so the words before say that they are points. */
export function pointsWords(points: number): Phrase {
  return [...numberWords(points, true), '分'];
}

/** What is to be said of a screen, and by what to know that it was said already. */
export type Spoken = Readonly<{ moment: string; phrase: Phrase }>;

/** The total and what is to be paid while paying, the change when paid; null while there is nothing to say. */
export function spokenOf(screen: Pick<Screen, 'phase' | 'sale' | 'pay' | 'paid'>): Spoken | null {
  if (screen.phase === 'paying' && screen.pay !== null) return payingSpoken(screen.sale, screen.pay);
  if (screen.phase === 'paid' && screen.paid !== null) return paidSpoken(screen.paid);
  return null;
}

function payingSpoken(sale: Screen['sale'], pay: NonNullable<Screen['pay']>): Spoken {
  const { pointsUsed, mobileFen, cashDueFen } = pay;
  const dueFen = mobileFen + cashDueFen;
  const points = pointsUsed === 0 ? [] : [PAUSE, '用积分', ...pointsWords(pointsUsed)];
  const due = dueFen === 0 ? [PAUSE, '不用再付钱'] : [PAUSE, '请付', ...moneyWords(dueFen)];
  return {
    moment: `pay ${sale.id} ${sale.totalFen} ${pointsUsed} ${dueFen}`,
    phrase: ['合计', ...moneyWords(sale.totalFen), ...points, ...due],
  };
}

function paidSpoken(paid: NonNullable<Screen['paid']>): Spoken {
  const left = paid.spendableAfter;
  const points = paid.pointsUsed === 0 || left === null ? [] : [PAUSE, '积分还剩', ...pointsWords(left)];
  const change = paid.changeFen === 0 ? [] : [PAUSE, '找零', ...moneyWords(paid.changeFen)];
  return { moment: `paid ${paid.sale}`, phrase: ['收款成功', ...change, ...points] };
}

/** A phrase as the system's voice reads it. */
export function sentenceOf(phrase: Phrase): string {
  return phrase.join('');
}

function wordAt(words: readonly string[], at: number): string {
  const word = words[at];
  must(word !== undefined, 'a digit and a place that have a word');
  return word;
}
