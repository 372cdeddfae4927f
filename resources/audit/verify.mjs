#!/usr/bin/env node
// Checks an export of a till: node verify.mjs DIR [--town-key HEX] [--record 1/42]. Needs Node 18.14 and nothing else.
// The rules stand in docs/journal-format.md. Exit code: 0 sound, 1 a fault was found, 2 cannot be read.
import { isUtf8 } from 'node:buffer';
import { createHash, verify } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FIELDS = 'at,body,businessDay,id,incarnation,kind,operator,period,postings,previous,seq,shop,stock,till,town,v';
const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const hashOf = (text) => sha256(`onecard/v1\0${text}`);
const sum = (list, of) => list.reduce((total, one) => total + of(one), 0);
const sumIf = (list, holds) => sum(list.filter(holds), (one) => one.amount);

/** RFC 8785 for whole numbers, strings, booleans, null, lists and objects; throws where there is no such form. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) throw new Error('lone surrogate');
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Error('not a safe integer');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${canonical(key)}:${canonical(value[key])}`).join(',')}}`;
}

/** Ed25519 over `onecard/v1/KIND`, a zero byte and the exact bytes; key (SPKI) and signature are plain base64. */
function isSigned(kind, bytes, key, signature) {
  try {
    const [der, mark] = [key, signature].map((text) => Buffer.from(text, 'base64'));
    const isPlain = der.toString('base64') === key && mark.toString('base64') === signature;
    const signed = Buffer.from(`onecard/v1/${kind}\0${bytes}`);
    return isPlain && verify(null, signed, { key: der, format: 'der', type: 'spki' }, mark);
  } catch {
    return false;
  }
}

/** Totals as a closing states them, begun from other totals or from none; `add` puts more totals on top. */
const newFold = (from = {}) => ({ ...from, accounts: { ...from.accounts } });
function add(into, { accounts, ...figures }) {
  for (const [name, amount] of Object.entries(figures)) into[name] = (into[name] ?? 0) + amount;
  for (const [name, amount] of Object.entries(accounts)) into.accounts[name] = (into.accounts[name] ?? 0) + amount;
}
function totalsOfOne({ kind, body, postings }) {
  const spent = postings.filter((one) => one.unit === 'points' && one.account === 'spent');
  const totals = { records: 1, sales: 0, refunds: 0, lines: 0, totalFen: 0, accounts: {} };
  if (kind === 'sale') Object.assign(totals, { sales: 1, lines: body.lines.length, totalFen: body.totalFen });
  if (kind === 'refund') Object.assign(totals, { refunds: 1, totalFen: -sum(body.lines, (line) => line.payFen) });
  totals.pointsSpent = sumIf(spent, (one) => one.amount > 0);
  totals.pointsBack = -sumIf(spent, (one) => one.amount < 0);
  for (const { unit, account, amount } of postings) add(totals, { accounts: { [`${unit} ${account}`]: amount } });
  return totals;
}
function totalsOf(folded) {
  const accounts = Object.entries(folded.accounts).filter(([, amount]) => amount !== 0);
  const mobileFen = sum(accounts, ([name, amount]) => (name.startsWith('fen mobile:') ? amount : 0));
  const cashFen = folded.accounts['fen drawer'] ?? 0;
  return canonical({ ...folded, cashFen, mobileFen, accounts: Object.fromEntries(accounts) });
}

/** Every unit sums to zero, points within each lot, and no posting is empty. */
function isBalanced(postings) {
  const left = newFold();
  const lotOf = ({ unit, lot }) => (unit === 'fen' ? unit : `${unit} ${lot}`);
  for (const one of postings) add(left, { accounts: { [lotOf(one)]: one.amount } });
  const hasLot = postings.every(({ unit, lot }) => unit === 'fen' || (unit === 'points' && typeof lot === 'string'));
  const isEmpty = postings.some(({ amount }) => !Number.isSafeInteger(amount) || amount === 0);
  return hasLot && !isEmpty && Object.values(left.accounts).every((amount) => amount === 0);
}

