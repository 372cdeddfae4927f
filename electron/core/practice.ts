import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../shared/assert.ts';
import { GENESIS_PREVIOUS } from '../../shared/journal.ts';
import { allotmentInPostings } from '../../shared/posting.ts';
import type { Grant } from '../../shared/record-bodies.ts';
import { addDays, DAY_MS, dayOf } from '../../shared/time.ts';
import { createKeeper, keepName } from './keeper.ts';
import { itemFromRow, type ItemRow } from './ledger/item-row.ts';
import { openLedger, type Ledger, type RecordDraft } from './ledger/ledger.ts';
import type { Members } from './members.ts';
import { readShop, writeShop } from './shop.ts';
import type { Operator, Till } from './till.ts';
import type { TownClient } from './town-client.ts';
import type { PracticeFolder } from './world.ts';

/**
 * 练习: a ledger of its own with the goods, people, cards and policy of the till's, and nothing of its trade. It is of
 * another till by another key, so that no number of it is a receipt of the shop and no town would take a record of it;
 * and it is marked, so that no till ever opens or restores it as its own.
 */
const MARK = 'practice';
const TILL = '练习';
const TERM = 'practice';
/** Longer than anybody practises. */
const TERM_DAYS = 30;
const ITEMS_PER_RECORD = 500;
/** Of the till's settings those that say how it is worked, and what the town hung there. */
const SETTINGS = ['counter', 'voice', 'board'] as const;

/** Whether a ledger is one of practice. */
export const isPracticeLedger = (ledger: Pick<Ledger, 'setting'>): boolean => ledger.setting(MARK) !== null;

/**
 * Makes the ledger to practise on in an empty folder, out of the till's, which is only read. Whoever asked for it is
 * signed in there.
 */
export function furnishPractice(till: Till, folder: PracticeFolder, operator: Operator): void {
  for (const one of [folder.dataFolder, folder.keepFolder]) mkdirSync(one, { recursive: true, mode: 0o700 });
  const opened = openLedger(join(folder.dataFolder, 'ledger.sqlite'), folder.crypto.hash);
  // A disk that fails here is told by the core that opens the same file.
  if (opened.kind === 'refused') return;
  const { ledger } = opened;
  try {
    ledger.transaction(() => {
      const record = begin(till, folder, ledger);
      copyRows(till.ledger, ledger);
      copyGoods(till.ledger, folder, record);
      ledger.setSetting('signedIn', operator.id);
    });
  } finally {
    ledger.close();
  }
}

type Record = (draft: RecordDraft) => void;

/** A till of this shop that no town knows: its key was made for it and is thrown away with the folder. */
function begin(till: Till, folder: PracticeFolder, ledger: Ledger): Record {
  const own = till.ledger.identity();
  must(own !== null, 'only a till with a name practises');
  const [atMs, day] = [till.atMs(), till.businessDay()];
  const identity = { ...own, till: TILL, incarnation: 1 };
  // Nobody has the private half of this key: no document of a town is ever taken here.
  const townKey = folder.crypto.newKeys().publicKey;
  const name = keepName(identity.town, identity.till, townKey, folder.crypto);
  const keeper = createKeeper(folder.keepFolder, folder.dataFolder, name, folder.crypto);
  const { publicKey } = keeper.makeKeys(1);
  keeper.close();
  writeShop(ledger, { ...readShop(till.ledger), townKey });
  ledger.setSetting(MARK, String(atMs));
  ledger.setSetting('enrolledIncarnation', '1');
  // What the till knows of cards is as fresh here as it was said to be right now: it practises with points, too.
  ledger.setSetting('membersAsOfMs', String(atMs));
  const genesis = { publicKey, incarnationId: folder.newId(), because: 'enrolled' } as const;
  ledger.begin(identity, { kind: 'genesis', id: folder.newId(), operator: null, body: genesis }, atMs, day);
  const record: Record = (draft) => void ledger.record(draft, atMs, day);
  record({
    kind: 'statementApplied',
    id: folder.newId(),
    operator: null,
    body: {
      number: 1,
      hash: GENESIS_PREVIOUS,
      ackSeq: 0,
      ackHash: GENESIS_PREVIOUS,
      term: { id: TERM, endMs: atMs + TERM_DAYS * DAY_MS },
      townMs: atMs,
      state: 'matched',
      breaks: 0,
    },
  });
  return record;
}

/** What is no record: people with their PINs, the town's members, cards and policies, and how the till is worked. */
function copyRows(from: Ledger, to: Ledger): void {
  copyTable(from, to, 'operator', ['id', 'name', 'role', 'pin_hash', 'active', 'card_hash', 'member']);
  copyTable(from, to, 'member', ['id', 'incarnation', 'view']);
  // The figures count none of what will be spent here.
  to.run('UPDATE member SET incarnation = 0');
  copyTable(from, to, 'card', ['token_hash', 'id', 'member', 'view']);
  copyTable(from, to, 'card_report', ['request', 'member', 'card', 'blank', 'token_hash', 'at_ms', 'refused']);
  copyTable(from, to, 'policy', ['version', 'bytes', 'signature']);
  for (const key of SETTINGS) {
    const value = from.setting(key);
    if (value !== null) to.setSetting(key, value);
  }
}

