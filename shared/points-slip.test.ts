import { expect, test } from 'vitest';
import { layoutPaper, paperText } from './paper.ts';
import { objectionWords, whenWords } from './points-slip-layout.ts';
import { pointsSlipSchema } from './points-slip.ts';
import { samplePoints as slip } from './receipt-sample.ts';
import { type Columns, displayWidth, rowText } from './receipt-layout.ts';

const at = (text: string): number => Date.parse(`${text}+08:00`);

test('the slip says both balances, what moved them, what expires next, how to object, and that it pays for nothing', () => {
  expect(paperText(slip, 32).replaceAll(/ +$/gm, '')).toBe(`\
           积分查询单
          信用惠民超市
--------------------------------
查询时间     2026-11-24 12:00:00
收银台 一号机        收银员 林**
--------------------------------
会员 孙** 3星        卡尾号 0017
本店现在可用               73 分
镇上总数(截至 12:00)       93 分
最近到期 2026-12-31        40 分
--------------------------------
最近变动                新的在前
11-24 11:02 退回        +3 余 93
  本店              t01-1-000124
11-23 09:40 消费        -7 余 90
  信用惠民超市（柳塘店）
                    t02-1-000007
  另有 2 分由镇上承担，不扣
10-01 08:00 加分       +40 余 97
  槐树湾村信用基金      清洁家园
2025-12-31 到期        -12 余 57
  槐树湾村信用基金
2025-03-05 此前结余    +69 余 69
各店还没有上传的消费不在内。
--------------------------------
对积分有异议：公示后 30 天内，到
本村村委会或镇信用办提出。村里 7
个工作日内答复；不服的再提，镇上
换人办理，15 个工作日内答复，结
果公示。
消费对不上：带小票到原店查。
--------------------------------
      服务热线 0000-12345
          不作付款凭证
`);
});

test('a till that is alone says whose list it is, and leaves open what it cannot know', () => {
  const [movement] = slip.movements;
  if (movement === undefined) throw new Error('the sample moves points');
  const text = paperText({ ...slip, source: 'till', movements: [{ ...movement, balance: null }] }, 32);
  expect(text).toContain('镇上连不上，只列本机记录');
  expect(text).toContain('+3\n');
  expect(text).not.toMatch(/余|没有上传/);
  expect(paperText({ ...slip, movements: [] }, 32)).toContain('没有变动');
});

test('the days to object in are those of the policy', () => {
  expect(objectionWords({ days: 10, villageDays: 3, townDays: 5 }).join('')).toMatch(/10 天内.*3 个工作日.*5 个工作日/);
});

test('a movement of another year is dated by its day, and what expired by its last day', () => {
  const when = (kind: 'spent' | 'expired', atMs: number, now: string): string => whenWords({ kind, atMs }, at(now));
  expect(when('spent', at('2025-12-31T23:59:00'), '2026-01-01T00:00:00')).toBe('2025-12-31');
  expect(when('spent', at('2026-01-01T00:00:00'), '2026-01-01T00:01:00')).toBe('01-01 00:00');
  expect(when('expired', at('2026-01-01T03:00:00'), '2026-02-01T00:00:00')).toBe('2025-12-31');
  expect(when('expired', at('2026-01-31T03:00:00'), '2026-02-01T00:00:00')).toBe('01-30');
});

for (const columns of [32, 42, 48] satisfies Columns[]) {
  test(`no row is wider than paper of ${columns} columns, with marks of practice, a copy and a demo at both ends`, () => {
    const marked = { ...slip, practice: true, copy: true, demo: true, shopName: '店'.repeat(40) };
    for (const row of layoutPaper(marked, columns))
      expect(displayWidth(rowText(row, columns))).toBeLessThanOrEqual(columns);
    expect(paperText(marked, columns).match(/不是销售凭证/g)).toHaveLength(2);
    expect(paperText(marked, columns).match(/重打/g)).toHaveLength(2);
    expect(paperText(marked, columns).match(/模拟/g)).toHaveLength(2);
    expect(pointsSlipSchema.safeParse(marked).success).toBe(true);
  });
}