/** One file of an export line by line; it must be the file that the manifest lists. */
function openLines(name, bytes, manifest, faults) {
  const need = (holds, text) => holds || faults.push({ file: name, line: file.line, text });
  const file = { name, line: 0, need };
  let start = 0;
  const listed = manifest.files.find((one) => one.name === name);
  need(listed?.bytes === bytes.length && listed.sha256 === sha256(bytes), '与清单不符 (not as the manifest lists it)');
  file.next = () => {
    if (start >= bytes.length) return null;
    const end = bytes.indexOf(10, start);
    const line = bytes.subarray(start, end < 0 ? bytes.length : end);
    [start, file.line] = [start + line.length + 1, file.line + 1];
    need(end >= 0 && isUtf8(line), '这一行不完整 (a torn line)');
    return line.toString();
  };
  file.each = (work) => {
    for (let text = file.next(); text !== null; text = file.next()) {
      try {
        const value = JSON.parse(text);
        need(canonical(value) === text, '不是规范 JSON (not canonical)');
        work(value, text);
      } catch (error) {
        need(false, `形状不对 (wrong shape: ${error.message})`);
      }
    }
  };
  return file;
}

/**
 * Audits an export, of which `read` answers the bytes of a file by its name, none where it is missing. `townKey` is the
 * fingerprint of the town's key (SHA-256 of its DER form, hex) as the auditor got it elsewhere, or null.
 */
export function audit(read, townKey = null) {
  const found = { state: 'unreadable', faults: [], notes: [], parts: [], manifest: {}, counts: {} };
  try {
    check(read, townKey, found);
  } catch (error) {
    found.faults.push({ file: 'manifest.json', line: 1, text: `读不下去 (cannot be followed: ${error.message})` });
  }
  return found;
}

