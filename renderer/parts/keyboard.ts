import { useEffect, useLayoutEffect, useRef } from 'react';
import { checkDigit } from '../../shared/barcode.ts';
import {
  defaultWedgeRules,
  feed,
  flush,
  type WedgeOutcome,
  type WedgeRules,
  wedgeAtRest,
  wedgeRulesFor,
  type WedgeSettings,
} from '../../shared/wedge.ts';
import { type KeyName, keyName, leavesPage, typesCharacter } from './keys.ts';
import { goesOn, isWholeCode, joinTorn, type Stroke, TORN_PAUSE_MS, withStroke } from './torn.ts';

/**
 * Every key of a page comes through here, before any field sees it: first the wedge, which tells a scanner's burst from
 * a person, then the topmost layer (a dialog, or the page below it). So a scan works wherever the focus is.
 */
export type Press = Readonly<{ name: KeyName; shift: boolean; repeat: boolean; field: HTMLInputElement | null }>;

/** What a layer does with a key: nothing, or an action. The browser does not see a key that has an action. */
export type KeyHandler = (press: Press) => (() => void) | null;

/** What a layer does with a scan; false leaves it to the layer below. */
export type ScanHandler = (code: string) => boolean;

type Layer = Readonly<{ level: number; onKey: KeyHandler; onScan: ScanHandler | null; sells?: boolean }>;

/** Which layer is asked first: the higher one, and of the same level the newer one. */
export const LEVEL = { base: 0, page: 1, pay: 2, dialog: 3, prompt: 4 } as const;

/** An old till stalls now and then, so a burst may pause a little longer here; the mean over the burst decides. */
const PACE: WedgeRules = { ...defaultWedgeRules, longestGapMs: 80, pauseMs: 150 };

let rules = PACE;

/** Takes over what the shop's scanners are set to type around a code. */
export function setWedge(settings: WedgeSettings): void {
  rules = wedgeRulesFor(settings, PACE);
}

/** A key that acts is held back this long when it types a character: a burst would have sent the next one by then. */
const BURST_GAP_MS = PACE.longestGapMs + 15;

type Remembered = Readonly<{ field: HTMLInputElement; value: string }>;

/**
 * What is struck into the field for codes is typed this much later, unless it turns out to be a scan. So a burst draws
 * nothing on its way, and what it rings up need not wait for the frame after the one that drew it.
 */
const WITHHELD_FOR_MS = 40;

/** So many keys as fast as a scanner's: no hand types them, and they are withheld for as long as a burst may pause. */
const BURST_CHARACTERS = 4;

/** An EAN-13, as nearly all goods carry one. */
const ARTICLE_DIGITS = 13;

const layers: Array<{ current: Layer }> = [];
let wedge = wedgeAtRest;
let remembered: Remembered | null = null;
let held: ReturnType<typeof setTimeout> | null = null;
let flushing: ReturnType<typeof setTimeout> | null = null;
/** An input method took keys of this run, and may still write its word into the field. */
let methodAte = false;
/** Of a burst into the field for codes: what the field was not given, because it would be taken out again. */
let withheld: Readonly<{ field: HTMLInputElement; text: string; timer: ReturnType<typeof setTimeout> }> | null = null;
let strokes: readonly Stroke[] = [];
/** Digits that a pause ended and that are no whole code: they may be the head of a torn burst. */
let partial: Readonly<{ code: string; timer: ReturnType<typeof setTimeout> }> | null = null;

/** Starts listening for the whole page. Call once. */
export function captureKeyboard(): void {
  window.addEventListener('keydown', onKeyDown, { capture: true });
  // No part of a page asks when a key comes up, and the page's root would hear of each of a burst's twice.
  window.addEventListener('keyup', (event) => event.stopPropagation(), { capture: true });
  // The side buttons of a mouse and a swipe would go back in the history.
  window.addEventListener('mouseup', (event) => {
    if (event.button === 3 || event.button === 4) event.preventDefault();
  });
  history.pushState(null, '', window.location.href);
  window.addEventListener('popstate', () => history.pushState(null, '', window.location.href));
}

/** Whether a part of this page wants scans for itself, and does not leave them to what sells. */
export function wantsScans(): boolean {
  return layers.some(({ current }) => current.onScan !== null && current.sells !== true);
}

/**
 * Tells of an article's number before its scanner has typed the last of it: twelve digits say what the thirteenth is. Only
 * what sells hears of it, and it is no scan: the run may turn out to be a longer code, or none.
 */
export function foresee(heard: (code: string) => void): void {
  foreseen = heard;
}

let foreseen: (code: string) => void = () => {};

/** Called each time that `wantsScans` may have become another answer. */
export function onLayers(heard: () => void): void {
  layersHeard = heard;
}

let layersHeard: () => void = () => {};

