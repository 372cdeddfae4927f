import type { TownRefusal } from '../../shared/town-contract.ts';

/** Why the town said no, in words for the people who see it: the manager at night, the town's staff by day. */
export const townRefusalWords: Readonly<Record<TownRefusal, string>> = {
  unknownCode: '注册码不对',
  codeUsed: '注册码已用过',
  codeExpired: '注册码已过期',
  unknownTill: '镇上不认识这台收银机',
  wrongTown: '不是这个镇的',
  wrongSignature: '签名不对',
  unknownIncarnation: '这个数据文件夹还没有在镇上注册',
  fork: '同一序号有两条不同的记录',
  gap: '中间缺记录',
  tooLarge: '一次送得太多',
  notSettledYet: '镇上还没有结完',
  unknownMember: '没有这位会员',
  wrongPin: '密码不对',
  pinLocked: '密码错得太多，请五分钟后再试',
  unknownCard: '没有这张卡',
  duplicate: '已经有了，没有再做',
  unknownVillage: '没有这个村',
  badInput: '填得不对，请核对',
  unknownLot: '没有这笔积分',
  notSignedIn: '登录已过期，请重新登录',
  unknownTerm: '没有这份额度',
  tooEarly: '还不到时候：额度到期满 24 小时才能放回',
  lossChanged: '这份额度里的积分变了，请看清新的数再点',
  unknownBreak: '没有这条差异',
};