function check(read, townKey, found) {
  const { faults, notes } = found;
  const [manifest, keys] = ['manifest.json', 'keys.json'].map((name) => JSON.parse(read(name)));
  if (manifest.v !== 1) throw new Error('unknown version');
  const open = (name) => openLines(name, read(name), manifest, faults);
  const fingerprint = sha256(Buffer.from(`${keys.town}`, 'base64'));
  const parts = manifest.parts.map((part) => ({ ...part, acknowledged: 0, closed: [] }));
  Object.assign(found, { manifest, parts, fingerprint, state: 'fault' });
  open('keys.json').need([undefined, fingerprint].includes(townKey?.toLowerCase()), '不是您给的镇公钥 (town key)');
  if (!isSigned('export', read('manifest.json'), keys.tills[manifest.signedBy], `${read('manifest.sig')}`))
    faults.push({ file: 'manifest.json', line: 1, text: '签名不对 (not signed by the till)' });
  for (const { name } of manifest.files) if (name.endsWith('.csv')) open(name);

  // What the town signed comes first: which hash it acknowledges at which record, and which points it granted.
  const [statements, claims, grants, ids] = [[], [], new Map(), new Set()];
  const paper = open('statements.jsonl');
  paper.each(({ bytes, signature }) => {
    paper.need(isSigned('statement', bytes, keys.town, signature), '镇签名不对 (not signed by the town)');
    const said = JSON.parse(bytes);
    const { incarnation, number, ack, settled } = said;
    const before = statements.findLast((one) => one.incarnation === incarnation) ?? { number: number - 1 };
    const previous = before.hash ?? (number === 1 ? '0'.repeat(64) : said.previous);
    const isNext = number === before.number + 1 && said.previous === previous && said.till === manifest.till;
    paper.need(isNext, '不接上一份 (not the next one of this till)');
    statements.push({ incarnation, number, hash: sha256(bytes) });
    claims.push({ ...ack, incarnation }, { ...settled, incarnation, totals: canonical(said.perpetual) });
    for (const grant of said.grants) grants.set(grant.id, canonical(grant));
  });
  const closings = open('closings.jsonl');
  for (const part of parts) {
    const { incarnation, closed } = part;
    const { need, each } = open(`records-${incarnation}.jsonl`);
    const mine = (list) => list.filter((one) => one.incarnation === incarnation);
    const isClosing = ({ signature, ...said }) =>
      isSigned('closing', canonical(said), keys.tills[incarnation], signature);
    let [seq, hash, period, label, first, receipts, applied] = [part.firstSeq - 1, part.before, 0, '', 0, 0, null];
    let [totals, perpetual] = [null, newFold()];
    if (seq > 0) {
      // A range stands on the closing before it: the first record names its hash, and its totals are where ours begin.
      const text = closings.next() ?? '{}';
      const { body } = JSON.parse(text);
      closings.need(hashOf(text) === hash && isClosing(body), '不是期前结算 (not the signed closing before)');
      [period, perpetual] = [body.period, newFold(body.perpetual)];
      receipts = perpetual.sales + perpetual.refunds;
    }
    const acknowledge = () => {
      for (const said of claims.filter((one) => one.incarnation === incarnation && one.seq === seq)) {
        need(said.hash === hash, `镇签认的 ${seq} 不是这条，它或更早的被改过 (the town knows another)`);
        if (said.totals === undefined) part.acknowledged = seq;
        else if (seq >= part.firstSeq && said.totals !== totalsOf(perpetual)) notes.push(`${incarnation}/${seq}`);
      }
    };
    acknowledge();
    each((record, text) => {
      const { kind, body, postings } = record;
      const own = [record.v, record.town, record.shop, record.till, record.incarnation];
      const isHere = `${own}` === `${[1, manifest.town, manifest.shop, manifest.till, incarnation]}`;
      need(isHere && `${Object.keys(record).sort()}` === FIELDS, '字段不对 (wrong fields)');
      need(record.seq === seq + 1, `序号不接 ${seq} (a gap, or out of order)`);
      need(record.previous === hash, '与上一条的哈希不接 (this record or the one before was changed)');
      const isGenesis = kind === 'genesis' && body.publicKey === keys.tills[incarnation];
      need(isGenesis === (record.seq === 1), '启用记录或公钥不对 (not the genesis of this key)');
      need(ids.size < ids.add(record.id).size, '编号重复 (the id was used before)');
      need(isBalanced(postings), '分录不平 (the postings do not sum to zero)');
      if (totals === null) [totals, period, label, first] = [newFold(), period + 1, record.businessDay, record.seq];
      need(record.period === period && record.businessDay === label, '期或营业日不对 (wrong period or day)');
      [seq, hash] = [record.seq, hashOf(text)];
      for (const one of [totals, perpetual]) add(one, totalsOfOne(record));
      const isSpan = kind === 'monthClose' || kind === 'yearClose';
      if (isSpan || kind === 'periodClose') {
        need(isClosing(body) && body.headHash === record.previous, '结算签名不对 (not signed by the till)');
        closings.need(closings.next() === text, '与记录不同 (not the closing in the records)');
        closed.push({ span: label, firstPeriod: period, periods: 1, ...body, kind });
      }
      if (kind === 'sale' || kind === 'refund') {
        receipts += 1;
        const number = `${manifest.till}-${incarnation}-${`${receipts}`.padStart(6, '0')}`;
        need(body.counter === receipts && body.receipt === number, `小票号应为 ${number} (a gap in the receipts)`);
      } else if (kind === 'periodClose') {
        const place = [body.period, body.label, body.firstSeq, body.lastSeq];
        need(`${place}` === `${[period, label, first, seq]}`, '结算范围不对 (not of this period)');
        need(canonical(body.totals) === totalsOf(totals), '本期合计不对 (totals of the period)');
        need(canonical(body.perpetual) === totalsOf(perpetual), '累计不对 (perpetual totals)');
        [totals, perpetual] = [null, newFold(body.perpetual)];
      } else if (isSpan) {
        const below = kind === 'monthClose' ? 'periodClose' : 'monthClose';
        const parts = closed.filter((one) => one.kind === below && one.firstPeriod >= body.firstPeriod);
        const own = parts.filter((one) => one.span.startsWith(body.span));
        const whole = own.reduce((into, one) => (add(into, one.totals), into), newFold());
        // In a range the first parts may lie before it; then only the signature speaks for the sum.
        const isSum = sum(own, (one) => one.periods) === body.periods && canonical(body.totals) === totalsOf(whole);
        need(isSum || part.firstSeq > 1, '月或年合计不对 (not the sum of its periods)');
      } else if (kind === 'statementApplied') {
        const known = mine(statements).find((one) => one.number === body.number)?.hash;
        need(known === body.hash, '不是镇的那份对账单 (not that statement of the town)');
        applied = body.number;
      } else if (kind === 'allotmentIn' && body.source === 'statement')
        need(grants.get(body.grant.id) === canonical(body.grant), '镇没有拨过 (granted by no statement)');
      acknowledge();
    });
    need(seq === part.lastSeq && hash === part.head, '结尾与清单不符 (does not end as the manifest says)');
    for (const said of mine(claims)) need(said.seq <= seq, `缺镇签认过的 ${said.seq} (acknowledged, and not here)`);
    const unread = manifest.to === null ? mine(statements).filter((one) => one.number > (applied ?? 0)) : [];
    for (const { number } of unread) need(false, `没有记下对账单 ${number} (a statement that no record applies)`);
  }
  closings.need(closings.next() === null, '多出结算 (a closing that is not in the records)');
  found.counts = { records: ids.size, closings: closings.line, statements: statements.length };
  if (faults.length === 0) found.state = 'sound';
}

