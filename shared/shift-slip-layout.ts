import { formatFen } from './money.ts';
import { type Columns, marks, Paper, type ReceiptRow } from './receipt-layout.ts';
import type { ShiftSlip } from './shift-slip.ts';
import { clockOf, dayOf } from './time.ts';

/** The rows of a hand-over slip, or of the report of a shift that is still open: the same paper as a receipt's. */
export function layoutShiftSlip(slip: ShiftSlip, columns: Columns): ReceiptRow[] {
  const paper = new Paper(columns);
  head(paper, slip);
  trade(paper, slip);
  cash(paper, slip);
  decisions(paper, slip);
  if (slip.closing !== null) signatures(paper);
  marks(paper, slip);
  paper.feed(2);
  paper.cut();
  return paper.rows;
}

function head(paper: Paper, slip: ShiftSlip): void {
  marks(paper, slip);
  paper.title(slip.closing === null ? '本班小计' : '交班单');
  paper.center(slip.shopName);
  paper.rule();
  paper.pair(`收银台 ${slip.tillName}`, `第 ${slip.shiftNumber} 班`);
  paper.pair(`开班 ${slip.openedBy}`, minuteOf(slip.fromMs));
  paper.pair(slip.closing === null ? '算到' : `交班 ${slip.closing.by}`, minuteOf(slip.toMs));
  paper.rule();
}

/** To the minute: seconds say nothing of a shift. */
function minuteOf(atMs: number): string {
  return `${dayOf(atMs)} ${clockOf(atMs)}`;
}

function trade(paper: Paper, slip: ShiftSlip): void {
  paper.pair('销售', `${slip.sales} 单`);
  paper.pair('退货', `${slip.refunds} 单`);
  if (slip.exchanges !== 0) paper.pair('换货', `${slip.exchanges} 单`);
  paper.pair('销售额', `￥${formatFen(slip.totalFen)}`, { bold: true });
  // One person's shift says it all above.
  if (slip.people.length > 1) {
    for (const { operator, sales, refunds, totalFen } of slip.people) {
      const counts = refunds === 0 ? `${sales} 单` : `${sales} 单 退 ${refunds} 单`;
      paper.pair(`  ${operator} ${counts}`, formatFen(totalFen));
    }
  }
  for (const { channel, inFen, backFen } of slip.mobile) {
    paper.pair(`手机 ${channel}`, formatFen(inFen));
    if (backFen !== 0) paper.pair('  退回', formatFen(backFen));
  }
  paper.pair('用积分', `${slip.points.used} 分`);
  if (slip.points.back !== 0) paper.pair('退积分', `${slip.points.back} 分`);
  if (slip.truncationFen !== 0) paper.pair('抹零', formatFen(slip.truncationFen));
  paper.rule();
}

function cash(paper: Paper, slip: ShiftSlip): void {
  paper.left('现金');
  paper.pair('备用金', formatFen(slip.floatFen));
  paper.pair('销售收', formatFen(slip.cash.salesFen));
  paper.pair('退货付', formatFen(slip.cash.refundsFen));
  paper.pair('放进', formatFen(slip.cash.inFen));
  paper.pair('取出', formatFen(slip.cash.outFen));
  if (slip.cash.otherFen !== 0) paper.pair('其他', formatFen(slip.cash.otherFen));
  if (slip.closing !== null) counted(paper, slip.closing);
  paper.rule();
}

function counted(paper: Paper, closing: NonNullable<ShiftSlip['closing']>): void {
  paper.pair('账上应有', `￥${formatFen(closing.expectedFen)}`, { bold: true });
  for (const { valueFen, count } of closing.notes) {
    if (count > 0) paper.pair(`  ${denominationWords(valueFen)} x ${count}`, formatFen(valueFen * count));
  }
  paper.pair('点出', `￥${formatFen(closing.countedFen)}`, { bold: true });
  paper.pair(differenceWords(closing.differenceFen), `￥${formatFen(Math.abs(closing.differenceFen))}`, { bold: true });
  if (closing.isCorrected) paper.left('点钞数更正过，原数在账上。');
}

function decisions(paper: Paper, slip: ShiftSlip): void {
  paper.pair('整单作废', slip.voids.count === 0 ? '0' : `${slip.voids.count} 单 ${formatFen(slip.voids.totalFen)}`);
  paper.pair('改价', `${slip.priceCuts} 次`);
  if (slip.tenderChanges !== 0) paper.pair('改付款方式', `${slip.tenderChanges} 次`);
  paper.pair('开钱箱', `${slip.drawerOpenings} 次`);
  if (slip.otherOverrides !== 0) paper.pair('其他授权', `${slip.otherOverrides} 次`);
  paper.pair('挂单未结', `${slip.held} 笔`);
  paper.pair('未上传', `${slip.unsent} 条`);
  paper.rule();
  paper.center(`序号 ${slip.seq}  校验 ${slip.shortHash}`);
}

function signatures(paper: Paper): void {
  for (const who of ['交班人', '接班人']) {
    paper.feed(1);
    paper.left(`${who}签字 ________________`);
  }
}

/** `100 元`, `5 角`: what is printed on the note. */
export function denominationWords(valueFen: number): string {
  return valueFen >= 100 ? `${valueFen / 100} 元` : `${valueFen / 10} 角`;
}

/** A difference in a word; its amount stands beside it without a sign. */
export function differenceWords(differenceFen: number): string {
  if (differenceFen === 0) return '相符';
  return differenceFen > 0 ? '多出' : '短少';
}
