/**
 * The schema of the till's ledger, as an ordered list: only ever appended to. `PRAGMA user_version` is the number of
 * migrations a file has seen. Three sorts of table (design, "The journal"): the journal itself, projections that a
 * rebuild makes anew from it, and replicas and working state that it does not hold. Two triggers hold the journal to
 * invariants 4 and 24: nobody changes a record, and nobody deletes one, sent or not, however old.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE journal (
    n INTEGER PRIMARY KEY,
    incarnation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    period INTEGER NOT NULL,
    business_day TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (incarnation, seq)
  ) STRICT;
  CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT,
    'records are forever'); END;
  CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT,
    'records are forever'); END;
  CREATE INDEX journal_by_kind ON journal (kind, n);

  -- Projections.
  CREATE TABLE posting (
    n INTEGER NOT NULL, position INTEGER NOT NULL, account TEXT NOT NULL, unit TEXT NOT NULL, amount INTEGER NOT NULL,
    lot TEXT, term TEXT, PRIMARY KEY (n, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE balance (
    unit TEXT NOT NULL, account TEXT NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (unit, account)
  ) STRICT, WITHOUT ROWID;
  -- In the order of the journal, so that a sale of ten goods touches one page here and not ten.
  CREATE TABLE stock_line (
    n INTEGER NOT NULL, line INTEGER NOT NULL, item TEXT NOT NULL, batch TEXT, delta INTEGER NOT NULL,
    PRIMARY KEY (n, line)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE stock (item TEXT PRIMARY KEY, quantity INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE batch (
    item TEXT NOT NULL, batch TEXT NOT NULL, received_at_ms INTEGER NOT NULL, quantity INTEGER NOT NULL,
    produced_on TEXT, expires_on TEXT, cost_fen INTEGER, supplier TEXT NOT NULL, PRIMARY KEY (item, batch)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX batch_by_expiry ON batch (expires_on) WHERE expires_on IS NOT NULL;
  CREATE TABLE item (
    id TEXT PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, category TEXT NOT NULL, spec TEXT NOT NULL,
    unit TEXT NOT NULL, per TEXT NOT NULL, plu TEXT, price_fen INTEGER, clearance_fen INTEGER,
    promotion_fen INTEGER, promotion_from TEXT, promotion_to TEXT, cost_fen INTEGER, discountable INTEGER NOT NULL,
    low_stock INTEGER, shelf_life_days INTEGER, initials TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX item_by_plu ON item (plu) WHERE plu IS NOT NULL;
  CREATE INDEX item_by_category ON item (category, name);
  CREATE TABLE item_search (text TEXT NOT NULL, item TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE price_change (
    item TEXT NOT NULL, n INTEGER NOT NULL, which TEXT NOT NULL, before_fen INTEGER, after_fen INTEGER,
    from_day TEXT, to_day TEXT, at_ms INTEGER NOT NULL, operator TEXT, PRIMARY KEY (item, n, which)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE receipt (
    n INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, incarnation INTEGER NOT NULL,
    counter INTEGER NOT NULL, business_day TEXT NOT NULL, at_ms INTEGER NOT NULL, document TEXT NOT NULL,
    shift TEXT NOT NULL, operator TEXT, member TEXT, total_fen INTEGER NOT NULL, points INTEGER NOT NULL,
    lines INTEGER NOT NULL, first_name TEXT NOT NULL
  ) STRICT;
  CREATE TABLE returned (sale TEXT NOT NULL, line INTEGER NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (sale,
    line)) STRICT, WITHOUT ROWID;
  CREATE TABLE returned_lot (sale TEXT NOT NULL, lot TEXT NOT NULL, points INTEGER NOT NULL, PRIMARY KEY (sale,
    lot)) STRICT, WITHOUT ROWID;
  CREATE TABLE held_lot (
    term TEXT NOT NULL, lot TEXT NOT NULL, member TEXT NOT NULL, village TEXT NOT NULL, fund TEXT NOT NULL,
    expires_on TEXT NOT NULL, points INTEGER NOT NULL, PRIMARY KEY (term, lot)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX held_lot_by_member ON held_lot (member);
  CREATE TABLE term (id TEXT PRIMARY KEY, incarnation INTEGER NOT NULL, end_ms INTEGER NOT NULL,
    opened_n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE member_spend (
    member TEXT NOT NULL, n INTEGER NOT NULL, incarnation INTEGER NOT NULL, seq INTEGER NOT NULL, business_day TEXT NOT NULL,
    points INTEGER NOT NULL, saved_fen INTEGER NOT NULL, PRIMARY KEY (member, n)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE shift (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL, opened_n INTEGER NOT NULL, opened_at_ms INTEGER NOT NULL, operator TEXT,
    float_fen INTEGER NOT NULL, closed_n INTEGER, closed_at_ms INTEGER, expected_fen INTEGER, counted_fen INTEGER,
    difference_fen INTEGER, sales INTEGER NOT NULL, held INTEGER, unsent INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX shift_open ON shift (opened_n) WHERE closed_n IS NULL;
  CREATE TABLE period (
    incarnation INTEGER NOT NULL, period INTEGER NOT NULL, label TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    traded INTEGER NOT NULL, closed_seq INTEGER, PRIMARY KEY (incarnation, period)
  ) STRICT, WITHOUT ROWID;

  -- Replicas of what the town says, replaced by newer versions.
  CREATE TABLE member (id TEXT PRIMARY KEY, incarnation INTEGER NOT NULL, view TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE card (token_hash TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, member TEXT NOT NULL,
    view TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX card_by_member ON card (member);
  CREATE TABLE policy (version INTEGER PRIMARY KEY, bytes TEXT NOT NULL, signature TEXT NOT NULL) STRICT;
  CREATE TABLE statement (number INTEGER NOT NULL, incarnation INTEGER NOT NULL, hash TEXT NOT NULL,
    bytes TEXT NOT NULL, signature TEXT NOT NULL, PRIMARY KEY (incarnation, number)) STRICT;

  -- Working state: what is neither a fact of the books nor the town's.
  CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE operator (id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, pin_hash TEXT NOT NULL,
    active INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE held_sale (sale TEXT PRIMARY KEY, held_at_ms INTEGER NOT NULL, state TEXT NOT NULL) STRICT,
    WITHOUT ROWID;
  CREATE TABLE top_up (request TEXT PRIMARY KEY, member TEXT NOT NULL, term TEXT NOT NULL,
    asked_at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE side_text (digest TEXT PRIMARY KEY, salt TEXT NOT NULL, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE night (business_day TEXT PRIMARY KEY, report TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- The newest record that every projection holds.
  CREATE TABLE folded (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL) STRICT;
  INSERT INTO folded (one, n) SELECT 1, COALESCE(MAX(n), 0) FROM journal;
  `,
  `
  -- The town's claims that no refund has used yet; and which lot got points back follows from the quantities alone.
  CREATE TABLE claim (request TEXT PRIMARY KEY, receipt TEXT NOT NULL, asked_at_ms INTEGER NOT NULL) STRICT,
    WITHOUT ROWID;
  DROP TABLE returned_lot;
  `,
  `
  -- Only the hash of a staff card, as of a member's.
  ALTER TABLE operator ADD COLUMN card_hash TEXT;
  CREATE UNIQUE INDEX operator_by_card ON operator (card_hash) WHERE card_hash IS NOT NULL;
  `,
  `
  -- What was exchanged of a sale's lines, and the tenders of sales that were put right after they were paid.
  CREATE TABLE exchanged (sale TEXT NOT NULL, line INTEGER NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (sale,
    line)) STRICT, WITHOUT ROWID;
  CREATE TABLE tender (sale TEXT PRIMARY KEY, mobile_fen INTEGER NOT NULL, mobile_channel TEXT,
    cash_fen INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- Whose own credit card an operator holds: it buys nothing while they stand at the till.
  ALTER TABLE operator ADD COLUMN member TEXT;
  `,
  `
  -- Cards reported lost or replaced here that the town has not answered, or that it refused.
  CREATE TABLE card_report (request TEXT PRIMARY KEY, member TEXT NOT NULL, card TEXT, blank TEXT, token_hash TEXT UNIQUE,
    at_ms INTEGER NOT NULL, refused INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX card_report_by_member ON card_report (member);
  `,
  `
  -- What the town confirmed is kept: one that was restored from an older copy is asked again.
  ALTER TABLE card_report ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;
  `,
];

/** Tables that a rebuild makes anew from the journal; rows must come out identical. */
export const PROJECTIONS = [
  'posting',
  'balance',
  'stock_line',
  'stock',
  'batch',
  'item',
  'item_search',
  'price_change',
  'receipt',
  'returned',
  'exchanged',
  'tender',
  'held_lot',
  'term',
  'member_spend',
  'shift',
  'period',
] as const;
