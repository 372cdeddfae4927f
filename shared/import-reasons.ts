/** Why a row of a list did not come in. Each is said in Chinese with what to do about it, on the page and by `till import`. */
export const importReasons = [
  'noCode',
  'badCode',
  'digitsLost',
  'wrongCheckDigit',
  'labelCollision',
  'noName',
  'badPrice',
  'duplicateRow',
  'duplicatePlu',
  'unitChanged',
] as const;
export type ImportReason = (typeof importReasons)[number];

const SENTENCES: Readonly<Record<ImportReason, string>> = {
  noCode: '没有条码或编码',
  badCode: '编码不对：要 5 到 20 位字母或数字',
  digitsLost: '条码被表格软件写成了科学计数，后面几位已丢失；请把这一列设成文本，重新填写',
  wrongCheckDigit: '条码校验位不对，扫码枪扫不出这个码；请对着商品核对',
  labelCollision: '条码与秤签的格式和编号相撞，扫它会认成称重商品；请另编一个店内码',
  noName: '没有品名',
  badPrice: '售价不对：要 0 到 1000000 元，最多两位小数',
  duplicateRow: '同一个条码前面已有一行，内容不一样；请只留一行',
  duplicatePlu: '称重编号已有别的商品在用',
  unitChanged: '商品已有进出记录，不能在按件和称重之间改',
};

/** The sentence of a reason; a word that is none is shown as it is, so that nothing is lost on the way. */
export function importReasonText(reason: string): string {
  return Object.entries(SENTENCES).find(([known]) => known === reason)?.[1] ?? reason;
}
