/**
 * The town's schema, in order; only ever appended to. Every table's key begins with `town_id`, so that a county spreads
 * its towns over many machines unchanged. Plain PostgreSQL only: no sequences as business numbers, no triggers, no
 * notifications, no session state.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE lock (town_id text NOT NULL, name text NOT NULL, PRIMARY KEY (town_id, name));
CREATE TABLE town (town_id text NOT NULL, town text NOT NULL, name text NOT NULL, public_key text NOT NULL,
  PRIMARY KEY (town_id, town));
CREATE TABLE setting (town_id text NOT NULL, name text NOT NULL, value text NOT NULL, PRIMARY KEY (town_id, name));
CREATE TABLE shop (town_id text NOT NULL, shop text NOT NULL, name text NOT NULL, address text NOT NULL,
  hotline text NOT NULL, PRIMARY KEY (town_id, shop));
CREATE TABLE village (town_id text NOT NULL, village text NOT NULL, name text NOT NULL, fund text NOT NULL,
  PRIMARY KEY (town_id, village));
CREATE TABLE till (town_id text NOT NULL, till text NOT NULL, shop text NOT NULL, name text NOT NULL,
  incarnation bigint NOT NULL, PRIMARY KEY (town_id, till));
CREATE TABLE contact (town_id text NOT NULL, till text NOT NULL, heard_at_ms bigint NOT NULL,
  PRIMARY KEY (town_id, till));
CREATE TABLE head (town_id text NOT NULL, till text NOT NULL, incarnation bigint NOT NULL, seq bigint NOT NULL,
  hash text NOT NULL, PRIMARY KEY (town_id, till, incarnation));
CREATE TABLE incarnation (town_id text NOT NULL, till text NOT NULL, incarnation bigint NOT NULL,
  public_key text NOT NULL, incarnation_id text NOT NULL, enrolled_at_ms bigint NOT NULL, settled_seq bigint NOT NULL,
  settled_hash text NOT NULL, statement_number bigint NOT NULL, statement_hash text NOT NULL, term text,
  perpetual jsonb NOT NULL, period bigint NOT NULL, period_totals jsonb NOT NULL, closed_period jsonb,
  PRIMARY KEY (town_id, till, incarnation));
CREATE TABLE record (town_id text NOT NULL, till text NOT NULL, incarnation bigint NOT NULL, seq bigint NOT NULL,
  hash text NOT NULL, text text NOT NULL, fault text, PRIMARY KEY (town_id, till, incarnation, seq));
CREATE TABLE fork (town_id text NOT NULL, till text NOT NULL, incarnation bigint NOT NULL, seq bigint NOT NULL,
  hash text NOT NULL, bytes text NOT NULL, seen_at_ms bigint NOT NULL,
  PRIMARY KEY (town_id, till, incarnation, seq, hash));
CREATE TABLE code (town_id text NOT NULL, code_hash text NOT NULL, shop text NOT NULL, till text,
  till_name text NOT NULL, expires_at_ms bigint NOT NULL, used_till text, used_incarnation bigint,
  PRIMARY KEY (town_id, code_hash));
CREATE TABLE term (town_id text NOT NULL, term text NOT NULL, till text NOT NULL, incarnation bigint NOT NULL,
  end_ms bigint NOT NULL, closed_at_ms bigint, PRIMARY KEY (town_id, term));
CREATE TABLE member (town_id text NOT NULL, member text NOT NULL, name text NOT NULL, village text NOT NULL,
  home_shop text, stars bigint NOT NULL, state text NOT NULL, standing_wish text NOT NULL, version bigint NOT NULL,
  PRIMARY KEY (town_id, member));
CREATE INDEX member_by_version ON member (town_id, version);
CREATE TABLE card (town_id text NOT NULL, card text NOT NULL, token_hash text NOT NULL, member text NOT NULL,
  last_four text NOT NULL, state text NOT NULL, expires_on text, lost_at_ms bigint, PRIMARY KEY (town_id, card));
CREATE INDEX card_by_member ON card (town_id, member);
CREATE TABLE lot (town_id text NOT NULL, lot text NOT NULL, member text NOT NULL, village text NOT NULL,
  fund text NOT NULL, earned_on text NOT NULL, expires_on text NOT NULL, issued bigint NOT NULL, free bigint NOT NULL,
  allotted jsonb NOT NULL, spent bigint NOT NULL, expired bigint NOT NULL, shortfall bigint NOT NULL,
  note text NOT NULL, PRIMARY KEY (town_id, lot));
CREATE INDEX lot_by_member ON lot (town_id, member);
CREATE TABLE "grant" (town_id text NOT NULL, "grant" text NOT NULL, till text NOT NULL, incarnation bigint NOT NULL,
  term text NOT NULL, member text NOT NULL, lots jsonb NOT NULL, made_at_ms bigint NOT NULL, applied_seq bigint,
  PRIMARY KEY (town_id, "grant"));
CREATE INDEX grant_unapplied ON "grant" (town_id, term) WHERE applied_seq IS NULL;
CREATE TABLE recall (town_id text NOT NULL, recall text NOT NULL, till text NOT NULL, incarnation bigint NOT NULL,
  term text NOT NULL, member text NOT NULL, lot text NOT NULL, points bigint NOT NULL, done_seq bigint,
  PRIMARY KEY (town_id, recall));
CREATE INDEX recall_undone ON recall (town_id, term) WHERE done_seq IS NULL;
CREATE TABLE top_up (town_id text NOT NULL, request text NOT NULL, till text NOT NULL, member text NOT NULL,
  bytes text NOT NULL, signature text NOT NULL, PRIMARY KEY (town_id, request));
CREATE TABLE spending (town_id text NOT NULL, member text NOT NULL, day text NOT NULL, points bigint NOT NULL,
  saved_fen bigint NOT NULL, PRIMARY KEY (town_id, member, day));
CREATE TABLE sale (town_id text NOT NULL, sale text NOT NULL, seen boolean NOT NULL, sold jsonb NOT NULL,
  back jsonb NOT NULL, points jsonb NOT NULL, waiting jsonb NOT NULL, PRIMARY KEY (town_id, sale));
CREATE TABLE payable (town_id text NOT NULL, shop text NOT NULL, month text NOT NULL, village text NOT NULL,
  fund text NOT NULL, points bigint NOT NULL, amount_fen bigint NOT NULL,
  PRIMARY KEY (town_id, shop, month, village, fund));
CREATE TABLE till_day (town_id text NOT NULL, till text NOT NULL, day text NOT NULL, sales bigint NOT NULL,
  points bigint NOT NULL, PRIMARY KEY (town_id, till, day));
CREATE TABLE break (town_id text NOT NULL, id text NOT NULL, till text NOT NULL, incarnation bigint NOT NULL,
  kind text NOT NULL, owner text NOT NULL, account text, seq bigint, till_amount bigint, town_amount bigint,
  since_day text NOT NULL, resolved_at_ms bigint, PRIMARY KEY (town_id, id));
CREATE TABLE statement (town_id text NOT NULL, till text NOT NULL, incarnation bigint NOT NULL, number bigint NOT NULL,
  bytes text NOT NULL, signature text NOT NULL, hash text NOT NULL, settled_seq bigint NOT NULL,
  issued_at_ms bigint NOT NULL, PRIMARY KEY (town_id, till, incarnation, number));
CREATE TABLE policy (town_id text NOT NULL, version bigint NOT NULL, effective_from text NOT NULL, bytes text NOT NULL,
  signature text NOT NULL, PRIMARY KEY (town_id, version));
CREATE TABLE item (town_id text NOT NULL, item text NOT NULL, version bigint NOT NULL, value jsonb NOT NULL,
  PRIMARY KEY (town_id, item));
`,
  `
ALTER TABLE lot ADD COLUMN uncovered jsonb NOT NULL DEFAULT '{}';
ALTER TABLE sale ADD COLUMN on_lost_card boolean NOT NULL DEFAULT false;
ALTER TABLE break ADD COLUMN resolved_by text, ADD COLUMN note text;
`,
  // What a claim on a sale needs to know of it; sales that were folded before are told from their records.
  `
ALTER TABLE sale ADD COLUMN receipt text NOT NULL DEFAULT '', ADD COLUMN till text NOT NULL DEFAULT '',
  ADD COLUMN incarnation bigint NOT NULL DEFAULT 0, ADD COLUMN seq bigint NOT NULL DEFAULT 0,
  ADD COLUMN mobile_fen bigint NOT NULL DEFAULT 0, ADD COLUMN cash_fen bigint NOT NULL DEFAULT 0,
  ADD COLUMN borne jsonb NOT NULL DEFAULT '{}';
UPDATE sale SET receipt = made.body->>'receipt', till = made.till, incarnation = made.incarnation, seq = made.seq,
  mobile_fen = (made.body->>'mobileFen')::bigint, cash_fen = (made.body->>'cashDueFen')::bigint
  FROM (SELECT town_id, till, incarnation, seq, text::jsonb->>'id' AS id, text::jsonb->'body' AS body
    FROM record WHERE fault IS NULL AND text LIKE '%"kind":"sale"%') made
  WHERE sale.town_id = made.town_id AND sale.sale = made.id AND sale.seen;
UPDATE sale SET mobile_fen = sale.mobile_fen - back.mobile, cash_fen = sale.cash_fen - back.cash
  FROM (SELECT town_id, text::jsonb->'body'->>'sale' AS sale,
      sum((text::jsonb->'body'->>'mobileBackFen')::bigint) AS mobile,
      sum((text::jsonb->'body'->>'cashBackFen')::bigint) AS cash
    FROM record JOIN incarnation USING (town_id, till, incarnation)
    WHERE fault IS NULL AND seq <= settled_seq AND text LIKE '%"kind":"refund"%' GROUP BY 1, 2) back
  WHERE sale.town_id = back.town_id AND sale.sale = back.sale;
UPDATE sale SET waiting = (SELECT jsonb_agg(one || '{"lines": []}') FROM jsonb_array_elements(waiting) one)
  WHERE jsonb_array_length(waiting) > 0;
CREATE INDEX sale_by_receipt ON sale (town_id, receipt);
ALTER TABLE lot DROP COLUMN uncovered;
CREATE TABLE claim (town_id text NOT NULL, claim text NOT NULL, till text NOT NULL, incarnation bigint NOT NULL,
  sale text NOT NULL, receipt text NOT NULL, lines jsonb NOT NULL, made_at_ms bigint NOT NULL, bytes text NOT NULL,
  signature text NOT NULL, done_seq bigint, released_at_ms bigint, released_by text, note text,
  PRIMARY KEY (town_id, claim));
CREATE INDEX claim_held ON claim (town_id, sale) WHERE done_seq IS NULL AND released_at_ms IS NULL;
`,
  // What was granted before a restore and forgotten by it, beyond what was free; what a till's months and years are
  // judged by, from the period on that the town folds whole.
  `
ALTER TABLE lot ADD COLUMN overdrawn bigint NOT NULL DEFAULT 0;
ALTER TABLE incarnation ADD COLUMN spans jsonb;
UPDATE incarnation SET spans = jsonb_build_object('since', period, 'perpetual', NULL,
  'months', '[]'::jsonb, 'years', '[]'::jsonb);
ALTER TABLE incarnation ALTER COLUMN spans SET NOT NULL;
`,
  `
ALTER TABLE sale ADD COLUMN exchanged jsonb NOT NULL DEFAULT '[]', ADD COLUMN tenders jsonb;
`,
  // What finds a card that no reader takes, and that somebody had to read it; every till hears of everybody anew.
  `
ALTER TABLE card ADD COLUMN last_six text NOT NULL DEFAULT '', ADD COLUMN unreadable_at_ms bigint;
UPDATE member SET version = version + setting.value::bigint FROM setting
  WHERE setting.town_id = member.town_id AND setting.name = 'membersVersion';
UPDATE setting SET value = (2 * value::bigint)::text WHERE name = 'membersVersion';
`,
  // Who buys for whom; an empty note says that they do no more.
  `
CREATE TABLE bearer (town_id text NOT NULL, member text NOT NULL, bearer text NOT NULL, note text NOT NULL,
  PRIMARY KEY (town_id, member, bearer));
`,
  `
CREATE TABLE pin (town_id text NOT NULL, member text NOT NULL, hash text NOT NULL, wrong bigint NOT NULL,
  PRIMARY KEY (town_id, member));
CREATE TABLE pin_try (town_id text NOT NULL, request text NOT NULL, till text NOT NULL, member text NOT NULL,
  at_ms bigint NOT NULL, PRIMARY KEY (town_id, request));
`,
  // Reports of tills that a card is lost or replaced, and what finds a token that is in use already.
  `
CREATE TABLE card_report (town_id text NOT NULL, request text NOT NULL, till text NOT NULL, member text NOT NULL,
  at_ms bigint NOT NULL, PRIMARY KEY (town_id, request));
CREATE INDEX card_by_token ON card (town_id, token_hash);
`,
  // What moved each member's points. What there was before stands as one sum, without what had expired by then; a refund
  // that waits for its sale will be told with the time of its record.
  `
CREATE TABLE movement (town_id text NOT NULL, member text NOT NULL, movement text NOT NULL, kind text NOT NULL,
  at_ms bigint NOT NULL, points bigint NOT NULL, borne bigint NOT NULL, lot text, till text, incarnation bigint,
  seq bigint, PRIMARY KEY (town_id, member, movement));
CREATE INDEX movement_by_time ON movement (town_id, member, at_ms);
ALTER TABLE lot ADD COLUMN unlisted bigint NOT NULL DEFAULT 0;
UPDATE lot SET unlisted = greatest(0, issued - spent + shortfall - overdrawn)
  WHERE expires_on < to_char(now() AT TIME ZONE 'Asia/Shanghai' - interval '3 hours', 'YYYY-MM-DD');
INSERT INTO movement (town_id, member, movement, kind, at_ms, points, borne)
  SELECT town_id, member, 'carried', 'carried', floor(extract(epoch FROM now()) * 1000)::bigint,
    sum(greatest(0, issued - spent + shortfall - overdrawn) - unlisted), 0
  FROM lot GROUP BY town_id, member
  HAVING sum(greatest(0, issued - spent + shortfall - overdrawn) - unlisted) > 0;
UPDATE sale SET waiting = (
    SELECT jsonb_agg(one || jsonb_build_object('atMs', coalesce((record.text::jsonb->>'at')::bigint, 0)) ORDER BY place)
    FROM jsonb_array_elements(sale.waiting) WITH ORDINALITY AS refund (one, place)
      LEFT JOIN record ON record.town_id = sale.town_id AND record.till = one->>'till'
        AND record.incarnation = (one->>'incarnation')::bigint AND record.seq = (one->>'seq')::bigint)
  WHERE jsonb_array_length(waiting) > 0;
`,
  `
CREATE TABLE notice (town_id text NOT NULL, notice text NOT NULL, title text NOT NULL, text text NOT NULL,
  village text, shop text, from_day text NOT NULL, to_day text NOT NULL, on_receipt boolean NOT NULL,
  written_at_ms bigint NOT NULL, written_by text NOT NULL, ended_at_ms bigint, ended_by text,
  PRIMARY KEY (town_id, notice));
`,
];
