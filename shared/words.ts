import type { CounterFunction } from './counter.ts';
import { formatFen } from './money.ts';
import { clockOf, dayOf } from './time.ts';
import type { RefusalReason } from './till-contract.ts';
import type { ExchangeRefusal } from './exchange-reasons.ts';

/**
 * What the product says, in Chinese. The core sends codes and numbers only; every page takes its sentences from here, so
 * that a reason reads the same at the till, in the back office and in a report. Each sentence says what happened and,
 * where a person has to act, what to do next.
 *
 * `{name}` is filled from the values. A part in square brackets is left out when one of its values is missing, and one
 * that begins with `?` also when a value is 0. A value
 * whose name ends in `Fen` is shown as yuan, in `AtMs` or `Ms` as a time of day, in `Minutes` and the like as it is.
 */
export type WordValues = Readonly<Record<string, string | number>>;

/** What a notice may say beside the reasons of refusals; the values each sentence knows stand in its braces. */
export const noticeKeys = [
  'itemAdded',
  'addedWhilePaying',
  'codeTooLong',
  'quantityChanged',
  'quantityFirst',
  'lineDeleted',
  'lineReturned',
  'saleVoided',
  'saleHeld',
  'saleRecalled',
  'saleRestored',
  'salePaid',
  'priceChanged',
  'weighNow',
  'chooseItem',
  'adultsOnly',
  'itemExpired',
  'itemExpiresSoon',
  'caseScanned',
  'memberShown',
  'cardUnreadable',
  'cardReported',
  'cardLostConfirmed',
  'cardReplacedConfirmed',
  'cardReportWaits',
  'cardReportRefused',
  'pinRight',
  'bearerSet',
  'bearerIsHolder',
  'bearerIsStranger',
  'memberLookedUp',
  'memberRemoved',
  'memberStillShopping',
  'personConfirmed',
  'pointsNotNow',
  'pointsCapped',
  'pointsToppedUp',
  'pointsWaiting',
  'starsStale',
  'blockListOld',
  'snapshotOld',
  'mobileTaken',
  'payWithCounterCode',
  'refundDone',
  'exchangeDone',
  'tenderChanged',
  'signedIn',
  'signedOut',
  'screenLocked',
  'scanKept',
  'keptScansAdded',
  'shiftOpened',
  'shiftClosed',
  'cashMoved',
  'moveUndone',
  'countCorrected',
  'goodsReceived',
  'shelfPriceChanged',
  'itemSaved',
  'counted',
  'wasteRecorded',
  'operatorSaved',
  'imported',
  'printed',
  'printing',
  'printFailed',
  'drawerOpened',
  'drawerFailed',
  'townBack',
  'townLost',
  'townWrongKey',
  'enrolled',
  'enrolCodeWrong',
  'enrolFailed',
  'nightStarted',
  'nightDone',
  'nightBreaks',
  'nightPending',
  'catalogueUpdated',
  'policyUpdated',
  'recordQuarantined',
  'clockOff',
  'clockSuspect',
  'clockTrusted',
  'diskLow',
  'weightOn',
  'networkCut',
  'networkRestored',
  'slipsPrinted',
  'slipsDropped',
  'scaleZeroed',
  'scaleTared',
  'tagsPrinted',
  'tagFailed',
  'tagsSettled',
  'drawerLeftOpen',
  'signInToScan',
  'practiceEnded',
  'drawerStaysShut',
] as const;
export type NoticeKey = (typeof noticeKeys)[number];

export type WordKey = RefusalReason | NoticeKey;

