import type { Movement, PointsSlip } from './points-slip.ts';
import { asOfWords, type Columns, marks, Paper, type ReceiptRow } from './receipt-layout.ts';
import { clockOf, DAY_MS, dateTimeOf, dayOf } from './time.ts';

/** The rows of a 积分查询单: the same paper as a receipt's, and saying twice that it is none. */
export function layoutPointsSlip(slip: PointsSlip, columns: Columns): ReceiptRow[] {
  const paper = new Paper(columns);
  marks(paper, slip);
  paper.title('积分查询单');
  paper.center(slip.shopName);
  paper.rule();
  paper.pair('查询时间', dateTimeOf(slip.atMs));
  paper.pair(`收银台 ${slip.tillName}`, `收银员 ${slip.cashier}`);
  paper.rule();
  balance(paper, slip);
  paper.rule();
  movements(paper, slip);
  paper.rule();
  for (const words of objectionWords(slip.objection)) paper.left(words);
  paper.rule();
  if (slip.hotline !== '') paper.center(`服务热线 ${slip.hotline}`);
  paper.center(NO_PAYMENT, { bold: true });
  marks(paper, slip);
  paper.feed(2);
  paper.cut();
  return paper.rows;
}

/** What it is not, on paper and on the screen. */
export const NO_PAYMENT = '不作付款凭证';

/** Whose list it is where the town does not answer. */
export const ONLY_THIS_TILL = '镇上连不上，只列本机记录';

function balance(paper: Paper, slip: PointsSlip): void {
  const { mask, stars, lastFour } = slip.member;
  paper.pair(`会员 ${mask} ${stars}星`, `卡尾号 ${lastFour}`);
  paper.pair('本店现在可用', `${slip.spendable} 分`, { bold: true });
  paper.pair(`镇上总数(截至 ${asOfWords(slip.townAsOfMs, slip.atMs)})`, `${slip.townPoints} 分`, { bold: true });
  if (slip.nextExpiry !== null) paper.pair(`最近到期 ${slip.nextExpiry.day}`, `${slip.nextExpiry.points} 分`);
}

function movements(paper: Paper, slip: PointsSlip): void {
  if (slip.source === 'till') paper.center(ONLY_THIS_TILL, { bold: true });
  paper.pair('最近变动', '新的在前');
  if (slip.movements.length === 0) paper.left('没有变动');
  for (const movement of slip.movements) {
    const { points, balance: left } = movement;
    const after = left === null ? '' : ` 余 ${left}`;
    paper.pair(`${whenWords(movement, slip.atMs)} ${movementWords[movement.kind]}`, signed(points) + after);
    const place = placeWords(movement, slip);
    if (place !== '' || movement.about !== '')
      paper.pair(`  ${place === '' ? movement.about : place}`, place === '' ? '' : movement.about);
    const borne = borneWords(movement);
    if (borne !== '') paper.pair(`  ${borne}`, '');
  }
  if (slip.source === 'town') paper.left(NOT_YET_SENT);
}

/** What the list cannot have in it. */
export const NOT_YET_SENT = '各店还没有上传的消费不在内。';

export const movementWords: Readonly<Record<Movement['kind'], string>> = {
  earned: '加分',
  spent: '消费',
  returned: '退回',
  expired: '到期',
  carried: '此前结余',
};

/** With its sign, because it is a change and not a balance. */
export function signed(points: number): string {
  return points > 0 ? `+${points}` : String(points);
}

/** The minute within this year, the day of any other; what expired goes by its last day. */
export function whenWords({ kind, atMs }: Pick<Movement, 'kind' | 'atMs'>, nowMs: number): string {
  const day = dayOf(kind === 'expired' ? atMs - DAY_MS : atMs);
  if (day.slice(0, 4) !== dayOf(nowMs).slice(0, 4)) return day;
  return kind === 'expired' ? day.slice(5) : `${day.slice(5)} ${clockOf(atMs)}`;
}

export function placeWords(movement: Movement, slip: Pick<PointsSlip, 'shopName'>): string {
  return movement.place === slip.shopName ? '本店' : movement.place;
}

/** What a movement says beside the points of it that are the holder's. */
export function borneWords({ kind, borne }: Movement): string {
  if (borne === 0) return '';
  return kind === 'spent' ? `另有 ${borne} 分由镇上承担，不扣` : `另有 ${borne} 分原由镇上承担，不加`;
}

/** How to object (R-V5): points at the village and the town, what was bought where it was bought. */
export function objectionWords({ days, villageDays, townDays }: PointsSlip['objection']): readonly string[] {
  return [
    `对积分有异议：公示后 ${days} 天内，到本村村委会或镇信用办提出。` +
      `村里 ${villageDays} 个工作日内答复；不服的再提，镇上换人办理，${townDays} 个工作日内答复，结果公示。`,
    '消费对不上：带小票到原店查。',
  ];
}
