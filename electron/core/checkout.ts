import { planSpend } from '../../shared/allotment.ts';
import { assertNever, must } from '../../shared/assert.ts';
import { HOUR_MS, SECOND_MS } from '../../shared/time.ts';
import { cardPatternOf, parseCode, stripeToken, type Code, type ParsedCode } from '../../shared/barcode.ts';
import { cardNumberBy, type CardRule } from '../../shared/card-number.ts';
import { type CardSighting, seeCard } from '../../shared/card-sighting.ts';
import type { CounterFunction } from '../../shared/counter.ts';
import type { Item } from '../../shared/item.ts';
import { endsWithDigits, type CardView, type MemberView } from '../../shared/member.ts';
import { mulDivFloor } from '../../shared/money.ts';
import type { Policy } from '../../shared/policy.ts';
import { salePostings } from '../../shared/posting.ts';
import { priceLines, priceSale, type PricedLines, type PricedSale, type PricingMember } from '../../shared/pricing.ts';
import { unitGrams } from '../../shared/quantity.ts';
import { isReceipt, type PaperSlip } from '../../shared/paper.ts';
import { UNNAMED } from '../../shared/receipt-build.ts';
import type { Receipt } from '../../shared/receipt.ts';
import type { SaleBody } from '../../shared/record-bodies.ts';
import {
  addGoods,
  changeLine,
  isCountable,
  newSale,
  pricingLine,
  QUANTITY_LIMIT,
  removeLine,
  type Brought,
  type OpenSale,
} from '../../shared/sale.ts';
import type {
  Answer,
  BasketLines,
  Command,
  FoundItem,
  Screen,
  ScreenMember,
  ScreenPaid,
  ScreenPay,
  TriedCard,
} from '../../shared/till-contract.ts';
import type { CustomerPin } from './customer-pin.ts';
import { expiredBatchWarning } from './batches.ts';
import type { Catalogue } from './catalogue.ts';
import type { RecordRow } from './ledger/ledger.ts';
import type { Members } from './members.ts';
import type { SaleFile } from './open-sale.ts';
import type { Operators } from './operators.ts';
import { nextCounter, receiptNumber, type Receipts } from './receipts.ts';
import type { Slips } from './slips.ts';
import { done, refuse, type Operator, type Till } from './till.ts';

/** Says something to the cashier: a key of `words.ts`, or a reason of refusal, with its values. */
export type Say = (
  tone: 'good' | 'info' | 'warn' | 'bad',
  text: string,
  values?: Record<string, string | number>,
) => void;

type Parts = Readonly<{
  till: Till;
  catalogue: Catalogue;
  members: Members;
  operators: Operators;
  receipts: Receipts;
  saleFile: SaleFile;
  slips: Slips;
  say: Say;
  shiftId: () => string | null;
  /** What the set-up learned of this till's card reader. */
  cardNumber: () => CardRule | null;
  /** Asks the town for points of a member who has just shown their card; never waited for. */
  topUp: (member: string) => void;
  /** Whether a top-up is on its way. */
  isToppingUp: (member: string) => boolean;
  clockSuspect: () => boolean;
  catalogueVersion: () => number;
  /** What is printed on the key of a function of this till. */
  keyOf: (which: CounterFunction) => string;
  pin: Pick<CustomerPin, 'ask' | 'shown'>;
  changed: () => void;
  /** Runs work behind the answer of the command, where a failing disk is met as everywhere. */
  soon: (work: () => void) => void;
}>;

/** How many goods one sale may hold; far above any basket, and a bound on what a stuck scanner can do. */
const LINES_LIMIT = 500;

/** Notes of which a customer may hand over as many as it takes. */
const NOTES_FEN = [500, 1_000, 2_000, 5_000, 10_000] as const;
/** Nobody pays for a sweet with a note of a hundred. */
const NOTE_TIMES_DUE_MAX = 20;

/** The prices of a sale, and what they were made by. */
type Pricing = Readonly<{
  lines: PricedLines;
  member: ScreenMember | null;
  pricingMember: PricingMember | null;
  policy: Policy;
}>;