const refusals: Readonly<Record<RefusalReason, string>> = {
  notSignedIn: '还没有登录，请先输入密码或刷员工卡。',
  wrongPin: '密码不对，请再输一次[（还可试 {left} 次）]。',
  pinWait: '密码错得太多[，请 {seconds} 秒后再试]。',
  staffCardUnknown: '这不是在用的员工卡。请换一张，或输入密码。',
  staffCardTaken: '这张卡不能当员工卡：它已经是别人的员工卡、会员卡或商品条码。请换一张。',
  staffCardHere: '这是员工卡，不是商品。换人收银请先退出登录（单子都留着），再刷卡。',
  locked: '屏幕锁着，没有做。请先输入密码或刷员工卡解锁。',
  managerOnly: '这件事要店长来做，请店长登录或输入店长密码。',
  noShift: '还没有开班，请先点好备用金开班。',
  shiftOpenAlready: '已经开班了，不用再开。',
  saleOpen: '这一单还没结，请先付款、挂单或整单作废。',
  saleEmpty: '还没有商品，先扫一件。',
  noSale: '现在没有可操作的单。',
  unknownCode: '没有这个编码[ {code}]，没有加入。可改按拼音或品名查找，或请店长建档。',
  brokenGs1: '条码里的内容[（标识符 {ai}）]看不懂，没有加入。请重扫；还不行，请输入商品编码并称重。',
  wrongCheckDigit: '条码[ {code}]校验位不对，没有加入。请重扫，或核对后再输入。',
  notPriced: '[“{name}”]还没有定价，不能卖。请店长先定价。',
  paymentCode: '这是顾客的付款码，不是商品。点“付款”后再收手机款。',
  noMatch: '没有找到[“{text}”]，请换拼音首字母或品名再试。',
  needsWeight: '[“{name}”]要称重，请放上秤或输入重量。',
  noLine: '没有选中的商品行。',
  wholeOnly: '秤签商品只能整件退，不能拆开。',
  notWeighed: '称重商品不能按件改数量，请重新称。',
  priceAboveShelf: '改价只能往低改，不能高于标价[ {shelfFen} 元]。',
  needsManager: '要店长同意，请店长输入密码或刷员工卡。',
  cardUnknown: '这张卡不认识，按标价继续卖。可能是新卡，等联网更新后再试。',
  cardLost: '这张卡[（尾号 {lastFour}）]已挂失，不能用，按标价继续卖。请顾客到村里办理。',
  cardBlocked: '这张卡[（尾号 {lastFour}）]已停用，按标价继续卖。请顾客问村里或镇信用办。',
  cardReplaced: '这张卡[（尾号 {lastFour}）]已换新卡，请用新卡。按标价继续卖。',
  cardNotActive: '这张卡[（尾号 {lastFour}）]还没有启用，按标价继续卖。刚换的新卡要镇上确认后才可用。',
  blankTaken: '这张卡已经有人在用，没有换。请另拿一张空白卡。',
  blankUnknown: '这不是卡号，没有换。请扫空白卡，或输卡面号码。',
  cardExpired: '这张卡[（尾号 {lastFour}）]已过期，按标价继续卖。请顾客到村里换卡。',
  memberNotActive: '这位顾客的信用资格现在不可用，按标价继续卖。请顾客问村里。',
  ownCard: '这是当班收银员本人的卡，自己当班时不能用，按标价继续卖。要用请同事收这一单。',
  cardUsedJustNow: '这张卡[ {seconds} 秒内]刚用过，再用要店长同意[：按 {key} 请店长]。不用就按标价继续卖。',
  cardWanted: '余额和变动只给持卡人看，请顾客刷卡。',
  holderOnly: '代购人只看可用的积分，变动请持卡人本人来查。',
  slipGone: '查询单已经收起，请顾客再刷一次卡。',
  notBearer: '这位不是持卡人在镇上登记的代购人，只打折，不能用积分。',
  foreignCard: '这不是本镇的卡，按标价继续卖。',
  notPaying: '还没有进入付款，请先按“付款”。',
  tooManyPoints: '积分不够或超过上限[，这一单最多可用 {pointsMax} 分]。',
  mobileAboveDue: '手机支付不能多于应付[，最多 {dueFen} 元]，手机支付不找零。',
  shortOfCash: '现金还差[ {missingFen} 元]，收够再点收款。',
  unknownSale: '找不到这一单，可能已取回或已结清。',
  idConflict: '这个操作已经做过，内容不一样，没有再做。请核对今日单。',
  unknownReceipt: '找不到这张小票[ {receipt}]，请核对小票号。',
  moreThanBought: '退的或换的比买的多，请核对数量。',
  moreThanPaid: '比这一单付的钱还多，请核对金额。',
  sameTenders: '付款方式没有变，不用改。',
  notThisShift: '只能改本班、本机收的单。这一单不是，请店长对账时说明。',
  refundedAlready: '这一单已经退过货，付款方式不能再改。',
  refundTooLate: '已过退货期限，不能退[（{days} 天内可退）]。',
  notThisTill: '这张小票是本机重新注册前开的，没有退。请店长先重新注册，再退。',
  townNeeded: '这张小票不是本机开的，要镇上同意才能退；镇上现在没有答复，没有退。请到原收银机退，或等联网后再试。',
  claimHeld: '另一台收银机正在退这张小票，还没有退完，没有退。请等那边传到镇上；一直这样，请镇信用办放开。',
  correctedAlready: '这一笔已经更正过，没有再做。',
  notLastShift: '只能改刚交的那一班，而且还没有开新班。已经开班的，差额会在这一班交班时出来。',
  nothingHeld: '没有挂单。',
  unknownItem: '没有这个商品。',
  expiredBatch: '[“{name}”]已过保质期，不能卖。请下架并报损。',
  badInput: '输入不对，请核对后再试。',
  diskFull: '磁盘满了，这一步没有做成。已完成的单都在，请腾出空间。',
  journalDamaged: '账本校验不过，为保账目不再记账。请联系维护人员。',
  nightRunning: '正在日结，请稍等片刻再试。',
  notDemo: '这是模拟功能，正式门店不能用。',
  duplicateCode: '这个编码[ {code}]已有商品在用，请换一个。',
  noPrinter: '没有打印机。单子已记账，可在屏幕上看小票，接好后重打。',
  noScale: '没有接秤，或这台秤不能由收银机清零、去皮，请按秤上的键。',
  noLabelPrinter: '没有标签打印机，请到店后台“设备”里设置。',
  nothingWaiting: '没有等着打印的小票。',
  enrolFirst: '这台收银机还没有注册，先注册，再练习。',
  practising: '正在练习，这一步没有做：练习不联网，也不动真账。请先结束练习。',
  notPractising: '现在不是练习。',
  practiceFailed: '练习没有打开，可能是磁盘满了。收银照常，单子没有动。',
};

