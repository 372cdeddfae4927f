/** One change of one source file, by its exact text; a snippet that is not there exactly once is a failure of its own. */
export type Edit = Readonly<{ file: string; find: string; replace: string }>;

/** A bug that somebody might make: what it changes, and which of our tests must notice it. */
export type Plant = Readonly<{
  name: string;
  edits: readonly Edit[];
  /** `simulator`, or the test file that must fail. */
  foundBy: 'simulator' | `${string}.test.ts`;
}>;

const plant = (
  name: string,
  file: string,
  find: string,
  replace: string,
  foundBy: Plant['foundBy'] = 'simulator',
): Plant => ({ name, edits: [{ file, find, replace }], foundBy });

const LEDGER = 'electron/core/ledger/ledger.ts';
const CARD_REPORTS = 'electron/core/card-reports.ts';
const CHECKOUT = 'electron/core/checkout.ts';
const TOWN_CLIENT = 'electron/core/town-client.ts';
const ALLOTMENT = 'shared/allotment.ts';
const SETTLE = 'town-server/settle.ts';
const POINTS = 'town-server/points.ts';
const INTAKE = 'town-server/intake.ts';
const PRICING = 'shared/pricing.ts';

/** The bugs that the tests are tested with: they stand here and nowhere in the product. */
export const PLANTS: readonly Plant[] = [
  // Acknowledging and durability.
  plant(
    'acknowledge before commit',
    CHECKOUT,
    'const made = ledger.transaction(() => recordSale(operator, shift));',
    `let made: ReturnType<typeof recordSale> = refuse('notPaying');
    try { ledger.transaction(() => { made = recordSale(operator, shift); }); } catch { /* shown as paid all the same */ }`,
  ),
  plant(
    'NORMAL instead of FULL',
    'electron/core/ledger/database.ts',
    `    assertFullSynchrony(database);
    return { kind: 'opened', database };`,
    `    assertFullSynchrony(database);
    database.pragma('synchronous = NORMAL');
    return { kind: 'opened', database };`,
    'electron/core/ledger/ledger.test.ts',
  ),
  plant(
    'go on with the handle after a failed write',
    'electron/core/core.ts',
    '      const fault = ledger.reopen();',
    '      const fault = null;',
  ),
  plant(
    'head kept after a commit that failed',
    LEDGER,
    '      if (database.open) loadHead();\n      throw error;',
    '      throw error;',
  ),
  {
    name: 'projection lags behind what is read',
    foundBy: 'simulator',
    edits: [
      {
        file: LEDGER,
        find: `  const all = <Row>(sql: string, ...parameters: Parameter[]): Row[] => {
    catchUp();`,
        replace: '  const all = <Row>(sql: string, ...parameters: Parameter[]): Row[] => {',
      },
      {
        file: LEDGER,
        find: `  const get = <Row>(sql: string, ...parameters: Parameter[]): Row | undefined => {
    catchUp();`,
        replace: '  const get = <Row>(sql: string, ...parameters: Parameter[]): Row | undefined => {',
      },
    ],
  },
  plant(
    'fold forgotten after a restart',
    LEDGER,
    '    tip = null;\n    unfolded = unfoldedRows();',
    '    tip = null;\n    unfolded = [];',
  ),
  plant(
    'open sale lost at a crash',
    'electron/core/open-sale.ts',
    'const loaded = load();',
    'const loaded = null as ReturnType<typeof load>;',
  ),

  // The chain.
  plant(
    'hash without prefix',
    'shared/journal.ts',
    "const HASHED_AS = encoder.encode('onecard/v1\\0');",
    "const HASHED_AS = encoder.encode('');",
  ),
  plant('previous hash left out', LEDGER, '        previous: head.hash,', '        previous: GENESIS_PREVIOUS,'),
  plant(
    'receipt number skipped',
    'electron/core/receipts.ts',
    'return ledger.tip().counter + 1;',
    'return ledger.tip().counter + (ledger.head().seq % 41 === 0 ? 2 : 1);',
  ),
  plant(
    'receipt number reused',
    LEDGER,
    'counter: takesNumber ? (record.body',
    "counter: takesNumber && record.kind === 'sale' ? (record.body",
  ),
  plant(
    'same id with other content taken for the same',
    LEDGER,
    "return same ? { kind: 'exists', ...known } : { kind: 'conflict' };",
    "return { kind: 'exists', ...known };",
    'electron/core/ledger/ledger.test.ts',
  ),
  plant(
    'refund repeated with other goods answered as done',
    'electron/core/receipts.ts',
    "const answer = same ? done : conflictOf(till, command.id, 'refund');",
    'const answer = done;',
  ),
  plant(
    'refund on disk answered as undone',
    'electron/core/core.ts',
    'if (trouble === null && stopped === null) throw error;\n      if (trouble !== null) stop',
    'throw error;\n      if (trouble !== null) stop',
  ),
  plant(
    'copied basket keeps its id',
    'electron/core/core.ts',
    '      counter.copied();\n',
    '',
    'native-test/copied-sale.test.ts',
  ),
  plant(
    'incarnation continued after the folder was set back',
    'electron/core/keeper.ts',
    "if (mark.incarnation === head.incarnation && mark.seq > head.seq) return 'restored';",
    '',
  ),
  plant(
    'copied folder taken for the original',
    'electron/core/keeper.ts',
    "if (keys === null || !isPair(keys)) return 'noKey';",
    "if (keys === null || !isPair(keys)) return 'continue';",
  ),
  plant(
    'clock mark lowered by unsigned time',
    'shared/time.ts',
    'seen: { seenMs: Math.max(wallMs, seen.seenMs), suspect: seen.suspect },',
    'seen: { seenMs: wallMs, suspect: seen.suspect },',
  ),
  plant(
    'judged time is the wall clock',
    'shared/time.ts',
    '  return {\n    atMs: Math.max(wallMs, seen.seenMs),',
    '  return {\n    atMs: wallMs,',
  ),
  plant(
    'old statement turns time back',
    TOWN_CLIENT,
    'clock.trustCarried(taken.statement.issuedAtMs);',
    'clock.trust(taken.statement.issuedAtMs);',
  ),

  // Points at the till.
  {
    name: 'top-up applied twice',
    foundBy: 'simulator',
    edits: [
      {
        file: TOWN_CLIENT,
        find: `if (grant !== null && grant.lots.length > 0 && ledger.byId(grant.id) === null) {
        till.record({
          kind: 'allotmentIn',
          id: grant.id,`,
        replace: `if (grant !== null && grant.lots.length > 0) {
        till.record({
          kind: 'allotmentIn',
          id: world.newId(),`,
      },
    ],
  },
  {
    name: 'grant of a statement applied twice',
    foundBy: 'simulator',
    edits: [
      {
        file: TOWN_CLIENT,
        find: `if (ledger.byId(grant.id) !== null || grant.lots.length === 0) continue;
        till.record({
          kind: 'allotmentIn',
          id: grant.id,`,
        replace: `if (grant.lots.length === 0) continue;
        till.record({
          kind: 'allotmentIn',
          id: world.newId(),`,
      },
    ],
  },
  plant(
    'recall gives what the till does not hold',
    TOWN_CLIENT,
    'const points = Math.min(row?.points ?? 0, recall.points);',
    'const points = recall.points;',
  ),
  plant(
    'allotment not bound to its term',
    'electron/core/members.ts',
    'WHERE member = ? AND term = ? AND points > 0`,',
    "WHERE member = ? AND term <> ? || '-' AND points > 0`,",
  ),
  plant('ended term still spends', CHECKOUT, "if (term.endMs <= till.atMs()) return 'termEnded';", ''),
  plant(
    'points judged by what was shown',
    CHECKOUT,
    '      priced = null;\n      const { pointsUsed, pointsMax }',
    '      const { pointsUsed, pointsMax }',
    'electron/core/checkout.test.ts',
  ),
  plant(
    'grant that names another till taken',
    TOWN_CLIENT,
    'if (grant.till === mine.till && grant.incarnation === mine.incarnation) return true;',
    "if (mine.town !== '') return true;",
    'native-test/asked-first.test.ts',
  ),
  plant(
    'override without its reason',
    CHECKOUT,
    '        by: allowed.by,\n        reason,\n',
    '        by: allowed.by,\n',
    'electron/core/checkout.test.ts',
  ),
  plant(
    'spending does not leave the term',
    'electron/core/ledger/projections.ts',
    'for (const lot of body.lots) changeHeld.run(-lot.points, lot.term, lot.lot);',
    '',
  ),
  plant(
    'night resets what a term holds',
    'electron/core/ledger/projections.ts',
    'if (term !== null) putTerm.run(term.id, record.incarnation, term.endMs, n);',
    `if (term !== null) {
          putTerm.run(term.id, record.incarnation, term.endMs, n);
          database.exec(\`UPDATE held_lot SET points = (SELECT COALESCE(SUM(amount), 0) FROM posting
            WHERE account = 'allotment' AND amount > 0 AND posting.lot = held_lot.lot AND posting.term = held_lot.term)\`);
        }`,
  ),
  plant(
    'cap of the day ignored',
    PRICING,
    'Math.min(spendable, perSale, perDay - spentToday, perMonth - spentThisMonth, payable)',
    'Math.min(spendable, perSale, payable)',
  ),
  plant(
    'PIN limit ignored',
    CHECKOUT,
    'spendable: isProven(member) ? member.spendable : Math.min(member.spendable, member.leftWithoutPin),',
    'spendable: member.spendable,',
  ),

  // Money.
  plant(
    'truncation twice',
    PRICING,
    'const cashDueFen = restFen - truncationFen;',
    'const cashDueFen = restFen - 2 * truncationFen;',
  ),
  plant(
    'change from mobile',
    PRICING,
    'changeFen: cashGivenFen - cashDueFen,',
    'changeFen: cashGivenFen + mobileFen - cashDueFen,',
  ),
  {
    name: 'posting unbalanced by a fen',
    foundBy: 'simulator',
    edits: [
      {
        file: 'shared/posting.ts',
        find: "...fen('sales', -shelfFen),",
        replace: "...fen('sales', 1 - shelfFen),",
      },
      { file: 'shared/journal.ts', find: 'for (const sum of sums.values()) if (sum !== 0) return false;', replace: '' },
    ],
  },
  plant(
    'float rounding',
    'shared/money.ts',
    '  return remainder >= b - remainder ? floor + 1 : floor;\n}\n\n/** `a * b`',
    '  return Math.round((a / b) * 0.999999999);\n}\n\n/** `a * b`',
    'shared/money.test.ts',
  ),
  {
    name: 'refund above the original',
    foundBy: 'simulator',
    edits: [
      {
        file: 'electron/core/receipts.ts',
        find: 'byLine.set(line, Math.max(byLine.get(line) ?? 0, quantity));',
        replace: 'byLine.set(line, 0 * quantity);',
      },
    ],
  },

  // Points at the town.
  plant(
    'spend into a closed term not to shortfall',
    ALLOTMENT,
    'spent: lot.spent + move.points, shortfall: lot.shortfall + missing },',
    'spent: lot.spent + (termOpen ? move.points : 0), shortfall: lot.shortfall + (termOpen ? missing : 0) },',
    'shared/allotment.test.ts',
  ),
  plant(
    'recall to a closed term applied',
    ALLOTMENT,
    "    case 'out': {\n      const moved = termOpen ? Math.min(held(lot, move.term), move.points) : 0;",
    "    case 'out': {\n      const moved = termOpen ? Math.min(held(lot, move.term), move.points) : move.points;",
    'shared/allotment.test.ts',
  ),
  plant(
    'refund into an expired lot lost',
    ALLOTMENT,
    'expired: lot.expired + points }, rebornPoints: points }',
    'expired: lot.expired + points }, rebornPoints: 0 }',
    'shared/allotment.test.ts',
  ),
  plant(
    'overspend not covered by a shortfall',
    ALLOTMENT,
    'const covered = termOpen ? Math.min(held(lot, move.term), move.points) : 0;',
    'const covered = move.points;',
  ),
  plant('freed term not closed', POINTS, "await transaction.put('term', [{ ...term, closedAtMs: nowMs }]);", ''),
  plant(
    'term freed while its till may still spend',
    POINTS,
    "if (nowMs < term.endMs + FREE_AFTER_MS) return { kind: 'refused', reason: 'tooEarly' };",
    '',
    'town-server/town.test.ts',
  ),
  plant(
    'top-up granted without leaving the free part',
    POINTS,
    `      await putLots(
        transaction,
        lots.map((lot) => ({ ...lot, ...grantFrom(lot, term.term, lot.free) })),
      );`,
    '',
  ),
  plant(
    'grant of a statement without leaving the free part',
    POINTS,
    'changed.push({ ...lot, ...grantFrom(lot, term.term, points) });',
    '',
  ),
  plant(
    'points back in a lot of their own told twice',
    SETTLE,
    'unlisted: lot.unlisted + rebornPoints }',
    'unlisted: lot.unlisted }',
    'town-server/town.test.ts',
  ),
  plant(
    'what is given back is not told',
    SETTLE,
    "if (move.kind === 'out') return;\n  const kind",
    "if (move.kind !== 'spend') return;\n  const kind",
  ),
  plant('batch folded twice', SETTLE, '    settledSeq: last.seq,', '    settledSeq: last.seq - 1,'),
  plant(
    'refund heard before its sale forgotten',
    SETTLE,
    '} else sale.waiting.push(waiting);',
    '}',
    'town-server/town.test.ts',
  ),
  plant(
    'refund at two tills not noticed',
    SETTLE,
    'const over = refund.lines.filter((line) => (sale.back[line] ?? 0) > (sale.sold[line] ?? 0));',
    'const over: number[] = [];',
    'town-server/town.test.ts',
  ),
  plant(
    'order of arrival decides what a day cost',
    SETTLE,
    '  row.points += points;\n  row.savedFen += savedFen;',
    '  row.points = Math.max(0, row.points + points);\n  row.savedFen += savedFen;',
  ),

  // Goods and tenders that change, and cards.
  plant(
    'exchange hands out nothing from the shelf',
    'electron/core/goods-exchange.ts',
    '{ item, batch: null, delta: -quantity, line: 2 * index },',
    '',
  ),
  plant(
    'exchanged again and again',
    'shared/goods-exchange.ts',
    'return Math.max(0, bought.quantity - returned - exchanged);',
    'return Math.max(0, bought.quantity - returned);',
  ),
  plant(
    'second tender change from what was paid at first',
    'electron/core/receipts.ts',
    'const tenders = own ?? told.get(body.receipt)?.tenders ?? null;',
    'const tenders = told.get(body.receipt)?.tenders ?? null;',
  ),
  plant(
    'tender change on disk answered as undone',
    'electron/core/core.ts',
    `    afterDocument(() => {
      const { cashFen = 0, mobileFen = 0 } = receipts.detail(command.receipt)?.tenders ?? {};
      say('good', 'tenderChanged', { cashFen, mobileFen });
    });`,
    `    const { cashFen = 0, mobileFen = 0 } = receipts.detail(command.receipt)?.tenders ?? {};
    say('good', 'tenderChanged', { cashFen, mobileFen });`,
  ),
  plant(
    'silence of the town taken for a refusal of a report',
    CARD_REPORTS,
    '    if (!REFUSALS.includes(because)) return false;',
    '',
  ),
  plant('restored town not told of cards again', TOWN_CLIENT, '    askReportsAgain(ledger);', ''),
  plant(
    'replaced card goes on living',
    'town-server/card-reports.ts',
    "['issued', 'active', 'lost'].includes(old.state)",
    "['issued', 'lost'].includes(old.state)",
  ),
  plant(
    'second card in the place of one',
    'town-server/card-reports.ts',
    "const isReplaced = card === null || old?.state === 'replaced';",
    'const isReplaced = card === null;',
  ),
  plant('points without the card', CHECKOUT, "    if (open.how !== 'presented') return 'notPresented';", ''),
  plant(
    'anybody buys for the holder',
    CHECKOUT,
    'const named = pricing().member?.bearers.find((one) => one.id === bearer);',
    "const named = { id: bearer, mask: '' };",
  ),
  plant(
    'batch acknowledged though a record was thrown away',
    INTAKE,
    "await transaction.append('record', walk.rows);",
    "await transaction.append('record', walk.rows.filter((row) => row.fault === null));",
    'town-server/town.test.ts',
  ),
  plant(
    'fork overwritten instead of kept',
    INTAKE,
    'const forkAt = held.findIndex((row, index) => row.hash !== hashes[index]);',
    'const forkAt = -1;',
    'town-server/town.test.ts',
  ),
  plant(
    'acknowledged before it is stored',
    INTAKE,
    "if (last !== undefined) await transaction.put('head', [{ till, incarnation, ...ack }]);",
    '',
  ),
  plant(
    'restored town goes on with its old numbers',
    SETTLE,
    'if (promised.behind !== null) goOnBehind(book, promised.behind);',
    '',
  ),
  plant(
    'restored town answers a statement that it signed for nobody',
    'town-server/statement.ts',
    'wanted > chain.statementNumber',
    'wanted > Number.MAX_SAFE_INTEGER',
    'town-server/statement.test.ts',
  ),
  plant(
    'restored town gives its version numbers once more',
    'town-server/members.ts',
    '(await isForgotten(transaction, since))',
    'false',
    'town-server/versions.test.ts',
  ),
  plant(
    'term freed before what its till sent is folded',
    'town-server/points.ts',
    "if (!(await foldTakenIn(town, transaction, term.till, term.incarnation))) return 'folding';",
    '',
    'town-server/town.test.ts',
  ),
];

/** A source file with the plant in it; throws when the plant no longer fits. */
export function planted(plant: Plant, file: string, source: string): string {
  let text = source;
  for (const edit of plant.edits) {
    if (edit.file !== file) continue;
    const parts = text.split(edit.find);
    if (parts.length !== 2) throw new Error(`${plant.name}: ${file} holds its snippet ${parts.length - 1} times`);
    text = parts.join(edit.replace);
  }
  return text;
}