/** The open sale: every command that touches it, from the first scan to the record. */
export function createCheckout(parts: Parts) {
  const { till, catalogue, members, operators, receipts, saleFile, slips, say, shiftId } = parts;
  const { ledger, world } = till;

  let sale: OpenSale = restored(saleFile.loaded);
  /** The card that a keyboard-like reader typed last. */
  let lastCard: CardSighting = null;
  /** What was just paid; its paper is made when somebody looks, because no customer waits for that. */
  let paid: Readonly<{ body: SaleBody; sale: string; paper: () => Receipt; printed: ScreenPaid['printed'] }> | null =
    null;
  /** Pricing of the sale as it stands; made when first asked for and thrown away at each change. */
  let priced: Pricing | null = null;
  /** What was looked up before its scan came: the line that it makes has its key already. */
  let ahead: Readonly<{ from: OpenSale; item: string; key: string }> | null = null;

  function restored(loaded: OpenSale | null): OpenSale {
    if (loaded === null || isGone(loaded.id)) return newSale(world.newId(), till.atMs());
    if (loaded.lines.length > 0) say('info', 'saleRestored', { lines: loaded.lines.length });
    return loaded;
  }

  /** A sale in the journal is paid or voided, and one among the held is held, whatever was not heard of it in between. */
  function isGone(id: string): boolean {
    return ledger.byId(id) !== null || ledger.get('SELECT sale FROM held_sale WHERE sale = ?', id) !== undefined;
  }

  /** The sale becomes `next`: on disk first, then on the screen. */
  const become = (next: OpenSale): void => {
    saleFile.save(
      next.lines.length === 0 &&
        next.member === null &&
        next.pay === null &&
        next.weighing === null &&
        next.quantityFirst === null
        ? null
        : next,
    );
    sale = next;
    priced = null;
    parts.changed();
  };

  const fresh = (): OpenSale => newSale(world.newId(), till.atMs());

  const pricing = () => {
    if (priced !== null) return priced;
    const policy = till.policy();
    const member = screenMember(policy);
    const pricingMember = member === null ? null : pricingMemberOf(member, policy);
    priced = { lines: priceLines(sale.lines.map(pricingLine), pricingMember, policy), member, pricingMember, policy };
    return priced;
  };

  /**
   * Why no points may be spent right now: the clock is in doubt (invariant 30), or the term ended by judged time, the
   * later of the wall clock and the last time seen (invariant 18).
   */
  const pointsRefusedOf = (): ScreenMember['pointsRefused'] => {
    const open = sale.member;
    if (open === null) return null;
    const term = members.openTerm();
    if (open.how !== 'presented') return 'notPresented';
    if (parts.clockSuspect()) return 'clockSuspect';
    if (term === null) return parts.isToppingUp(open.id) ? 'waitingForTown' : 'noTerm';
    // Stale means no points, never no sale.
    if (term.endMs <= till.atMs()) return 'termEnded';
    return null;
  };

  const screenMember = (policy: Policy): ScreenMember | null => {
    const open = sale.member;
    const figures = open === null ? null : members.figures(open.id, policy);
    if (open === null || figures === null) return null;
    const pointsRefused = pointsRefusedOf();
    return {
      id: open.id,
      mask: figures.view.mask,
      villageName: figures.view.villageName,
      stars: figures.stars,
      rateBp: policy.discount.rateBpByStars[figures.stars] ?? 10_000,
      lastFour: open.lastFour,
      how: open.how,
      spendable: pointsRefused === null ? figures.held : 0,
      townPoints: figures.townPoints,
      townAsOfMs: figures.view.asOfMs,
      leftToday: Math.max(0, policy.points.perDay - figures.spentToday),
      leftThisMonth: Math.max(0, policy.points.perMonth - figures.spentThisMonth),
      leftWithoutPin: Math.max(0, policy.points.pinFreePerDay - figures.spentToday),
      personConfirmed: open.personConfirmed,
      pinProven: open.pinProven ?? false,
      bearers: (figures.view.bearers ?? []).flatMap(bearerOf),
      bearer: open.bearer === undefined ? null : { id: open.bearer, mask: maskOfMember(open.bearer) },
      nextExpiry: figures.view.nextExpiry,
      pointsRefused,
      starsStale: figures.starsStale,
    };
  };

  const bearerOf = (id: string): ScreenMember['bearers'] => {
    const view = till.replicas.member(id)?.view;
    return view?.state === 'active' ? [{ id, mask: view.mask, villageName: view.villageName }] : [];
  };

  const maskOfMember = (id: string): string => till.replicas.member(id)?.view.mask ?? UNNAMED;

  const isProven = (member: ScreenMember): boolean => member.personConfirmed || member.pinProven;

  /** What pricing may spend: the open term's points, and without PIN or a confirmed person only so many a day (R-C4). */
  const pricingMemberOf = (member: ScreenMember, policy: Policy): PricingMember => ({
    stars: member.stars,
    spendable: isProven(member) ? member.spendable : Math.min(member.spendable, member.leftWithoutPin),
    spentToday: policy.points.perDay - member.leftToday,
    spentThisMonth: policy.points.perMonth - member.leftThisMonth,
  });

  const nextAfterPaid = (): void => {
    if (paid !== null) {
      paid = null;
      become(fresh());
    }
  };

  // --- Goods ---------------------------------------------------------------------------------------------------------

  /** The sale with these goods, or why they do not come in. */
  const withItem = (
    item: Item,
    brought: Brought,
    key: string,
  ): Readonly<{ next: OpenSale; asksAge: boolean }> | 'notPriced' | 'badInput' | 'expiredBatch' => {
    const { priceFen } = item;
    if (priceFen === null) return 'notPriced';
    if (sale.lines.length >= LINES_LIMIT || quantityOf(item, priceFen, brought) > QUANTITY_LIMIT) return 'badInput';
    if (expiredBatchWarning(ledger, item.id, till.businessDay())) return 'expiredBatch';
    // Said once a sale, also when the first such line was taken out again.
    const asksAge = !sale.adultsAsked && till.policy().adultCategories.includes(item.category);
    const next = addGoods(
      asksAge ? { ...sale, adultsAsked: true } : sale,
      { ...item, priceFen },
      brought,
      key,
      till.businessDay(),
    );
    return isCountable(next) ? { next, asksAge } : 'badInput';
  };

  const addItem = (item: Item, brought: Brought): Answer => {
    const key = ahead?.from === sale && ahead.item === item.id ? ahead.key : world.newId();
    const added = withItem(item, brought, key);
    if (added === 'badInput') return refuse(added);
    if (typeof added === 'string') return refused(added, { name: item.name });
    const { next, asksAge } = added;
    const wasPaying = sale.pay !== null;
    become(next);
    if (asksAge) say('warn', 'adultsOnly');
    // The figures of the payment are no longer true: the page is the basket again, and the cashier hears why.
    else if (wasPaying) say('warn', 'addedWhilePaying', { name: item.name });
    else say('good', 'itemAdded', { name: item.name, count: brought.quantity });
    return done;
  };

  /** Pieces or grams, also where a printed amount alone stands for them. */
  const quantityOf = (item: Item, priceFen: number, brought: Brought): number =>
    item.per === 'piece' || brought.quantity > 0 || brought.labelFen === null
      ? brought.quantity
      : mulDivFloor(brought.labelFen, unitGrams(item.per), priceFen);

  /** An item by hand or by its plain code: counted goods go in, weighed goods need the scale or a typed weight. */
  const addByHand = (item: Item): Answer => {
    if (item.priceFen === null) return refused('notPriced', { name: item.name });
    if (item.per === 'piece')
      return addItem(item, { quantity: sale.quantityFirst ?? 1, labelFen: null, labelled: false });
    const weightGrams = world.devices.weightGrams();
    if (weightGrams !== null && weightGrams > 0)
      return addItem(item, { quantity: weightGrams, labelFen: null, labelled: false });
    become({ ...sale, weighing: item.id, choices: [], pay: null });
    say('info', 'weighNow', { name: item.name });
    return done;
  };

  /**
   * The lines as they would be if this code was scanned now, for a page whose scanner is still typing. Nothing is changed
   * and nothing recorded, so only counted goods that just come in are looked up ahead; null for everything else, which
   * shows itself when it was scanned.
   */
  const lookAhead = (code: string): BasketLines | null => {
    if (paid !== null || sale.pay !== null || sale.weighing !== null || sale.choices.length > 0) return null;
    const { readings } = parseScanned(code);
    const [reading] = readings;
    if (reading?.kind !== 'gtin' || typedCard({ text: code, readings }) !== null) return null;
    const found = articleOf(reading);
    if (found === null || found.inCase || found.item.per !== 'piece') return null;
    const key = world.newId();
    const brought = { quantity: sale.quantityFirst ?? 1, labelFen: null, labelled: false };
    const added = withItem(found.item, brought, key);
    if (typeof added === 'string' || added.asksAge) return null;
    ahead = { from: sale, item: found.item.id, key };
    const now = pricing();
    const lines = priceLines(added.next.lines.map(pricingLine), now.pricingMember, now.policy);
    return { lines: screenLines(added.next, { ...now, lines }), selected: added.next.selected };
  };

  const refused = (reason: Parameters<typeof refuse>[0], values: Record<string, string | number> = {}): Answer => {
    say('bad', reason, values);
    const numbers = Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    return numbers.length === 0 ? refuse(reason) : refuse(reason, Object.fromEntries(numbers));
  };

  /** Tries one reading of a code; null passes on to the next reading. */
  const tryReading = (reading: Code, source: 'scanner' | 'typed'): Answer | null => {
    switch (reading.kind) {
      case 'empty':
        return refuse('badInput');
      case 'cardToken': {
        const card = members.cardBehind(reading.token);
        return reading.form === 'barcode' || card !== null ? presentCard(card) : null;
      }
      case 'scaleLabel': {
        const item = catalogue.byPlu(reading.plu);
        if (item === null || item.per === 'piece') return null;
        if (item.priceFen === null) return refused('notPriced', { name: item.name });
        // A label whose amount or weight is nothing is a misread, not goods.
        if ((reading.amountFen ?? 1) === 0 || (reading.weightGrams ?? 1) === 0) return null;
        return addItem(item, {
          quantity: reading.weightGrams ?? 0,
          labelFen: reading.amountFen ?? null,
          labelled: true,
        });
      }
      case 'gtin': {
        const found = articleOf(reading);
        if (found === null) return null;
        const answer = addByHand(found.item);
        if (found.inCase && answer.kind === 'done') say('warn', 'caseScanned', { name: found.item.name, count: 1 });
        return answer;
      }
      case 'gs1': {
        const found = articleOf(reading.article);
        return found === null ? null : addGs1(found.item, reading);
      }
      case 'brokenGs1':
        return refused('brokenGs1', { ai: reading.ai });
      case 'internal': {
        const item = catalogue.byCode(reading.code) ?? catalogue.byPlu(reading.code);
        return item === null ? null : addByHand(item);
      }
      case 'paymentCode':
        if (sale.pay !== null) {
          say('info', 'payWithCounterCode');
          return refuse('paymentCode');
        }
        return refused('paymentCode');
      case 'wrongCheckDigit':
        return refused('wrongCheckDigit', { code: reading.digits });
      case 'text':
        return source === 'typed' ? searchText(reading.text) : null;
      default:
        return assertNever(reading);
    }
  };

  /** The item of an article number; of a case that is none of its own, the item inside. */
  const articleOf = (article: Extract<Code, { kind: 'gtin' }>): Readonly<{ item: Item; inCase: boolean }> | null => {
    for (const lookup of article.lookups) {
      const item = catalogue.byCode(lookup);
      if (item !== null) return { item, inCase: false };
    }
    const item = article.inner13 === undefined ? null : catalogue.byCode(article.inner13);
    return item === null ? null : { item, inCase: true };
  };

  /** Goods whose symbol says more than which article they are; what it says of their days is nobody's to overrule. */
  const addGs1 = (item: Item, facts: Extract<Code, { kind: 'gs1' }>): Answer => {
    const { weightGrams, amountFen, count, lastDay } = facts;
    if (lastDay !== undefined && lastDay < till.businessDay()) return refused('expiredBatch', { name: item.name });
    // A weight or an amount of nothing is a misprint, not goods.
    if (weightGrams === 0 || amountFen === 0) return refused('brokenGs1');
    const isWeighed = item.per !== 'piece';
    if (item.priceFen !== null && (amountFen !== undefined || (isWeighed && weightGrams !== undefined))) {
      const quantity = isWeighed ? (weightGrams ?? 0) : 1;
      return addItem(item, { quantity, labelFen: amountFen ?? null, labelled: true });
    }
    if (isWeighed || count === undefined) return addByHand(item);
    const quantity = count * (sale.quantityFirst ?? 1);
    const answer = addItem(item, { quantity, labelFen: null, labelled: false });
    if (answer.kind === 'done') say('warn', 'caseScanned', { name: item.name, count: quantity });
    return answer;
  };

  const searchText = (text: string): Answer => {
    const found = catalogue.search(text, 30);
    const only = found.length === 1 ? found[0] : undefined;
    if (only !== undefined) {
      const item = catalogue.byId(only.item);
      return item === null ? refuse('unknownItem') : addByHand(item);
    }
    if (found.length === 0) return refused('noMatch', { text });
    become({ ...sale, choices: found.map((one) => one.item) });
    say('info', 'chooseItem', { count: found.length });
    return done;
  };

  const parseScanned = (code: string): ParsedCode => {
    const { scaleLabels, card } = till.policy();
    return parseCode(code, {
      scaleLabels,
      cardPattern: cardPatternOf(card.prefix),
      today: till.businessDay(),
      atPaymentPrompt: paid === null && sale.pay !== null,
    });
  };

  const scan = (code: string, source: 'scanner' | 'typed' | 'card'): Answer => {
    const parsed = parseScanned(code);
    // Before the paid page goes: the change of a customer whose card still lies there stays on the screen.
    const typed = source === 'scanner' ? typedCard(parsed) : null;
    if (typed !== null && stillLiesThere(typed)) return done;
    nextAfterPaid();
    if (source === 'card') return presentRead(code);
    const known = typed === null ? null : members.cardBehind(typed);
    if (known !== null) return presentCard(known);
    for (const reading of parsed.readings) {
      const answer = tryReading(reading, source);
      if (answer === null) continue;
      if (answer.kind === 'refused') recordRefusedScan(reading.kind);
      return answer;
    }
    recordRefusedScan('unknown');
    if (operators.byCard(code) !== null) return refused('staffCardHere');
    const last = parsed.readings[parsed.readings.length - 1];
    if (last?.kind === 'cardToken') return refused('cardUnknown');
    return refused('unknownCode', { code: parsed.text });
  };

  /** The printed number of a card whose reader typed this like a keyboard; null for goods and for what is no card. */
  const typedCard = ({ text, readings }: ParsedCode): string | null => {
    const isGoods = readings.some(
      (one) =>
        (one.kind === 'internal' && (catalogue.byCode(one.code) ?? catalogue.byPlu(one.code)) !== null) ||
        (one.kind === 'gtin' && articleOf(one) !== null),
    );
    if (isGoods) return null;
    const rule = parts.cardNumber();
    const number = rule === null ? null : cardNumberBy(rule, text);
    if (number !== null) return number;
    const card = readings.find((one) => one.kind === 'cardToken');
    return card?.kind === 'cardToken' && card.form === 'reader' ? card.token : null;
  };

  /** The number of a card however it was brought: typed off it, scanned, or by a reader; null for what can be none. */
  const tokenOf = (code: string): string | null => {
    const { scaleLabels, card } = till.policy();
    const rule = parts.cardNumber();
    const today = till.businessDay();
    const { text, readings } = parseCode(code, { scaleLabels, cardPattern: cardPatternOf(card.prefix), today });
    const number = rule === null ? null : cardNumberBy(rule, text);
    return number ?? readings.find((reading) => reading.kind === 'cardToken')?.token ?? null;
  };

  /** Some readers type the number of a card again and again for as long as it lies on them. */
  const stillLiesThere = (number: string): boolean => {
    const seen = seeCard(lastCard, number, world.clock.nowMs());
    lastCard = seen.sighting;
    return !seen.isNew;
  };

  /**
   * What a card reader brings is a card's number, whatever else its digits could mean: the one that is printed, where the
   * till learned what its reader makes of that, or the one that it brought (a stripe, a block, a card taken in by its UID).
   */
  const cardRead = (code: string): Readonly<{ number: string; card: CardView | null }> => {
    const read = stripeToken(code) ?? code.trim().toLowerCase();
    const rule = parts.cardNumber();
    const printed = rule === null ? null : cardNumberBy(rule, read);
    const byPrint = printed === null ? null : members.cardBehind(printed);
    if (printed !== null && byPrint !== null) return { number: printed, card: byPrint };
    const card = read === '' ? null : members.cardBehind(read);
    return { number: card === null ? (printed ?? read) : read, card };
  };

  /** What a card is, for whoever tries a reader; the sale hears nothing of it, and no record is made. */
  const tryCard = (code: string): TriedCard => {
    const token = tokenOf(code);
    const typed = token === null ? null : members.cardBehind(token);
    const { number, card } = token !== null && typed !== null ? { number: token, card: typed } : cardRead(code);
    if (card === null && operators.byCard(code) !== null) return { number, member: null, refusal: 'staffCardHere' };
    const judged = members.judge(card);
    return judged.kind === 'refused'
      ? { number, member: null, refusal: judged.reason }
      : { number, member: judged.view.mask, refusal: null };
  };

  /** A reader that is no keyboard tells of each card once. */
  const presentRead = (code: string): Answer => {
    if (code.trim() === '') return refuse('badInput');
    const { card } = cardRead(code);
    const isStaff = card === null && operators.byCard(code) !== null;
    const answer = isStaff ? refused('staffCardHere') : presentCard(card);
    if (answer.kind === 'refused') recordRefusedScan('cardToken');
    return answer;
  };

  /** A refused scan is recorded by class, never by content. */
  const recordRefusedScan = (kind: string): void => {
    till.record({
      kind: 'refusedScan',
      id: world.newId(),
      operator: till.operator()?.id ?? null,
      body: { class: kind, shift: shiftId() },
    });
  };

  // --- The member ----------------------------------------------------------------------------------------------------

  /** A card that waits for a manager, and the sale that it was shown for. */
  let waiting: Readonly<{ sale: string; card: CardView }> | null = null;

  const presentCard = (known: CardView | null): Answer => {
    const judged = members.judge(known);
    if (judged.kind === 'refused') {
      // The sale goes on at shelf price and says why (issue: expired, blocked, lost or foreign card).
      return refused(judged.reason);
    }
    const { card, view } = judged;
    if (isOwnCard(view.id)) return refused('ownCard');
    const seconds = till.policy().card.secondUseSeconds;
    const operator = till.operator();
    if (sale.member?.id !== view.id && usedWithin(view.id, seconds)) {
      if (operator?.role !== 'manager') {
        waiting = { sale: sale.id, card };
        parts.changed();
        return refused('cardUsedJustNow', { seconds, key: parts.keyOf('member') });
      }
      noteSecondUse(operator.id, operator.id, seconds);
    }
    return admit(card, view);
  };

  /** Whoever stands at the till does not buy with their own card there: who sells and who pays are two (domain, 4). */
  const isOwnCard = (member: string): boolean => {
    const operator = till.operator();
    return operator !== null && operators.memberOf(operator.id) === member;
  };

  /** A card that paid a moment ago may be in other hands by now, with a PIN that was read over a shoulder. */
  const usedWithin = (member: string, seconds: number): boolean => {
    const lastMs = members.lastUsedMs(member);
    return lastMs !== null && till.atMs() - lastMs < seconds * SECOND_MS;
  };

  const noteSecondUse = (operator: string, by: string, seconds: number): void => {
    const body = { what: 'cardAgain', document: sale.id, by, detail: { seconds } } as const;
    till.record({ kind: 'override', id: world.newId(), operator, body });
  };

  /** A manager lets the card that waits be used again. */
  const allowCard = (operator: Operator, by: string): Answer => {
    if (waiting === null || waiting.sale !== sale.id || paid !== null) return refuse('noSale');
    const judged = members.judge(till.replicas.card(waiting.card.id));
    if (judged.kind === 'refused') return refused(judged.reason);
    noteSecondUse(operator.id, by, till.policy().card.secondUseSeconds);
    return admit(judged.card, judged.view);
  };

  const admit = (card: CardView, view: MemberView): Answer => {
    const before = sale.member;
    waiting = null;
    become({
      ...sale,
      pay: null,
      member:
        before?.id === view.id && before.how === 'presented'
          ? { ...before, card: card.id, lastFour: card.lastFour }
          : { id: view.id, card: card.id, lastFour: card.lastFour, how: 'presented', personConfirmed: false },
    });
    parts.topUp(view.id);
    const shown = pricing().member;
    const heardHours = Math.floor((till.atMs() - (shown?.townAsOfMs ?? 0)) / HOUR_MS);
    if (shown?.starsStale === true) say('warn', 'starsStale');
    else if (heardHours >= till.policy().blockList.warnHours) say('warn', 'blockListOld', { hours: heardHours });
    else say('good', 'memberShown', { mask: view.mask, stars: shown?.stars ?? 0 });
    return done;
  };

  /**
   * A card in the hand that no reader takes: whoever stands at the till read its last six digits and chose among masks. It
   * counts as presented, and the record says without a digit that it wants replacing.
   */
  const pickCard = (command: Extract<Command, { kind: 'pickCard' }>): Answer => {
    nextAfterPaid();
    const operator = till.operator();
    if (operator === null) return refuse('notSignedIn');
    const card = till.replicas.card(command.card);
    if (card === null || !endsWithDigits(card, command.lastSix)) return refused('cardUnknown');
    const answer = presentCard(card);
    if (answer.kind === 'refused') return answer;
    const id = `unreadable:${sale.id}:${card.id}`;
    if (ledger.byId(id) === null) {
      const body = {
        what: 'unreadable',
        card: card.id,
        member: card.member,
        document: sale.id,
        by: operator.id,
      } as const;
      till.record({ kind: 'cardChange', id, operator: operator.id, body });
    }
    say('good', 'cardUnreadable', { mask: pricing().member?.mask ?? '' });
    return answer;
  };

  /** Somebody who forgot their card, found in the roster: the discount, and no points (R-C5). */
  const lookUpMember = (id: string): Answer => {
    nextAfterPaid();
    const member = till.replicas.member(id);
    if (member?.view.state !== 'active') return refused('memberNotActive');
    if (isOwnCard(id)) return refused('ownCard');
    const open = { id, card: null, lastFour: '', how: 'lookedUp', personConfirmed: false } as const;
    become({ ...sale, pay: null, member: open });
    say('info', 'memberLookedUp', { mask: member.view.mask, stars: pricing().member?.stars ?? 0 });
    return done;
  };

  // --- Payment -------------------------------------------------------------------------------------------------------

  const mobileChannels = (policy: Policy) => policy.mobileChannels;

  /** The payment as it stands, with every figure the page shows; null outside the prompt. */
  const screenPay = (): ScreenPay | null => {
    const { pay } = sale;
    if (pay === null) return null;
    const { lines, member, policy } = pricing();
    const pointsMax = lines.pointsMax;
    const pointsUsed =
      pay.wish === 'none'
        ? 0
        : pay.wish === 'half'
          ? Math.floor(pointsMax / 2)
          : pay.wish === 'max'
            ? pointsMax
            : Math.min(pay.wish, pointsMax);
    const pointsFen = pointsUsed * policy.pointValueFen;
    const moneyFen = lines.totalFen - pointsFen;
    const mobileFen = pay.mobileFen === 'rest' ? moneyFen : Math.min(pay.mobileFen, moneyFen);
    const restFen = moneyFen - mobileFen;
    const truncationFen = policy.truncation.appliesTo === 'cash' ? restFen % policy.truncation.unitFen : 0;
    const cashDueFen = restFen - truncationFen;
    const cashGivenFen = pay.cashGivenFen ?? cashDueFen;
    return {
      pointsMax,
      pointsUsed,
      pointsFen,
      spendableAfter: member === null ? null : member.spendable - pointsUsed,
      wish: typeof pay.wish === 'number' ? 'number' : pay.wish,
      pointsLimit: pointsLimitOf(pointsMax, lines, member, policy),
      mobileFen,
      mobileChannel: pay.mobileChannel,
      truncationFen,
      cashDueFen,
      cashGivenFen,
      cashTyped: pay.cashGivenFen !== null,
      changeFen: Math.max(0, cashGivenFen - cashDueFen),
      missingFen: Math.max(0, cashDueFen - cashGivenFen),
      notForPointsFen: lines.totalFen - lines.eligibleFen,
      suggestionsFen: suggestions(cashDueFen),
    };
  };

  const pointsLimitOf = (
    pointsMax: number,
    lines: PricedLines,
    member: ScreenMember | null,
    policy: Policy,
  ): ScreenPay['pointsLimit'] => {
    if (member === null) return 'noMember';
    const shareFen = mulDivFloor(lines.eligibleFen, policy.points.maxShareBp, 10_000);
    if (Math.floor(lines.eligibleFen / policy.pointValueFen) === pointsMax && lines.eligibleFen === lines.totalFen)
      return 'none';
    if (Math.floor(lines.eligibleFen / policy.pointValueFen) === pointsMax) return 'goods';
    if (Math.floor(shareFen / policy.pointValueFen) === pointsMax) return 'share';
    if (member.spendable === pointsMax) return 'spendable';
    if (!isProven(member) && member.leftWithoutPin === pointsMax) return 'pin';
    if (policy.points.perSale === pointsMax) return 'perSale';
    if (member.leftToday === pointsMax) return 'perDay';
    return 'perMonth';
  };

  const suggestions = (dueFen: number): number[] => {
    if (dueFen === 0) return [];
    const likely = NOTES_FEN.filter((note) => note <= dueFen * NOTE_TIMES_DUE_MAX);
    const rounded = likely.map((note) => Math.ceil(dueFen / note) * note);
    return [...new Set([dueFen, ...rounded])].sort((a, b) => a - b);
  };

  const startPay = (): Answer => {
    if (paid !== null || sale.lines.length === 0) return refused('saleEmpty');
    if (sale.pay !== null) return done;
    const wish = sale.member === null ? 'none' : (ownWish() ?? 'none');
    become({
      ...sale,
      choices: [],
      weighing: null,
      pay: { wish, mobileFen: 0, mobileChannel: mobileChannels(till.policy())[0]?.code ?? 'other', cashGivenFen: null },
    });
    return done;
  };

  const ownWish = () =>
    sale.member === null ? null : (members.figures(sale.member.id, till.policy())?.view.standingWish ?? null);

  /** Prices the sale with the tenders as they stand; what the screen showed is what is recorded. */
  const settle = (pay: ScreenPay): PricedSale | Answer => {
    const { pricingMember, policy } = pricing();
    const result = priceSale(sale.lines.map(pricingLine), pricingMember, policy, {
      points: pay.pointsUsed,
      mobileFen: pay.mobileFen,
      cashGivenFen: pay.cashGivenFen,
    });
    if (result.kind === 'priced') return result;
    return refused(result.reason, { pointsMax: pay.pointsMax, dueFen: pay.mobileFen, missingFen: pay.missingFen });
  };

  const saleBody = (result: PricedSale, pay: ScreenPay, shift: string): SaleBody => {
    const { member, policy } = pricing();
    const open = sale.member;
    const counter = nextCounter(till);
    const figures = open === null ? null : members.figures(open.id, policy);
    return {
      receipt: receiptNumber(till, counter),
      counter,
      shift,
      policyVersion: policy.version,
      catalogueVersion: parts.catalogueVersion(),
      openedAtMs: sale.openedAtMs,
      member:
        open === null || member === null || figures === null
          ? null
          : {
              id: open.id,
              card: open.card,
              village: figures.view.village,
              stars: member.stars,
              how: open.how,
              ...(open.pinProven === true
                ? { proof: 'pin' as const }
                : open.personConfirmed
                  ? { proof: 'manager' as const }
                  : {}),
              ...(open.bearer === undefined ? {} : { bearer: open.bearer }),
              known: {
                spendable: member.spendable,
                spentToday: policy.points.perDay - member.leftToday,
                spentThisMonth: policy.points.perMonth - member.leftThisMonth,
                townPoints: member.townPoints,
                townAsOfMs: member.townAsOfMs,
              },
            },
      lines: sale.lines.map((line, index) => {
        const price = result.lines[index];
        must(price !== undefined, 'each line has its price');
        return {
          item: line.item,
          code: line.code,
          name: line.name,
          spec: line.spec,
          unit: line.unit,
          category: line.category,
          per: line.per,
          quantity: price.quantity,
          ...(line.labelFen === null ? {} : { labelFen: line.labelFen }),
          priceFen: line.priceFen,
          ...(line.clearanceFen === null ? {} : { clearanceFen: line.clearanceFen }),
          ...(line.promotionFen === null ? {} : { promotionFen: line.promotionFen }),
          ...(line.manualFen === null ? {} : { manualFen: line.manualFen, manualReason: line.manualReason ?? '' }),
          discountable: line.discountable,
          shelfFen: price.shelfFen,
          payFen: price.payFen,
          reason: price.reason,
          pointsShareFen: price.pointsShareFen,
          moneyShareFen: price.moneyShareFen,
        };
      }),
      pointValueFen: policy.pointValueFen,
      truncation: { ...policy.truncation },
      totalFen: result.totalFen,
      pointsMax: result.pointsMax,
      pointsUsed: result.pointsUsed,
      pointsFen: result.pointsFen,
      lots:
        result.pointsUsed === 0 || figures === null
          ? []
          : planSpend(figures.lots, result.pointsUsed, till.businessDay()),
      mobileFen: result.mobileFen,
      mobileChannel: result.mobileFen === 0 ? null : pay.mobileChannel,
      truncationFen: result.truncationFen,
      cashDueFen: result.cashDueFen,
      cashGivenFen: result.cashGivenFen,
      changeFen: result.changeFen,
      paidFen: result.paidFen,
    };
  };

  /** Judges and records the open sale in one transaction; nothing outside has moved yet. */
  const recordSale = (operator: Operator, shift: string): Answer | { body: SaleBody; recorded: RecordRow } => {
    const shown = screenPay();
    if (shown === null) return refuse('notPaying');
    // Whoever signed in since the card was shown may be its holder.
    if (sale.member !== null && isOwnCard(sale.member.id)) return refused('ownCard');
    if (shown.pointsUsed > 0) {
      // Its term or a lot may have ended, or the clock jumped, since this was shown: the time of the record judges, and
      // what is not held any more is not spent (invariants 13 and 18).
      priced = null;
      const { pointsUsed, pointsMax } = screenPay() ?? shown;
      if (pointsUsed < shown.pointsUsed) return refused('tooManyPoints', { pointsMax });
    }
    const result = settle(shown);
    if (result.kind !== 'priced') return result;
    const body = saleBody(result, shown, shift);
    const recorded = till.record({
      kind: 'sale',
      id: sale.id,
      operator: operator.id,
      body,
      postings: salePostings(body),
      stock: body.lines.flatMap((line, index) =>
        line.quantity === 0 ? [] : [{ item: line.item, batch: null, delta: -line.quantity, line: index }],
      ),
    });
    return recorded.kind === 'conflict' ? refuse('idConflict') : { body, recorded };
  };

  /**
   * Record first, then move the world: drawer and paper follow the commit and may fail without touching the books
   * (invariants 6 and 7).
   */
  const pay = (saleId: string): Answer => {
    if (saleId !== sale.id || paid !== null) {
      // The page that asks again for a sale that is paid gets its answer again, never a second sale.
      return ledger.byId(saleId)?.record.kind === 'sale' ? done : refuse('unknownSale');
    }
    const shift = shiftId();
    const operator = till.operator();
    if (operator === null) return refuse('notSignedIn');
    if (shift === null) return refuse('noShift');
    const made = ledger.transaction(() => recordSale(operator, shift));
    if ('kind' in made) return made;
    const { body, recorded } = made;
    let receipt: Receipt | null = null;
    const paper = (): Receipt => (receipt ??= receipts.build(recorded, false));
    const { id } = sale;
    paid = { body, sale: id, paper, printed: world.devices.printer === 'missing' ? 'none' : 'printing' };
    // The file of the open sale is emptied by the next sale: until then it names one that the journal holds, which
    // `restored` knows, and no customer waits for the disk a second time.
    priced = null;
    parts.changed();
    if (body.cashGivenFen > 0) void world.devices.openDrawer();
    parts.soon(() => void print(paper(), id));
    return done;
  };

  const cardWaiting = (): Screen['sale']['cardWaiting'] => {
    if (waiting === null || waiting.sale !== sale.id) return null;
    const view = till.replicas.member(waiting.card.member)?.view;
    const seconds = till.policy().card.secondUseSeconds;
    return { mask: view?.mask ?? UNNAMED, villageName: view?.villageName ?? '', seconds };
  };

  const screenPaid = (): ScreenPaid | null => {
    if (paid === null) return null;
    const { body, sale: id, printed } = paid;
    const receipt = paid.paper();
    const spendableAfter = receipt.member?.spendableAfter ?? null;
    return {
      sale: id,
      receipt,
      paidFen: body.paidFen,
      cashGivenFen: body.cashGivenFen,
      changeFen: body.changeFen,
      pointsUsed: body.pointsUsed,
      spendableBefore: spendableAfter === null ? null : spendableAfter + body.pointsUsed,
      spendableAfter,
      printed,
    };
  };

  /** What does not come out of the printer waits, and a receipt is printed again as a whole. */
  const print = async (slip: PaperSlip, saleId: string | null): Promise<'printed' | 'failed' | 'none'> => {
    if (world.devices.printer === 'missing') return 'none';
    const outcome = await world.devices.print(slip);
    // The till may have stopped meanwhile, and its ledger with it.
    if (isReceipt(slip)) {
      parts.soon(() => {
        if (outcome === 'failed') slips.failed(slip.number);
        else slips.printed(slip.number);
        parts.changed();
      });
    }
    if (paid !== null && (paid.sale === saleId || (isReceipt(slip) && paid.paper().number === slip.number))) {
      paid = { ...paid, printed: outcome };
    }
    if (outcome === 'failed') say('warn', 'printFailed');
    parts.changed();
    return outcome;
  };

  /** The receipts that wait, oldest first; the first that fails again ends it, since the others would as well. */
  const printWaiting = (): Answer => {
    const waiting = slips.waiting();
    if (world.devices.printer === 'missing') return refused('noPrinter');
    if (waiting.length === 0) return refused('nothingWaiting');
    const papers = waiting.flatMap((number) => {
      const stored = receipts.byNumber(number);
      return stored === null ? [] : [receipts.build(stored, true)];
    });
    say('info', 'printing');
    const printAll = async (): Promise<void> => {
      let count = 0;
      for (const paper of papers) {
        if ((await print(paper, null)) !== 'printed') return;
        count += 1;
      }
      say('good', 'slipsPrinted', { count });
    };
    void printAll();
    return done;
  };

  // --- Commands ------------------------------------------------------------------------------------------------------

  /** The lines that can still be changed: those of a paid sale stand on its receipt. */
  const lineAt = (index: number) => (paid === null ? (sale.lines[index] ?? null) : null);
  const openMember = () => (paid === null ? sale.member : null);

  const setPrice = (command: Extract<Command, { kind: 'setPrice' }>): Answer => {
    const line = lineAt(command.line);
    const operator = till.operator();
    if (line === null) return refuse('noLine');
    if (operator === null) return refuse('notSignedIn');
    const { priceFen } = command;
    if (priceFen === null) {
      become(changeLine(sale, command.line, { manualFen: null, manualReason: null }));
      return done;
    }
    // R-P4: only downwards.
    if (priceFen > line.priceFen) return refused('priceAboveShelf', { shelfFen: line.priceFen });
    const cutBp = mulDivFloor(line.priceFen - priceFen, 10_000, line.priceFen);
    const isDeep = cutBp > till.policy().manualPrice.managerAboveBp;
    const allowed = isDeep
      ? operators.allowedBy(operator, command.approval)
      : ({ kind: 'allowed', by: operator.id } as const);
    if (allowed.kind === 'refused') return allowed;
    // Here and not only on the line: of a sale that is voided, who cut a price, why and by whose leave stays (invariant 31).
    const reason = till.codeOf(command.reason);
    till.record({
      kind: 'override',
      id: world.newId(),
      operator: operator.id,
      body: {
        what: 'manualPrice',
        document: sale.id,
        by: allowed.by,
        reason,
        detail: { line: command.line, shelfFen: line.priceFen, manualFen: priceFen },
      },
    });
    become(changeLine(sale, command.line, { manualFen: priceFen, manualReason: reason }));
    say('good', 'priceChanged', { name: line.name, priceFen });
    return done;
  };

  const confirmPerson = (command: Extract<Command, { kind: 'confirmPerson' }>): Answer => {
    const operator = till.operator();
    const open = openMember();
    if (open === null) return refuse('noSale');
    if (operator === null) return refuse('notSignedIn');
    const allowed = operators.allowedBy(operator, command.approval);
    if (allowed.kind === 'refused') return allowed;
    till.record({
      kind: 'override',
      id: world.newId(),
      operator: operator.id,
      body: { what: 'personConfirmed', document: sale.id, by: allowed.by, detail: {} },
    });
    const { bearer: _, ...holder } = open;
    become({ ...sale, member: { ...holder, personConfirmed: true } });
    say('good', 'personConfirmed');
    return done;
  };

  /** Asks the customer for the PIN; only the holder has one, and only a card in the hand wants it. */
  const askPin = (): Answer => {
    const open = openMember();
    if (open === null) return refuse('noSale');
    if (open.how !== 'presented' || open.bearer !== undefined) return refused('notBearer');
    return parts.pin.ask(sale.id, open.id, maskOfMember(open.id));
  };

  /** The town's word for the sale that it was asked for: the limit without PIN is lifted, for this sale only. */
  const pinProven = (document: string, member: string): void => {
    const open = openMember();
    if (document !== sale.id || open?.id !== member || open.how !== 'presented' || open.bearer !== undefined) return;
    become({ ...sale, member: { ...open, pinProven: true } });
    say('good', 'pinRight', { mask: maskOfMember(member) });
  };

  /**
   * Somebody else has come with the card: one whom the holder named at the town buys for them, up to what needs no PIN
   * (R-Q4); anybody else gets the discount only.
   */
  const setBearer = (bearer: string | null, isStranger: boolean): Answer => {
    const open = openMember();
    if (open === null) return refuse('noSale');
    if (open.card === null) return refused('notBearer');
    const { bearer: _, pinProven: __, ...holder } = { ...open, personConfirmed: false };
    if (isStranger) {
      become({ ...sale, member: { ...holder, how: 'lookedUp' } });
      say('warn', 'bearerIsStranger');
      return done;
    }
    if (bearer === null) {
      become({ ...sale, member: { ...holder, how: 'presented' } });
      say('info', 'bearerIsHolder');
      return done;
    }
    const named = pricing().member?.bearers.find((one) => one.id === bearer);
    if (named === undefined || isOwnCard(bearer)) return refused('notBearer');
    become({ ...sale, member: { ...holder, how: 'presented', bearer } });
    say('good', 'bearerSet', { mask: named.mask });
    return done;
  };

  const voidSale = (reason: string): Answer => {
    if (paid !== null) return refuse('saleEmpty');
    if (sale.lines.length === 0 && sale.member === null) return refuse('saleEmpty');
    if (sale.lines.length > 0) {
      till.record({
        kind: 'saleVoid',
        // The sale's own: what became of a sale stands in the journal once, and `restored` knows it as gone.
        id: sale.id,
        operator: till.operator()?.id ?? null,
        body: {
          sale: sale.id,
          shift: shiftId(),
          lines: sale.lines.length,
          totalFen: pricing().lines.totalFen,
          reason: till.codeOf(reason),
        },
      });
    }
    become(fresh());
    say('info', 'saleVoided');
    return done;
  };

  const hold = (): Answer => {
    if (paid !== null || sale.lines.length === 0) return refused('saleEmpty');
    // The held row comes first; a crash before the file is cleared finds the sale among the held ones.
    ledger.run(
      'INSERT INTO held_sale (sale, held_at_ms, state) VALUES (?, ?, ?)',
      sale.id,
      till.atMs(),
      JSON.stringify({ ...sale, pay: null, choices: [], weighing: null }),
    );
    become(fresh());
    say('good', 'saleHeld', { key: parts.keyOf('hold') });
    return done;
  };

  const recall = (id: string): Answer => {
    nextAfterPaid();
    if (sale.lines.length > 0) return refused('saleOpen');
    const row = ledger.get<{ state: string }>('SELECT state FROM held_sale WHERE sale = ?', id);
    if (row === undefined) return refuse('unknownSale');
    const recalled = JSON.parse(row.state) as OpenSale;
    // The file of the open sale is on the disk before the held row goes: a crash, or a power cut, between leaves it held.
    become(recalled);
    saleFile.sync();
    ledger.run('DELETE FROM held_sale WHERE sale = ?', id);
    say('good', 'saleRecalled', { lines: recalled.lines.length });
    return done;
  };

  const setQuantity = (command: Extract<Command, { kind: 'setQuantity' }>): Answer => {
    const line = lineAt(command.line);
    if (line === null) return refused('noLine');
    if (command.quantity > QUANTITY_LIMIT) return refuse('badInput');
    // What a label printed is what was weighed; nobody changes it by hand.
    if (line.labelled) return refused('notWeighed');
    const next = changeLine(sale, command.line, { quantity: command.quantity });
    if (!isCountable(next)) return refuse('badInput');
    become(next);
    return done;
  };

  const heldSales = (): Screen['held'] =>
    ledger
      .all<{ sale: string; held_at_ms: number; state: string }>('SELECT * FROM held_sale ORDER BY held_at_ms')
      .map((row) => {
        const state = JSON.parse(row.state) as OpenSale;
        const member = state.member === null ? null : members.figures(state.member.id, till.policy());
        const total = priceLines(
          state.lines.map(pricingLine),
          member === null ? null : { stars: member.stars, spendable: 0, spentToday: 0, spentThisMonth: 0 },
          till.policy(),
        );
        return {
          sale: row.sale,
          heldAtMs: row.held_at_ms,
          lines: state.lines.length,
          totalFen: total.totalFen,
          mask: member?.view.mask ?? null,
          firstName: state.lines[0]?.name ?? '',
        };
      });

  let held = heldSales();

  const found = (id: string): FoundItem | null => {
    const item = catalogue.byId(id);
    return item === null ? null : catalogue.found(item, till.businessDay());
  };

  /** The lines of a sale as the pages show them, each with its price. */
  const screenLines = (sale: OpenSale, { lines, member, policy }: Pricing): BasketLines['lines'] => {
    const stars = member?.stars ?? 0;
    return sale.lines.map((line, index) => {
      const price = lines.lines[index];
      must(price !== undefined, 'each line has its price');
      const unitPayFen =
        price.reason === 'clearance'
          ? (line.clearanceFen ?? line.priceFen)
          : price.reason === 'promotion'
            ? (line.promotionFen ?? line.priceFen)
            : price.reason === 'manual'
              ? (line.manualFen ?? line.priceFen)
              : line.priceFen;
      return {
        key: line.key,
        item: line.item,
        code: line.code,
        name: line.name,
        spec: line.spec,
        unit: line.unit,
        per: line.per,
        quantity: price.quantity,
        labelled: line.labelled,
        priceFen: line.priceFen,
        unitPayFen,
        shelfFen: price.shelfFen,
        payFen: price.payFen,
        reason: price.reason,
        starRateBp: policy.discount.rateBpByStars[stars] ?? 10_000,
        pointsAllowed: price.eligible,
        discountAllowed: line.discountable && !policy.discount.excludedCategories.includes(line.category),
        stock: catalogue.stockOf(line.item),
      };
    });
  };

  return {
    scan,
    lookAhead,
    choose: (id: string): Answer => {
      nextAfterPaid();
      const item = catalogue.byId(id);
      return item === null ? refuse('unknownItem') : addByHand(item);
    },
    dismiss: (): Answer => {
      become({ ...sale, choices: [], weighing: null, quantityFirst: null });
      return done;
    },
    quantityFirst: (count: number | null): Answer => {
      nextAfterPaid();
      become({ ...sale, quantityFirst: count });
      if (count !== null) say('info', 'quantityFirst', { count });
      return done;
    },
    weigh: (id: string, weightGrams: number): Answer => {
      nextAfterPaid();
      const item = catalogue.byId(id);
      if (item === null) return refuse('unknownItem');
      if (item.per === 'piece') return refuse('notWeighed');
      return addItem(item, { quantity: weightGrams, labelFen: null, labelled: false });
    },
    selectLine: (line: number): Answer => {
      if (lineAt(line) === null) return refuse('noLine');
      become({ ...sale, selected: line });
      return done;
    },
    setQuantity,
    setPrice,
    deleteLine: (index: number): Answer => {
      const line = lineAt(index);
      if (line === null) return refused('noLine');
      become(removeLine(sale, index));
      say('info', 'lineDeleted', { name: line.name });
      return done;
    },
    voidSale,
    removeMember: (): Answer => {
      if (openMember() === null && waiting?.sale !== sale.id) return refuse('noSale');
      waiting = null;
      become({ ...sale, member: null, pay: null });
      say('info', 'memberRemoved');
      return done;
    },
    confirmPerson,
    askPin,
    pinProven,
    allowCard,
    tokenOf,
    tryCard,
    setBearer,
    pickCard,
    lookUpMember,
    hold: (): Answer => {
      const answer = hold();
      held = heldSales();
      return answer;
    },
    recall: (id: string): Answer => {
      const answer = recall(id);
      held = heldSales();
      return answer;
    },
    startPay,
    leavePay: (): Answer => {
      if (paid === null) become({ ...sale, pay: null });
      return done;
    },
    setPoints: (wish: 'none' | 'half' | 'max' | number): Answer => {
      if (paid !== null || sale.pay === null) return refuse('notPaying');
      const { pointsMax } = pricing().lines;
      if (typeof wish === 'number' && wish > pointsMax) return refused('tooManyPoints', { pointsMax });
      become({ ...sale, pay: { ...sale.pay, wish } });
      return done;
    },
    setMobile: (amountFen: number | 'rest', channel: string): Answer => {
      if (paid !== null || sale.pay === null) return refuse('notPaying');
      const shown = screenPay();
      const dueFen = pricing().lines.totalFen - (shown?.pointsFen ?? 0);
      if (typeof amountFen === 'number' && amountFen > dueFen) return refused('mobileAboveDue', { dueFen });
      if (!mobileChannels(till.policy()).some((one) => one.code === channel)) return refuse('badInput');
      become({ ...sale, pay: { ...sale.pay, mobileFen: amountFen, mobileChannel: channel } });
      return done;
    },
    setCash: (amountFen: number | null): Answer => {
      if (paid !== null || sale.pay === null) return refuse('notPaying');
      become({ ...sale, pay: { ...sale.pay, cashGivenFen: amountFen } });
      return done;
    },
    pay,
    nextSale: (): Answer => {
      nextAfterPaid();
      return done;
    },
    reprint: (number: string): Answer => {
      const stored = receipts.byNumber(number);
      if (stored === null) return refused('unknownReceipt', { receipt: number });
      if (world.devices.printer === 'missing') return refused('noPrinter');
      void print(receipts.build(stored, true), null);
      say('info', 'printing');
      return done;
    },
    /** Paper of anything but the sale that was just paid. */
    printSlip: (slip: PaperSlip) => print(slip, null),
    printWaiting,
    /** Whether something stands on the counter that a closing must name. */
    openLines: () => (paid === null ? sale.lines.length : 0),
    held: () => held,
    phase: (): 'selling' | 'paying' | 'paid' => (paid !== null ? 'paid' : sale.pay !== null ? 'paying' : 'selling'),
    /** Points, stars or policy may have changed: price anew at the next look. */
    repriced: (): void => {
      priced = null;
      parts.changed();
    },
    /** After the ledger was opened anew: what it says of the open sale and the held ones counts. */
    reopened: (): void => {
      held = heldSales();
      if (paid === null && isGone(sale.id)) become(fresh());
      priced = null;
      parts.changed();
    },
    /**
     * The folder was restored or copied: somewhere else the same baskets may be paid, or were, under the ids they came
     * with. Here they are other sales, and who was confirmed there was not confirmed here (invariant 5).
     */
    copied: (): void => {
      for (const row of ledger.all<{ sale: string; state: string }>('SELECT sale, state FROM held_sale')) {
        const state = JSON.stringify({ ...(JSON.parse(row.state) as OpenSale), id: world.newId() });
        const { id } = JSON.parse(state) as OpenSale;
        ledger.run('UPDATE held_sale SET sale = ?, state = ? WHERE sale = ?', id, state, row.sale);
      }
      held = heldSales();
      const member = sale.member === null ? null : { ...sale.member, personConfirmed: false, pinProven: false };
      become({ ...sale, id: world.newId(), member });
    },
    memberShown: () => sale.member?.id ?? null,
    /**
     * The card that its holder has in the hand, also right after they paid with it; why there is none otherwise. Who buys
     * for somebody else learns no more than what they may spend.
     */
    holder: (): Readonly<{ card: string; member: ScreenMember }> | 'cardWanted' | 'holderOnly' => {
      const open = sale.member;
      const { member } = pricing();
      if (open === null || member === null || open.card === null) return 'cardWanted';
      if (open.bearer !== undefined) return 'holderOnly';
      return open.how === 'presented' ? { card: open.card, member } : 'cardWanted';
    },
    screen: (): Pick<Screen, 'sale' | 'pin' | 'pay' | 'paid' | 'held'> => {
      const now = pricing();
      const { lines, member, policy } = now;
      return {
        sale: {
          id: sale.id,
          lines: screenLines(sale, now),
          selected: sale.selected,
          quantityFirst: sale.quantityFirst,
          pieces: sale.lines.reduce((sum, line) => sum + (line.per === 'piece' ? line.quantity : 1), 0),
          shelfFen: lines.shelfTotalFen,
          totalFen: lines.totalFen,
          discountFen: lines.shelfTotalFen - lines.totalFen,
          member,
          cardWaiting: cardWaiting(),
          weighing: sale.weighing === null ? null : found(sale.weighing),
          choices: sale.choices.map(found).filter((one) => one !== null),
          adultsOnly: sale.lines.some((line) => policy.adultCategories.includes(line.category)),
        },
        pin: paid === null && sale.member !== null ? parts.pin.shown(sale.id) : null,
        pay: screenPay(),
        paid: screenPaid(),
        held,
      };
    },
  };
}

export type Checkout = ReturnType<typeof createCheckout>;