/** What was found, what follows from it, and what no export can prove. */
function report({ state, faults, notes, counts, parts, manifest, fingerprint }, townKey) {
  return `机 (till) ${manifest.till}，${manifest.from ?? '开始'} – ${manifest.to ?? '最后'}
${parts.map((part) => `第 ${part.incarnation} 代 ${part.firstSeq}–${part.lastSeq}，镇签认到 (acknowledged) ${part.acknowledged}，末条 (head) ${part.head}\n`).join('')}镇公钥指纹 (town key): ${fingerprint}${townKey === null ? '  请与另处得到的比对 (compare: --town-key)' : ''}
${faults.map(({ file, line, text }) => `✘ ${file}${line > 0 ? `:${line}` : ''} ${text}\n`).join('')}${notes.map((at) => `! ${at} 镇与机的累计不同 (totals of town and till differ)\n`).join('')}${{ sound: '✔ 完好', fault: '✘ 有错', unreadable: '✘ 读不了' }[state]} (${state}): ${JSON.stringify(counts)}
完好证明 (sound means): 到镇签认处为止记录没有少、换、改 (none missing, moved or changed)；小票号连续；分录平；合计相符。
不能证明 (it cannot prove):
- 镇最后签认之后的记录：拿着密钥和硬盘的人可以丢掉或重写；连对账单一起丢，签认处也会退后。请与镇上核对各代的签认处。
  (The tail after the last acknowledgement, by who holds key and disk. Ask the town for the last one it signed.)
- 一段日期只从它的第一条起证明，之前只有期前结算的累计 (a range is proved only from its first record)。
- 镇是否诚实；当场补拨没有镇的签名在内 (the town's honesty; top-ups carry no signature here)。
- 编号背后是谁、货和钱是否真的在、时钟是否准 (people behind the ids, goods and cash in hand, the clock)。
- CSV 只供阅读，由收银机算出并签名；以记录为准 (CSV views are signed by the till; the records decide)。`;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const place = (name) => join(process.argv[2] ?? '.', name);
  const named = (name) => process.argv[process.argv.indexOf(name, 3) + 1 || process.argv.length] ?? null;
  const read = (name) => (existsSync(place(name)) ? readFileSync(place(name)) : Buffer.alloc(0));
  const [incarnation, seq] = `${named('--record')}`.split('/');
  const lines = `${read(`records-${incarnation}.jsonl`)}`.split('\n');
  const record = lines.find((text) => JSON.parse(text || '{}').seq === Number(seq));
  const found = audit(read, named('--town-key'));
  console.log(record === undefined ? report(found, named('--town-key')) : JSON.stringify(JSON.parse(record), null, 2));
  process.exitCode = { sound: 0, fault: 1, unreadable: 2 }[found.state];
}