const notices: Readonly<Record<NoticeKey, string>> = {
  itemAdded: '已加[ {name}]',
  addedWhilePaying: '付款时又扫了一件：已加[ {name}]，请重新付款',
  codeTooLong: '扫到的内容太长，不是商品也不是卡，没有加入',
  quantityChanged: '数量已改[：{name} × {count}]',
  quantityFirst: '下一件数量[ {count}]，请扫码',
  lineDeleted: '已删[ {name}]',
  lineReturned: '已放回[ {name}]',
  saleVoided: '整单已作废，库存和积分都没有动',
  saleHeld: '已挂单[，按 {key} 取回]',
  saleRecalled: '挂单已取回[，共 {lines} 种]',
  saleRestored: '上次没结完的单已恢复[，共 {lines} 种]，请核对后继续',
  salePaid: '已收款[，小票 {receipt}]',
  priceChanged: '已改价[：{name} {priceFen} 元]',
  weighNow: '请称重[：{name}]',
  chooseItem: '找到[ {count} 种]，按数字选一种',
  adultsOnly: '不卖未成年人：有烟酒，请确认顾客已满 18 岁',
  itemExpired: '[“{name}”]已过保质期[（{day}）]，请下架',
  itemExpiresSoon: '[“{name}”]快到保质期[（{day}）]',
  caseScanned: '扫的是整箱码[：{name}][，按 {count} 件]，请核对数量',
  memberShown: '会员[ {mask}][ · {stars} 星]',
  pinRight: '密码对了[：{mask}]，这一单积分不受免密额度限制',
  bearerSet: '代购人[ {mask}]，写在小票上；免密额度以内可用积分',
  bearerIsHolder: '本人购买',
  bearerIsStranger: '不是登记的代购人：只打折，不能用积分',
  cardUnreadable: '会员[ {mask}]，按刷卡算；已报镇上：这张卡刷不出，要换',
  cardReported: '已记下[ {mask}]，旧卡在本机马上停用，正在报镇上',
  cardLostConfirmed: '镇上已确认：[{mask} ]的卡已挂失',
  cardReplacedConfirmed: '镇上已确认：[{mask} ]的新卡[（尾号 {lastFour}）]可以用了',
  cardReportWaits: '镇上现在没有答复。旧卡在本机已停用，联网后自动报镇上；新卡镇上确认后可用',
  cardReportRefused: '镇上没有接受[ {mask}]的挂失或换卡，请打镇信用办电话，或换一张空白卡再办',
  memberLookedUp: '会员[ {mask}][ · {stars} 星]，没有带卡：只打折，不能用积分',
  memberRemoved: '已取下会员，按标价计算',
  memberStillShopping: '这一单已有会员，换成[ {mask}]',
  personConfirmed: '已核对本人',
  pointsNotNow: '现在不能用积分，折扣照打，可付现金或手机支付',
  pointsCapped: '积分按上限用[ {points} 分]',
  pointsToppedUp: '镇上已补到本店[，现在可用 {points} 分]',
  pointsWaiting: '正在向镇上要积分，稍等；也可先付现金或手机支付',
  starsStale: '星级太久没有更新，按标价计算，联网后自动恢复',
  blockListOld: '挂失名单[已 {hours} 小时]没有更新，请核对持卡人本人',
  snapshotOld: '积分余额是[ {asOfMs} ]的旧数，以本店可用为准',
  mobileTaken: '已记手机支付[ {amountFen} 元]，请确认已到账',
  payWithCounterCode: '收银机不能直接扣款：请顾客扫柜台码，核对到账后按 W（微信）或 Z（支付宝）录入',
  exchangeDone: '已换货[，共 {lines} 种]，不收不退钱',
  tenderChanged: '付款方式已改[：现金 {cashFen} 元][，手机 {mobileFen} 元]，两种都留在账上',
  refundDone: '已退货[?，退现金 {cashFen} 元][?，退手机款 {mobileFen} 元][?，退积分 {points} 分]',
  signedIn: '[{mask} ]已登录',
  signedOut: '已退出登录',
  screenLocked: '屏幕已锁，单子都留着',
  scanKept: '屏幕锁着：扫的第 {count} 件先留着，解锁后自动加入',
  keptScansAdded: '锁屏时扫的已加入 {added} 件[?，有 {refused} 件没有加入，请重扫]，请核对',
  shiftOpened: '已开班[，备用金 {floatFen} 元]',
  shiftClosed: '已交班',
  cashMoved: '现金已记[：{amountFen} 元]',
  moveUndone: '已更正：那一笔现金存取撤销了，两笔都留着',
  countCorrected: '已更正：点钞数改成[ {countedFen} 元]，原来的数也留着',
  goodsReceived: '进货已入库[，共 {lines} 种]',
  shelfPriceChanged: '标价已改[：{name} {priceFen} 元]，请换价签',
  itemSaved: '商品已保存[：{name}]',
  counted: '盘点已记[，共 {lines} 种]',
  wasteRecorded: '报损已记[，共 {lines} 种]',
  operatorSaved: '人员已保存[：{name}]',
  imported: '导入完成[，新增 {imported} 种][，更新 {updated} 种]',
  printed: '小票已打印',
  printing: '正在打印小票',
  printFailed: '单子已记账，小票没打出来，先留着。看看打印机，好了按“补打”。',
  drawerOpened: '钱箱已打开，已记录',
  drawerFailed: '钱箱没有弹开，请用钥匙；单子不受影响',
  townBack: '镇上已连上，正在补传',
  townLost: '镇上连不上，照常收银，联网后自动补传',
  townWrongKey: '对方不是本镇的服务器，已断开，不交换任何数据。请联系镇信用办。',
  enrolled: '已加入[ {townName}]，可以登录了',
  enrolCodeWrong: '注册码不对或已用过，请向镇信用办要新的注册码',
  enrolFailed: '没有注册成功：镇上连不上。检查网络后再试，注册码仍然有效',
  nightStarted: '正在日结，可以照常收银',
  nightDone: '日结完成，账目两边一致',
  nightBreaks: '日结完成，有[ {count} 处]不一致，请店长看日结页',
  nightPending: '今天已结好，等联网后与镇上核对',
  catalogueUpdated: '商品资料已更新',
  policyUpdated: '优惠政策已更新',
  recordQuarantined: '有[ {count} 条]记录镇上没有收下，已单独留存，不影响收银。请店长看日结页。',
  clockOff: '电脑时间差了[ {minutes} 分钟]，请校准',
  clockSuspect: '电脑时间不可信，暂时不能用积分，其他照常。联网后自动校准',
  clockTrusted: '时间已与镇上校准',
  diskLow: '磁盘快满了[，还剩 {megabytes} MB]，请尽快清理',
  weightOn: '秤上[ {weightGrams} 克]',
  networkCut: '模拟：网络已断开',
  networkRestored: '模拟：网络已恢复',
  slipsPrinted: '已补打[ {count} 张]小票',
  slipsDropped: '没打的小票不补了，要用时在今日单里重打',
  scaleZeroed: '秤已清零',
  scaleTared: '秤已去皮',
  tagsPrinted: '已打[ {count} 张]价签',
  tagFailed: '价签没打出来[，只打了 {count} 张]，请看看标签打印机',
  tagsSettled: '价签都算打过了',
  drawerLeftOpen: '钱箱还开着，请关好',
  practiceEnded: '练习结束，这里是真的收银台，请解锁后接着收',
  drawerStaysShut: '练习时钱箱不弹开，真的收银会弹开',
  signInToScan: '扫码没有用上：请先登录并开班，再扫一次',
};

