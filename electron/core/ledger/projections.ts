import { assertNever } from '../../../shared/assert.ts';
import type { Item } from '../../../shared/item.ts';
import type { JournalRecord, RecordKind } from '../../../shared/journal.ts';
import type { BodyOf } from '../../../shared/record-bodies.ts';
import type { Connection } from './database.ts';
import { ITEM_COLUMNS, itemFromRow, itemToRow, type ItemRow } from './item-row.ts';

/**
 * Folds one record into every table beside the journal. The till calls it in the transaction that writes the record; a
 * rebuild calls it for all records in order, and must come to identical rows. So it may look at nothing but the record
 * and what earlier records left: no clock, no replica, no policy (invariant 25). The balances of all accounts sum to zero
 * in each unit, as the postings of each record do (invariant 3).
 */
export type Projector = (n: number, record: JournalRecord) => void;

/** Kinds that are trade: a period that holds only others has nothing to close. */
export const TRADE: ReadonlySet<RecordKind> = new Set([
  'sale',
  'refund',
  'exchange',
  'tenderChange',
  'saleVoid',
  'cashMove',
  'shiftOpen',
  'shiftClose',
  'priceChange',
  'itemChange',
  'goodsIn',
  'count',
  'waste',
  'override',
  'correction',
]);

export function createProjector(database: Connection): Projector {
  const insertPosting = database.prepare(
    'INSERT INTO posting (n, position, account, unit, amount, lot, term) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const addBalance = database.prepare(
    `INSERT INTO balance (unit, account, amount)
       VALUES (?, ?, ?)
       ON CONFLICT (unit, account)
       DO UPDATE SET amount = amount + excluded.amount`,
  );
  const insertStockLine = database.prepare(
    'INSERT INTO stock_line (item, n, line, batch, delta) VALUES (?, ?, ?, ?, ?)',
  );
  const addStock = database.prepare(
    `INSERT INTO stock (item, quantity)
       VALUES (?, ?)
       ON CONFLICT (item)
       DO UPDATE SET quantity = quantity + excluded.quantity`,
  );
  const insertBatch = database.prepare(
    `INSERT INTO batch (item, batch, received_at_ms, quantity, produced_on, expires_on, cost_fen, supplier)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (item, batch)
       DO UPDATE SET quantity = quantity + excluded.quantity`,
  );
  const putItem = database.prepare(
    `INSERT INTO item (${ITEM_COLUMNS.join(', ')}) VALUES (${ITEM_COLUMNS.map((column) => `@${column}`).join(', ')})
     ON CONFLICT (id) DO UPDATE SET ${ITEM_COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')}`,
  );
  const getItem = database.prepare<[string], ItemRow>('SELECT * FROM item WHERE id = ?');
  const putSearch = database.prepare(
    'INSERT INTO item_search (item, text) VALUES (?, ?) ON CONFLICT (item) DO UPDATE SET text = excluded.text',
  );
  const setCost = database.prepare('UPDATE item SET cost_fen = ? WHERE id = ?');
  const insertPrice = database.prepare(
    `INSERT INTO price_change (item, n, which, before_fen, after_fen, from_day, to_day, at_ms, operator)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertReceipt = database.prepare(
    `INSERT INTO receipt (number, n, kind, incarnation, counter, business_day, at_ms, document, shift, operator, member,
         total_fen, points, lines, first_name)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const noteReturned = database.prepare(
    `INSERT INTO returned (sale, line, quantity)
       VALUES (?, ?, ?)
       ON CONFLICT (sale, line)
       DO UPDATE SET quantity = MAX(quantity, excluded.quantity)`,
  );
  const addReturned = database.prepare(
    `INSERT INTO returned (sale, line, quantity)
       VALUES (?, ?, ?)
       ON CONFLICT (sale, line)
       DO UPDATE SET quantity = quantity + excluded.quantity`,
  );
  const addExchanged = database.prepare(
    `INSERT INTO exchanged (sale, line, quantity)
       VALUES (?, ?, ?)
       ON CONFLICT (sale, line)
       DO UPDATE SET quantity = quantity + excluded.quantity`,
  );
  const putTender = database.prepare(
    `INSERT INTO tender (sale, mobile_fen, mobile_channel, cash_fen)
       VALUES (?, ?, ?, ?)
       ON CONFLICT (sale)
       DO UPDATE SET mobile_fen = excluded.mobile_fen, mobile_channel = excluded.mobile_channel,
         cash_fen = excluded.cash_fen`,
  );
  const addHeld = database.prepare(
    `INSERT INTO held_lot (term, lot, member, village, fund, expires_on, points)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (term, lot)
       DO UPDATE SET points = points + excluded.points`,
  );
  const changeHeld = database.prepare('UPDATE held_lot SET points = points + ? WHERE term = ? AND lot = ?');
  const putTerm = database.prepare(
    `INSERT INTO term (id, incarnation, end_ms, opened_n)
       VALUES (?, ?, ?, ?)
       ON CONFLICT (id)
       DO UPDATE SET end_ms = MAX(end_ms, excluded.end_ms)`,
  );
  const insertSpend = database.prepare(
    `INSERT INTO member_spend (member, n, incarnation, seq, business_day, points, saved_fen)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertShift = database.prepare(
    `INSERT INTO shift (id, number, opened_n, opened_at_ms, operator, float_fen, sales)
       VALUES (?, (SELECT COUNT(*) + 1
       FROM shift), ?, ?, ?, ?, 0)`,
  );
  const countSale = database.prepare('UPDATE shift SET sales = sales + 1 WHERE id = ?');
  const closeShift = database.prepare(
    `UPDATE shift SET closed_n = ?, closed_at_ms = ?, expected_fen = ?, counted_fen = ?, difference_fen = ?, held = ?,
         unsent = ?
       WHERE id = ?`,
  );
  const correctCount = database.prepare(
    'UPDATE shift SET counted_fen = ?, difference_fen = difference_fen + ? WHERE id = ?',
  );
  const putPeriod = database.prepare(
    `INSERT INTO period (incarnation, period, label, first_seq, last_seq, traded, closed_seq)
       VALUES (?, ?, ?, ?, ?, ?, NULL)
       ON CONFLICT (incarnation, period)
       DO UPDATE SET last_seq = excluded.last_seq, traded = MAX(traded, excluded.traded)`,
  );
  const closePeriod = database.prepare('UPDATE period SET closed_seq = ? WHERE incarnation = ? AND period = ?');

  const saveItem = (item: Item): void => {
    putItem.run(itemToRow(item));
    putSearch.run(item.id, searchTextOf(item));
  };

  const project = (n: number, record: JournalRecord): void => {
    const traded = TRADE.has(record.kind) ? 1 : 0;
    putPeriod.run(record.incarnation, record.period, record.businessDay, record.seq, record.seq, traded);
    record.postings.forEach(({ account, unit, amount, lot, term }, position) => {
      insertPosting.run(n, position, account, unit, amount, lot ?? null, term ?? null);
      addBalance.run(unit, account, amount);
    });
    for (const { item, line, batch, delta } of record.stock) {
      insertStockLine.run(item, n, line, batch, delta);
      addStock.run(item, delta);
    }
    switch (record.kind) {
      case 'sale': {
        const body = record.body as BodyOf<'sale'>;
        insertReceipt.run(
          body.receipt,
          n,
          'sale',
          record.incarnation,
          body.counter,
          record.businessDay,
          record.at,
          record.id,
          body.shift,
          record.operator,
          body.member?.id ?? null,
          body.totalFen,
          body.pointsUsed,
          body.lines.length,
          body.lines[0]?.name ?? '',
        );
        countSale.run(body.shift);
        for (const lot of body.lots) changeHeld.run(-lot.points, lot.term, lot.lot);
        if (body.member !== null) {
          const savedFen = body.lines.reduce((sum, line) => sum + line.shelfFen - line.payFen, 0);
          insertSpend.run(
            body.member.id,
            n,
            record.incarnation,
            record.seq,
            record.businessDay,
            body.pointsUsed,
            savedFen,
          );
        }
        return;
      }
      case 'refund': {
        const body = record.body as BodyOf<'refund'>;
        const payFen = body.lines.reduce((sum, line) => sum + line.payFen, 0);
        insertReceipt.run(
          body.receipt,
          n,
          'refund',
          record.incarnation,
          body.counter,
          record.businessDay,
          record.at,
          record.id,
          body.shift,
          record.operator,
          body.member?.id ?? null,
          -payFen,
          -body.pointsBack,
          body.lines.length,
          body.lines[0]?.name ?? '',
        );
        // What came back elsewhere, as the town told it with the claim: later refunds are counted from there.
        for (const line of body.before ?? []) noteReturned.run(body.sale, line.line, line.quantity);
        for (const line of body.lines) addReturned.run(body.sale, line.line, line.quantity);
        for (const lot of body.lots) if (lot.term !== null) changeHeld.run(lot.points, lot.term, lot.lot);
        if (body.member !== null) {
          const savedFen = payFen - body.lines.reduce((sum, line) => sum + line.shelfFen, 0);
          insertSpend.run(
            body.member.id,
            n,
            record.incarnation,
            record.seq,
            record.businessDay,
            -body.pointsBack,
            savedFen,
          );
        }
        return;
      }
      case 'exchange': {
        const body = record.body as BodyOf<'exchange'>;
        for (const line of body.lines) addExchanged.run(body.sale, line.line, line.quantity);
        return;
      }
      case 'tenderChange': {
        const { sale, after } = record.body as BodyOf<'tenderChange'>;
        putTender.run(sale, after.mobileFen, after.mobileChannel, after.cashFen);
        return;
      }
      case 'shiftOpen': {
        const body = record.body as BodyOf<'shiftOpen'>;
        insertShift.run(body.shift, n, record.at, record.operator, body.floatFen);
        return;
      }
      case 'shiftClose': {
        const body = record.body as BodyOf<'shiftClose'>;
        closeShift.run(
          n,
          record.at,
          body.expectedFen,
          body.countedFen,
          body.differenceFen,
          body.held,
          body.unsent,
          body.shift,
        );
        return;
      }
      case 'correction': {
        const body = record.body as BodyOf<'correction'>;
        if (body.what === 'count') correctCount.run(body.countedFen, body.differenceFen, body.shift);
        return;
      }
      case 'periodClose':
        closePeriod.run(record.seq, record.incarnation, (record.body as BodyOf<'periodClose'>).period);
        return;
      case 'statementApplied': {
        const { term } = record.body as BodyOf<'statementApplied'>;
        if (term !== null) putTerm.run(term.id, record.incarnation, term.endMs, n);
        return;
      }
      case 'allotmentIn': {
        const { grant } = record.body as BodyOf<'allotmentIn'>;
        for (const lot of grant.lots)
          addHeld.run(grant.term, lot.lot, grant.member, lot.village, lot.fund, lot.expiresOn, lot.points);
        return;
      }
      case 'allotmentOut': {
        const body = record.body as BodyOf<'allotmentOut'>;
        changeHeld.run(-body.points, body.term, body.lot);
        return;
      }
      case 'itemChange': {
        for (const item of (record.body as BodyOf<'itemChange'>).items) {
          const before = getItem.get(item.id)?.price_fen ?? null;
          if (before !== item.priceFen)
            insertPrice.run(item.id, n, 'shelf', before, item.priceFen, null, null, record.at, record.operator);
          saveItem(item);
        }
        return;
      }
      case 'priceChange': {
        const body = record.body as BodyOf<'priceChange'>;
        const row = getItem.get(body.item);
        if (row === undefined) return;
        insertPrice.run(
          body.item,
          n,
          body.which,
          body.beforeFen,
          body.afterFen,
          body.fromDay,
          body.toDay,
          record.at,
          record.operator,
        );
        saveItem(withPrice(itemFromRow(row), body));
        return;
      }
      case 'goodsIn': {
        const body = record.body as BodyOf<'goodsIn'>;
        for (const line of body.lines) {
          insertBatch.run(
            line.item,
            line.batch,
            record.at,
            line.quantity,
            line.producedOn,
            line.expiresOn,
            line.costFen,
            body.supplier,
          );
          if (line.costFen !== null) setCost.run(line.costFen, line.item);
        }
        return;
      }
      case 'genesis':
      case 'monthClose':
      case 'yearClose':
      case 'saleVoid':
      case 'cashMove':
      case 'policyApplied':
      case 'clock':
      case 'override':
      case 'operatorChange':
      case 'signIn':
      case 'count':
      case 'waste':
      case 'refusedScan':
      case 'idConflict':
      case 'cardChange':
        return;
      default:
        assertNever(record.kind);
    }
  };
  return project;
}

/** What the search looks through: code, PLU, name and every reading's initials, in capitals. */
function searchTextOf(item: Item): string {
  return `${item.code} ${item.plu ?? ''} ${item.name} ${item.spec} ${item.initials}`.toUpperCase();
}

function withPrice(item: Item, change: BodyOf<'priceChange'>): Item {
  switch (change.which) {
    case 'shelf':
      return { ...item, priceFen: change.afterFen };
    case 'clearance':
      return { ...item, clearanceFen: change.afterFen };
    case 'promotion':
      return {
        ...item,
        promotion:
          change.afterFen === null
            ? null
            : { priceFen: change.afterFen, fromDay: change.fromDay ?? '', toDay: change.toDay ?? '9999-12-31' },
      };
    default:
      return assertNever(change.which);
  }
}
