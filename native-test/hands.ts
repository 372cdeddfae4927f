import { setTimeout as sleep } from 'node:timers/promises';
import type { Keyboard, Page, Touchscreen } from 'playwright-core';
import { keyWords } from '../shared/counter.ts';

/**
 * The hands at a counter. What a cashier does is told once, as the button that says it and the key that is printed on
 * it; one pair of hands has a keyboard and nothing else, the other one finger and nothing else.
 */
export type Hands = Readonly<{
  name: 'keyboard' | 'touch';
  /** Does what a button says. `key` is the one printed on it, as Playwright names it. */
  press: (button: string, key: string) => Promise<void>;
  /** Goes to one row of a list, or one field of a page, and takes it: by these keys, or by a touch of it. */
  pick: (row: string, keys: readonly string[]) => Promise<void>;
  /** Digits and points into the field that waits for them. */
  type: (digits: string) => Promise<void>;
  /** Letters into the field that waits for them. */
  spell: (letters: string) => Promise<void>;
}>;

/** A person's pace: no scanner is as slow, and no bouncing key. */
const PACE_MS = 125;

/** What a finger needs to hit it. */
const FINGER_PX = 44;

/** What is pressed that the words of a button do not name. */
const PRINTED: Readonly<Record<string, string>> = {
  Escape: 'Esc',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
};

/** Keys only: a `Keyboard` cannot point at anything. Each key that has a button is looked for on it before it is pressed. */
export function keyboardHands(page: Page): Hands {
  const keys: Keyboard = page.keyboard;
  const strike = async (key: string): Promise<void> => {
    await sleep(PACE_MS);
    await keys.press(key);
  };
  const type = (text: string): Promise<void> => keys.type(text, { delay: PACE_MS });
  return {
    name: 'keyboard',
    async press(button, key) {
      const { printed } = await seen(page, button);
      const wanted = PRINTED[key] ?? keyWords(key.length === 1 ? key.toUpperCase() : key.replace('+', ' '));
      if (printed !== wanted) throw new Error(`“${button}” says the key ${printed}, and ${wanted} was to be pressed`);
      await strike(key);
    },
    async pick(row, way) {
      await seen(page, row);
      for (const key of way) await strike(key);
    },
    type,
    spell: type,
  };
}

/** One finger: it hits only what it sees, and only what is large enough. */
export function touchHands(page: Page): Hands {
  const finger: Touchscreen = page.touchscreen;
  const tap = async (words: string, pad: string | null = null): Promise<void> => {
    const { xPx, yPx, widthPx, heightPx } = await seen(page, words, pad);
    if (Math.round(Math.min(widthPx, heightPx)) < FINGER_PX) {
      throw new Error(`“${words}” is ${Math.round(widthPx)} by ${Math.round(heightPx)} pixels, too small for a finger`);
    }
    await finger.tap(xPx, yPx);
  };
  return {
    name: 'touch',
    async press(button) {
      await sleep(PACE_MS);
      await tap(button);
    },
    pick: (row) => tap(row),
    async type(digits) {
      for (const digit of digits) await tap(digit === '.' ? '小数点' : digit, '数字键盘');
    },
    async spell(letters) {
      for (const letter of letters) await tap(letter === ' ' ? '空格' : letter.toUpperCase(), '字母键盘');
    },
  };
}

type Seen = Readonly<{ xPx: number; yPx: number; widthPx: number; heightPx: number; printed: string | null }>;

/** Waits for something to press, pick or type into that says these words and that nothing lies above. */
async function seen(page: Page, said: string, pad: string | null = null): Promise<Seen> {
  try {
    const found = await page.waitForFunction(find, { said, pad }, { timeout: 10_000 });
    return (await found.jsonValue()) as Seen;
  } catch {
    throw new Error(`nothing to press says “${said}”: ${await words(page)}`);
  }
}

/** All that the page says, on one line, and what is typed into the field that has the keys. */
export async function words(page: Page): Promise<string> {
  const typed = await page.evaluate(() => (document.activeElement as Partial<HTMLInputElement> | null)?.value ?? '');
  return `${(await page.locator('body').innerText()).replaceAll(/\s+/g, ' ')} [${typed}]`;
}

/**
 * Runs in the page. What says just these words goes before what begins with them, and that before what has them among
 * others; a key or a badge is no word.
 */
function find({ said, pad }: Readonly<{ said: string; pad: string | null }>): Seen | null {
  let best: Readonly<{ rank: number; found: Seen }> | null = null;
  for (const one of document.querySelectorAll<HTMLElement>('button, a[href], input, tbody tr, [role=option]')) {
    if (pad !== null && one.closest(`[aria-label=${pad}]`) === null) continue;
    const box = one.getBoundingClientRect();
    const [xPx, yPx] = [box.x + box.width / 2, box.y + box.height / 2];
    const hit = document.elementFromPoint(xPx, yPx);
    if (hit === null || (hit !== one && !one.contains(hit)) || one.matches(':disabled')) continue;
    const bare = one.cloneNode(true) as HTMLElement;
    for (const other of bare.querySelectorAll('kbd, em, i, [aria-hidden=true]')) other.remove();
    const texts: string[] = [];
    const walker = document.createTreeWalker(bare, NodeFilter.SHOW_TEXT);
    while (walker.nextNode() !== null) texts.push(walker.currentNode.textContent ?? '');
    const says = one.getAttribute('aria-label') ?? texts.join(' ').replaceAll(/\s+/g, ' ').trim();
    const labels = one instanceof HTMLInputElement ? [...(one.labels ?? [])] : [];
    const isNamed = says === said || labels.some((label) => label.textContent?.trim() === said);
    const rank = isNamed ? 0 : says.startsWith(`${said} `) ? 1 : ` ${says} `.includes(` ${said} `) ? 2 : 3;
    if (rank >= (best?.rank ?? 3)) continue;
    const printed = one.querySelector('kbd')?.textContent ?? null;
    best = { rank, found: { xPx, yPx, widthPx: box.width, heightPx: box.height, printed } };
  }
  return best?.found ?? null;
}

/**
 * Has the page tell of every hand that it should not have felt: a pointer where there is only a keyboard, a key or a
 * mouse where there is only a finger. To be called before the page is opened.
 */
export async function watchHands(page: Page, only: Hands['name'], tell: (what: string) => void): Promise<void> {
  await page.exposeFunction('strayHand', tell);
  await page.addInitScript((allowed) => {
    const { strayHand } = window as unknown as { strayHand: (what: string) => void };
    addEventListener(
      'keydown',
      (event) => void (allowed !== 'keyboard' && event.isTrusted && strayHand(`key ${event.key}`)),
      true,
    );
    addEventListener(
      'pointerdown',
      (event) => {
        const isFinger = event.pointerType === 'touch';
        if (allowed !== 'touch' || !isFinger) strayHand(`${event.pointerType} at ${event.clientX}, ${event.clientY}`);
      },
      true,
    );
  }, only);
}