const sentences: ReadonlyMap<string, string> = new Map(Object.entries({ ...notices, ...refusals }));

/**
 * The sentence for a reason or a notice, its values filled in. An unknown key is shown as it is rather than hidden:
 * a core newer than the page must still be heard.
 */
export function wordsOf(key: string, values: WordValues = {}): string {
  const sentence = sentences.get(key);
  return sentence === undefined ? key : fill(sentence, values);
}

/** Whether a key is one of the words; a test of the core can hold its notices against this. */
export function isWordKey(key: string): key is WordKey {
  return sentences.has(key);
}

export const wordKeys: readonly WordKey[] = [...(Object.keys(refusals) as RefusalReason[]), ...noticeKeys];

function fill(sentence: string, values: WordValues): string {
  const bracketed = sentence.replaceAll(/\[(\??)([^\]]*)\]/g, (_, unlessZero: string, part: string) =>
    [...part.matchAll(/\{(\w+)\}/g)].every((match) => {
      const value = values[match[1] ?? ''];
      return value !== undefined && (unlessZero === '' || value !== 0);
    })
      ? part
      : '',
  );
  return bracketed
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => shown(name, values[name] ?? ''))
    .replaceAll(/ {2,}/g, ' ')
    .trim();
}

function shown(name: string, value: string | number): string {
  if (typeof value === 'string') return value;
  if (name.endsWith('Fen')) return formatFen(value);
  if (name.endsWith('Ms')) return `${dayOf(value).slice(5)} ${clockOf(value)}`;
  return String(value);
}