/** Puts a layer on top for as long as the component is shown. The handlers may change with every render. */
export function useKeys(
  level: number,
  onKey: KeyHandler,
  onScan: ScanHandler | null = null,
  sells: 'sells' | null = null,
): void {
  const layer = useRef<Layer>({ level, onKey, onScan });
  useLayoutEffect(() => {
    layer.current = { level, onKey, onScan, sells: sells !== null };
  });
  useEffect(() => {
    // A part that stands deeper in the page is there before what holds it, so the order of arrival says nothing.
    const above = layers.findIndex((one) => one.current.level > level);
    layers.splice(above < 0 ? layers.length : above, 0, layer);
    layersHeard();
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      layersHeard();
    };
  }, [level]);
}

function onKeyDown(event: KeyboardEvent): void {
  const field = editedField();
  const mayBeBurst = field?.dataset['bursts'] === 'yes' && isPlainCharacter(event);
  if (!mayBeBurst && event.key !== 'Enter' && event.key !== 'Tab') typeWithheld();
  if (leavesPage(event, field !== null)) event.preventDefault();
  const before = field === null ? null : { field, value: field.value };
  if (event.isComposing || event.key === 'Process') methodAte = true;
  const { broken } = wedge;
  const outcome = feed(
    wedge,
    {
      code: event.code,
      key: event.key,
      atMs: event.timeStamp,
      composing: event.isComposing,
      shift: event.shiftKey,
      command: event.ctrlKey || event.altKey || event.metaKey,
      repeat: event.repeat,
    },
    rules,
  );
  if (outcome.state.text.length === ARTICLE_DIGITS - 1 && !wantsScans()) foreseeArticle(outcome.state.text);
  // A second character so soon after the first: a burst, so the first was no command.
  if (outcome.state.text.length > 1) dropHeld();
  const name = keyName(event);
  const stroke = name !== null && /^\d$/.test(name) ? { digit: name, atMs: event.timeStamp } : null;
  const struck = stroke === null ? strokes : withStroke(strokes, stroke);
  strokes = stroke === null ? [] : struck;
  const head = dropPartial();
  if (name === 'Enter' || name === 'Tab') {
    // Put together when torn; else what the wedge has, or what a pause had ended before this suffix came.
    const joined = joinTorn(struck);
    const whole = joined !== null && joined.length > (outcome.scan?.length ?? 0);
    const code = whole ? joined : (outcome.scan ?? head);
    if (code === null) typeWithheld();
    else dropWithheld();
    take({ ...outcome, ...(code === null ? {} : { scan: code }) }, before);
    // A field that takes codes holds all of a torn burst that could not be put together, as if it was typed.
    const asTyped = code === null && broken && field?.dataset['codes'] === 'yes';
    if (code !== null || (outcome.consume && !asTyped)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
  } else {
    const { scan, ...rest } = outcome;
    const torn = scan === undefined || isTorn(scan);
    // What stood in the field before the first piece of a torn burst; digits that a hand typed belong to the field.
    take(torn ? rest : outcome, torn && outcome.began && goesOn(struck) ? remembered : before);
    if (!torn && stroke !== null) strokes = [stroke];
  }
  if (name === null || inputMethodHasIt(event)) return;
  if (name === 'Enter' && !event.repeat && isTabbedTo(document.activeElement)) return;
  const inBurst = outcome.state.text.length > 1;
  const action = actionOf({ name, shift: event.shiftKey, repeat: event.repeat, field });
  if (mayBeBurst && field !== null && (action === null || inBurst)) {
    event.preventDefault();
    event.stopPropagation();
    withhold(field, event.key, outcome.state.text.length < BURST_CHARACTERS ? WITHHELD_FOR_MS : BURST_GAP_MS);
  }
  if (action === null) return;
  event.preventDefault();
  event.stopPropagation();
  if (inBurst && typesCharacter(name)) return;
  if (!typesCharacter(name)) {
    dropHeld();
    action();
    return;
  }
  dropHeld();
  const eaten = event.key === 'Process';
  const kept = field?.value ?? '';
  held = setTimeout(() => {
    held = null;
    // An input method has begun a word with this key; it lets go when the field loses the focus.
    if (eaten && field !== null) restoreField({ field, value: kept }, true);
    action();
  }, BURST_GAP_MS);
}

/** What a page has no use for may belong to what stands around every page. */
function actionOf(press: Press): (() => void) | null {
  const top = layers.at(-1)?.current;
  const own = top?.onKey(press) ?? null;
  if (own !== null || top === undefined || top.level > LEVEL.pay) return own;
  return layers[0]?.current.onKey(press) ?? null;
}

function foreseeArticle(digits: string): void {
  if (/^\d+$/.test(digits)) foreseen(digits + checkDigit(digits));
}

/** A key that types one letter or digit as it is, and is not held down. */
function isPlainCharacter(event: KeyboardEvent): boolean {
  const isCommand = event.ctrlKey || event.altKey || event.metaKey;
  return /^[0-9A-Za-z]$/.test(event.key) && !isCommand && !event.isComposing && !event.repeat;
}

function withhold(field: HTMLInputElement, character: string, forMs: number): void {
  const text = withheld?.field === field ? withheld.text + character : character;
  dropWithheld();
  withheld = { field, text, timer: setTimeout(typeWithheld, forMs) };
}

function dropWithheld(): void {
  if (withheld !== null) clearTimeout(withheld.timer);
  withheld = null;
}

/** It was no scan after all: the field gets what was struck, where the caret stands. */
function typeWithheld(): void {
  const kept = withheld;
  dropWithheld();
  if (kept === null || !kept.field.isConnected) return;
  const { field } = kept;
  const from = field.selectionStart ?? field.value.length;
  const to = field.selectionEnd ?? from;
  const room = field.maxLength < 0 ? kept.text.length : field.maxLength - field.value.length + (to - from);
  const text = kept.text.slice(0, Math.max(0, room));
  setFieldValue(field, field.value.slice(0, from) + text + field.value.slice(to));
  field.setSelectionRange(from + text.length, from + text.length);
}

/** While an input method composes, Enter, digits and letters choose its words; the function keys stay ours. */
function inputMethodHasIt(event: KeyboardEvent): boolean {
  return event.isComposing && !/^F\d/.test(event.code);
}

/** A button that somebody went to with Tab is what Enter means; one that was touched never has the focus. */
function isTabbedTo(active: Element | null): boolean {
  return active instanceof HTMLButtonElement && active.matches(':focus-visible');
}

function dropHeld(): void {
  if (held !== null) clearTimeout(held);
  held = null;
}

function take(outcome: WedgeOutcome, before: Remembered | null): void {
  wedge = outcome.state;
  if (outcome.scan !== undefined) {
    putBack();
    deliver(outcome.scan);
  }
  // Read now: what the burst before this one had typed is out of the field.
  if (outcome.began) remembered = before === remembered ? before : asItIs(before);
  if (flushing !== null) clearTimeout(flushing);
  flushing = null;
  if (wedge.text === '') return;
  flushing = setTimeout(flushSoon, PACE.pauseMs + 5);
}

function asItIs(before: Remembered | null): Remembered | null {
  return before === null ? null : { field: before.field, value: before.field.value };
}

/** A page that stalled has keys waiting; they go first, since the pause may be the page's and not the scanner's. */
function flushSoon(): void {
  flushing = setTimeout(() => {
    const { scan, ...rest } = flush(wedge, performance.now(), rules);
    const code = joinTorn(strokes) ?? scan;
    if (code === undefined || !isTorn(code)) return take(code === undefined ? rest : { ...rest, scan: code }, null);
    take(rest, null);
    partial = { code, timer: setTimeout(() => takePartial(code), TORN_PAUSE_MS) };
  }, 15);
}

/** Nothing more came: a code of the shop's own without a suffix. */
function takePartial(code: string): void {
  partial = null;
  strokes = [];
  putBack();
  deliver(code);
}

function dropPartial(): string | null {
  const code = partial?.code ?? null;
  if (partial !== null) clearTimeout(partial.timer);
  partial = null;
  return code;
}

/** Digits that are no whole code by themselves may be a part of one. */
function isTorn(code: string): boolean {
  return /^\d+$/.test(code) && !isWholeCode(code);
}

/** Gives a scan to the topmost part that wants it, whether keys or a device brought it. */
export function deliver(code: string): void {
  strokes = [];
  dropHeld();
  for (const layer of layers.toReversed()) {
    if (layer.current.onScan?.(code) === true) return;
  }
}

/** Takes out of the focused field what the burst typed into it, composed or not. */
function putBack(): void {
  const before = remembered;
  remembered = null;
  if (before !== null) restoreField(before, methodAte);
}

function restoreField(before: Remembered, composing: boolean): void {
  if (!before.field.isConnected) return;
  const restore = (): void => setFieldValue(before.field, before.value);
  // An input method lets go of what it composes only when the field loses the focus; without one the focus stays.
  if (composing && document.activeElement === before.field) {
    before.field.blur();
    restore();
    before.field.focus();
  }
  restore();
  // It may still write its word after this.
  if (methodAte) setTimeout(restore, 0);
  methodAte = false;
}

/** Writes a field so that React hears of it. */
export function setFieldValue(field: HTMLInputElement, value: string): void {
  if (field.value === value) return;
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, value);
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function editedField(): HTMLInputElement | null {
  const active = document.activeElement;
  return active instanceof HTMLInputElement && !active.readOnly ? active : null;
}