function copyTable(from: Ledger, to: Ledger, table: string, columns: readonly string[]): void {
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  for (const row of from.all<Readonly<{ [column: string]: string | number | null }>>(
    `SELECT ${columns.join(', ')} FROM ${table}`,
  ))
    to.run(sql, ...columns.map((column) => row[column] ?? null));
}

/** The goods with their prices, batches and stock, as records, so that this ledger too is rebuilt from its journal. */
function copyGoods(from: Ledger, folder: PracticeFolder, record: Record): void {
  const inParts = <Row>(rows: readonly Row[], put: (part: Row[]) => void): void => {
    for (let at = 0; at < rows.length; at += ITEMS_PER_RECORD) put(rows.slice(at, at + ITEMS_PER_RECORD));
  };
  const base = { operator: null } as const;
  inParts(from.all<ItemRow>('SELECT * FROM item ORDER BY id'), (rows) =>
    record({
      ...base,
      kind: 'itemChange',
      id: folder.newId(),
      body: { source: 'practice', items: rows.map(itemFromRow) },
    }),
  );
  const shelves = from.all<{ item: string; quantity: number }>('SELECT item, quantity FROM stock ORDER BY item');
  inParts(
    shelves.filter(({ quantity }) => quantity > 0),
    (rows) => {
      const lines = rows.map(({ item, quantity }) => ({
        item,
        quantity,
        cases: null,
        caseFactor: null,
        costFen: null,
        batch: `practice-${item}`,
        ...datesOf(from, item),
      }));
      record({
        ...base,
        kind: 'goodsIn',
        id: folder.newId(),
        body: { supplier: '', lines },
        stock: lines.map(({ item, batch, quantity }, line) => ({ item, batch, delta: quantity, line })),
      });
    },
  );
}

/** The dates of the batch that expires last, so that what can be sold at the till can be sold here. */
function datesOf(from: Ledger, item: string): Readonly<{ producedOn: string | null; expiresOn: string | null }> {
  const row = from.get<{ produced_on: string | null; expires_on: string | null }>(
    'SELECT produced_on, expires_on FROM batch WHERE item = ? ORDER BY expires_on IS NULL DESC, expires_on DESC LIMIT 1',
    item,
  );
  return { producedOn: row?.produced_on ?? null, expiresOn: row?.expires_on ?? null };
}

/**
 * The town of who practises: there is none. Whatever would ask it comes to nothing, as where the network is cut; a card
 * that is shown holds all the points that the town last spoke of; and any PIN is the right one.
 */
export function practiceTown(town: TownClient, till: Till, members: Members): TownClient {
  const none = async () => ({ kind: 'trouble', because: 'unreachable' }) as const;
  return {
    ...town,
    state: () => 'practice',
    unsent: () => 0,
    ackSeq: () => Number.MAX_SAFE_INTEGER,
    // The night says why it compares nothing.
    hello: async () => ({ kind: 'trouble', because: 'practising' }),
    upload: none,
    settle: none,
    refresh: none,
    findSale: none,
    claim: none,
    reportCard: none,
    movements: none,
    topUp: (member) => grantAll(till, members, member),
    checkPin: async ({ request, member, document }) => ({
      kind: 'judged',
      proof: {
        v: 1,
        ...identityOf(till),
        request,
        member,
        document,
        issuedAtMs: till.atMs(),
        outcome: 'right',
        left: 0,
      },
    }),
  };
}

function identityOf(till: Till): Readonly<{ town: string; till: string; incarnation: number }> {
  const identity = till.ledger.identity();
  must(identity !== null, 'a till that practises has a name');
  return { town: identity.town, till: identity.till, incarnation: identity.incarnation };
}

/** Moves to this till whatever a member has anywhere, as far as it is not here yet. */
function grantAll(till: Till, members: Members, member: string): void {
  const figures = members.figures(member, till.policy());
  const term = members.openTerm();
  const points = figures === null ? 0 : figures.townPoints - figures.held;
  if (figures === null || term === null || points <= 0) return;
  const id = till.world.newId();
  const { village, nextExpiry } = figures.view;
  const today = dayOf(till.atMs());
  const expiresOn = nextExpiry !== null && nextExpiry.day > today ? nextExpiry.day : addDays(today, TERM_DAYS);
  const { till: name, incarnation } = identityOf(till);
  const grant: Grant = {
    id,
    till: name,
    incarnation,
    term: term.id,
    member,
    lots: [{ lot: id, village, fund: 'practice', expiresOn, points }],
  };
  till.record({
    kind: 'allotmentIn',
    id,
    operator: null,
    body: { source: 'topUp', grant },
    postings: allotmentInPostings(term.id, grant.lots),
  });
}