/** A page that stands in the way of selling says three things: what happened, what is safe, what to do. */
export type StoppedWords = Readonly<{ title: string; happened: string; safe: string; todo: readonly string[] }>;

export const stoppedWords: Readonly<
  Record<
    'journalDamaged' | 'diskFull' | 'ioError' | 'newerDatabase' | 'held' | 'notAFolder' | 'practiceLedger',
    StoppedWords
  >
> = {
  journalDamaged: {
    title: '账本校验不过，已停止收银',
    happened: '启动时逐条核对账本，有一条记录和它后面的对不上。可能是磁盘坏了，也可能有人改过文件。',
    safe: '已经传到镇上的记录完好，顾客的积分以镇上为准。本机文件原样保留，没有改动一个字节。',
    todo: [
      '不要删除或复制数据文件夹。',
      '拍下这一页，打电话给维护人员，请他从最近一次备份恢复。',
      '这段时间请手写记账，恢复后补录。',
    ],
  },
  diskFull: {
    title: '磁盘满了，暂时不能记账',
    happened: '电脑磁盘没有空间，新的一笔写不进去。写不进去就不算收款，所以先停下来。',
    safe: '屏幕上显示过“已收款”的单全部在磁盘上。没结完的这一单也还在。',
    todo: ['清空回收站，删掉不用的视频和安装包。', '腾出至少 1 GB 后，按“再试一次”。', '这段时间不要收这一单的钱。'],
  },
  ioError: {
    title: '磁盘读写出错，已停止收银',
    happened: '写账本时磁盘报错。可能是硬盘或接线有问题。',
    safe: '屏幕上显示过“已收款”的单已经写好。出错的这一步没有记账。',
    todo: ['按“再试一次”。', '还不行就关机，检查硬盘接线后再开。', '反复出现请打电话给维护人员换硬盘，先做备份。'],
  },
  newerDatabase: {
    title: '账本是更新版本的程序写的',
    happened: '这台机器上的程序比账本旧，可能是装回了旧版本。旧程序看不懂新账本，所以不打开。',
    safe: '账本没有改动，全部记录都在。',
    todo: ['安装最新版本的程序，再打开。', '不要为了能打开而删除账本。'],
  },
  held: {
    title: '收银台已经在另一个窗口打开',
    happened: '同一个数据文件夹正被另一个程序使用。两个一起写会弄乱账，所以这一个不打开。',
    safe: '另一个窗口照常可用，账目没有影响。',
    todo: ['切换到已经打开的收银台。', '找不到就重启电脑，再打开一次。'],
  },
  notAFolder: {
    title: '数据文件夹打不开',
    happened: '设定的数据位置不是文件夹，或者没有读写权限，也可能移动硬盘没有插好。',
    safe: '没有建新账本，也没有改动任何文件。',
    todo: ['检查移动硬盘或网络盘是否连好。', '核对启动时指定的数据文件夹。', '改好后按“再试一次”。'],
  },
  practiceLedger: {
    title: '这是练习账本，不能用来收银',
    happened: '这个文件夹里的账本是练习时用的，里面的买卖都不算数，也不能传到镇上。',
    safe: '真账本在收银台自己的文件夹里，没有动过。',
    todo: ['核对启动时指定的数据文件夹，打开收银台自己的那一个。', '找不到真账本，请打电话给维护人员。'],
  },
};

/** Why points cannot be spent at all just now; the sale goes on. */
export const pointsRefusedWords: Readonly<
  Record<'termEnded' | 'clockSuspect' | 'noTerm' | 'notPresented' | 'waitingForTown' | 'blockListOld', string>
> = {
  termEnded: '太久没连上镇上，暂不能用积分；联网后自动恢复',
  clockSuspect: '电脑时间不可信，暂不能用积分；联网后自动校准',
  noTerm: '镇上还没有给本机积分额度，暂不能用积分',
  notPresented: '没有刷卡或不是本人，只打折，不能用积分',
  waitingForTown: '正在等镇上答复，暂不能用积分',
  blockListOld: '挂失名单太旧，暂不能用积分',
};

/** What the functions of a till's keys are called. */
export const functionWords: Readonly<Record<CounterFunction, string>> = {
  pay: '付款',
  quantity: '数量',
  price: '改价',
  deleteLine: '删行',
  voidSale: '整单作废',
  removeMember: '取下会员',
  help: '帮助',
  member: '会员卡号',
  bag: '购物袋',
  more: '更多',
  status: '设备和网络',
  receipts: '今日单',
  hold: '挂单、取单',
  priceCheck: '查价',
  points: '查积分',
  drawer: '开钱箱',
  refund: '退货',
  exchange: '换货',
  picker: '选商品：散装、常用',
};

/** Which limit holds the points of a sale down. */
export const pointsLimitWords: Readonly<
  Record<'none' | 'spendable' | 'pin' | 'perSale' | 'perDay' | 'perMonth' | 'share' | 'goods' | 'noMember', string>
> = {
  none: '',
  spendable: '受本店现在可用的积分限制',
  pin: '超过每日免密额度，请顾客输密码，或核对本人',
  perSale: '受每单上限限制',
  perDay: '受今日上限限制',
  perMonth: '受本月上限限制',
  share: '积分只能付一部分，其余付现金或手机支付',
  goods: '有的商品不收积分',
  noMember: '没有刷卡',
};

export const priceReasonWords: Readonly<Record<'shelf' | 'clearance' | 'promotion' | 'star' | 'manual', string>> = {
  shelf: '标价',
  clearance: '临期特价',
  promotion: '促销',
  star: '星级折扣',
  manual: '改价',
};

/** `9000` basis points as a shop says it: '9折'; 8500 is '8.5折'. Empty at full price. */
export function rateWords(rateBp: number): string {
  if (rateBp >= 10_000 || rateBp <= 0) return '';
  const tenths = String(rateBp).padStart(4, '0');
  return `${tenths.slice(0, -3)}.${tenths.slice(-3)}`.replace(/\.?0+$/, '').concat('折');
}

export const nightWords: Readonly<Record<'none' | 'running' | 'matched' | 'breaks' | 'pending', string>> = {
  none: '未日结',
  running: '正在日结',
  matched: '账目一致',
  breaks: '账有出入',
  pending: '日结待传',
};

/** What keeps the machine on at the end of the day, and what to do about it. */
export const eveningWords: Readonly<
  Record<'night' | 'breaks' | 'town' | 'backup' | 'quarantined' | 'paper' | 'powerOff', string>
> = {
  night: '日结没有跑完。账都在；明天开机会自动再做，请店长看日结页。',
  breaks: '与镇上有不一致，请店长到后台“夜间对账”看，每一处写着谁来处理。',
  town: '镇上没有收下今天的记录，原因在后台“夜间对账”。请店长看，或打镇信用办电话。',
  backup: '备份没有放到该放的地方。请看备份盘插好没有，明天告诉店长。',
  quarantined: '有记录镇上没有收下，已单独留存。请店长看日结页。',
  paper: '交班单没有打出来。看看打印机，明天可在“本班小计”里重打。',
  powerOff: '电脑没有关成，请自己关机。账都结好了。',
};

export const nightStepWords: Readonly<
  Record<'close' | 'hello' | 'upload' | 'settle' | 'apply' | 'replicas' | 'backup', string>
> = {
  close: '关账',
  hello: '联系镇上',
  upload: '上传记录',
  settle: '镇上结算',
  apply: '核对对账单',
  replicas: '更新会员、商品和政策',
  backup: '备份',
};

/** What a break is and what to do about it; the owner stands beside it. */
export const breakWords: Readonly<
  Record<
    | 'totalsDiffer'
    | 'quarantined'
    | 'fork'
    | 'missing'
    | 'shortfall'
    | 'refundedTwice'
    | 'refundUnclaimed'
    | 'capExceeded'
    | 'townBehind'
    | 'closingWrong',
    Readonly<{ what: string; todo: string }>
  >
> = {
  totalsDiffer: { what: '两边合计不一样', todo: '按账户核对，请镇上重算这台机器' },
  quarantined: { what: '有记录镇上没有收下，已单独留存', todo: '请维护人员查看这条记录' },
  fork: { what: '同一序号出现两条不同记录，数据文件夹可能被复制过', todo: '停用复制出来的那台，联系镇信用办' },
  missing: { what: '中间缺少记录', todo: '下次联网自动补传；仍缺请从备份恢复' },
  shortfall: { what: '花掉的积分比镇上给的多', todo: '由镇信用办处理，不影响顾客' },
  refundedTwice: { what: '同一件商品退了或换了两次', todo: '店长核对几张退货、换货小票' },
  refundUnclaimed: { what: '退了别的收银机的小票，没有先问镇上', todo: '店长核对这张退货小票和原小票，有没有退过两次' },
  capExceeded: { what: '积分超过了上限', todo: '镇信用办核对政策版本' },
  townBehind: { what: '镇上的数据比本机旧，可能从备份恢复过', todo: '本机会自动重传，请再日结一次' },
  closingWrong: { what: '关账合计与明细不符', todo: '店长重建汇总后再日结' },
};

export const ownerWords: Readonly<Record<'till' | 'town' | 'manager' | 'clerk', string>> = {
  till: '本机',
  town: '镇服务器',
  manager: '店长',
  clerk: '镇信用办',
};

/** Why a file of an exchange was not taken, and what to do. Nothing of it was applied. */
export const exchangeWords: Readonly<Record<ExchangeRefusal, string>> = {
  notAnExchangeFile: '这不是对账文件，请选收银机或镇平台写出的那一个',
  tooLarge: '文件太大，不是对账文件',
  truncated: '文件不完整，可能没拷完就拔了盘，请重新拷一次',
  altered: '文件内容被改动过或已损坏，请重新拷一次；还不行就重新写出',
  wrongKey: '签名不是本镇（或这台机器）的，不能用',
  malformed: '文件读不懂，两边的程序版本可能差太多',
  wrongWay: '方向反了：这是另一边要读的文件',
  otherTown: '这是别的镇的文件',
  otherTill: '这是别的收银机的文件',
  otherIncarnation: '这是这台机器恢复或搬家之前的文件，请重新写出一份',
  notAsked: '这台机器没有写出过与它对应的文件，请重新写出一份',
  older: '比已经读过的文件旧，不用再读',
};
