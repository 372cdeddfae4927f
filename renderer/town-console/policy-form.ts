import { policySchema, type Policy } from '../../shared/policy.ts';
import { parseDay } from '../back-office/entry.ts';

/** One number or list of the policy as the town's staff fill it in: what is typed, and what the document keeps. */
export type PolicyField = Readonly<{
  name: string;
  label: string;
  /** What stands behind the entry: a unit, or how it is meant. */
  hint: string;
  choices?: readonly Readonly<{ value: string; label: string }>[];
  wide?: boolean;
  show: (policy: Policy) => string;
  /** The policy with this entry, or null when the entry is not one. */
  put: (policy: Policy, text: string) => Policy | null;
}>;

export type PolicyEntries = Readonly<Record<string, string>>;

/** A decimal as it is typed, kept as a whole number of its last place: '9.8' with three places is 9800. */
export function parseScaled(text: string, places: number): number | null {
  const match = /^(\d{1,7})(?:\.(\d+))?$/.exec(text.normalize('NFKC').trim());
  const part = match?.[2] ?? '';
  if (match === null || part.length > places) return null;
  return Number(`${match[1] ?? ''}${part.padEnd(places, '0')}`);
}

/** The way back: 9800 with three places is '9.8'. */
export function showScaled(value: number, places: number): string {
  const digits = String(value).padStart(places + 1, '0');
  const part = digits.slice(digits.length - places).replace(/0+$/, '');
  return digits.slice(0, digits.length - places) + (part === '' ? '' : `.${part}`);
}

function whole(
  name: string,
  label: string,
  hint: string,
  get: (policy: Policy) => number,
  set: (policy: Policy, value: number) => Policy,
  places = 0,
): PolicyField {
  return {
    name,
    label,
    hint,
    show: (policy) => (places === 0 ? String(get(policy)) : showScaled(get(policy), places)),
    put: (policy, text) => {
      const value = parseScaled(text, places);
      return value === null ? null : set(policy, value);
    },
  };
}

function list(
  name: string,
  label: string,
  get: (policy: Policy) => readonly string[],
  set: (policy: Policy, values: string[]) => Policy,
): PolicyField {
  return {
    name,
    label,
    hint: '分类之间用顿号隔开',
    wide: true,
    show: (policy) => get(policy).join('、'),
    put: (policy, text) => {
      const values = text.split(/[、，,;；\s]+/).filter((one) => one !== '');
      return set(policy, [...new Set(values)]);
    },
  };
}

function clock(name: 'closeAt' | 'endsAt', label: string, hint: string): PolicyField {
  return {
    name,
    label,
    hint,
    show: (policy) => policy.businessDay[name],
    put: (policy, text) => {
      const plain = text.normalize('NFKC').trim();
      return /^([01]\d|2[0-3]):[0-5]\d$/.test(plain)
        ? { ...policy, businessDay: { ...policy.businessDay, [name]: plain } }
        : null;
    },
  };
}

function rate(stars: number): PolicyField {
  return whole(
    `rate${stars}`,
    `${stars} 星打几折`,
    '折（10 是不打折）',
    (policy) => policy.discount.rateBpByStars[stars] ?? 10_000,
    (policy, value) => ({
      ...policy,
      discount: { ...policy.discount, rateBpByStars: policy.discount.rateBpByStars.with(stars, value) },
    }),
    3,
  );
}

function points(name: 'perSale' | 'perDay' | 'perMonth' | 'pinFreePerDay', label: string): PolicyField {
  return whole(
    name,
    label,
    '分',
    (policy) => policy.points[name],
    (policy, value) => ({ ...policy, points: { ...policy.points, [name]: value } }),
  );
}

export type PolicyGroup = Readonly<{ title: string; fields: readonly PolicyField[] }>;

/** The usual numbers of R-P1 to R-P9, R-C4 and R-S1, in the order in which the staff speak of them. */
export const POLICY_GROUPS: readonly PolicyGroup[] = [
  {
    title: '什么时候起、一分值多少',
    fields: [
      {
        name: 'effectiveFrom',
        label: '从哪天起用',
        hint: '如 2026-12-01',
        show: (policy) => policy.effectiveFrom,
        put: (policy, text) => {
          const day = parseDay(text);
          return day === null ? null : { ...policy, effectiveFrom: day };
        },
      },
      whole(
        'pointValueFen',
        '一分值多少钱',
        '元',
        (policy) => policy.pointValueFen,
        (policy, value) => ({ ...policy, pointValueFen: value }),
        2,
      ),
    ],
  },
  { title: '星级折扣', fields: [0, 1, 2, 3, 4, 5].map(rate) },
  {
    title: '用积分',
    fields: [
      points('perSale', '一单最多用'),
      points('perDay', '一人一天最多用'),
      points('perMonth', '一人一月最多用'),
      points('pinFreePerDay', '一人一天免密'),
      whole(
        'secondUseSeconds',
        '刚用过的卡多久内要店长同意',
        '秒',
        (policy) => policy.card.secondUseSeconds,
        (policy, value) => ({ ...policy, card: { ...policy.card, secondUseSeconds: value } }),
      ),
      whole(
        'pinTries',
        '积分密码错几次锁住',
        '次',
        (policy) => policy.card.pinTries,
        (policy, value) => ({ ...policy, card: { ...policy.card, pinTries: value } }),
      ),
      whole(
        'maxShareBp',
        '积分最多付一单的',
        '%',
        (policy) => policy.points.maxShareBp,
        (policy, value) => ({ ...policy, points: { ...policy.points, maxShareBp: value } }),
        2,
      ),
    ],
  },
  {
    title: '抹零、退货、营业日',
    fields: [
      {
        name: 'truncation',
        label: '现金抹零',
        hint: '',
        choices: [
          { value: 'off', label: '不抹' },
          { value: 'cash', label: '只抹现金' },
        ],
        show: (policy) => policy.truncation.appliesTo,
        put: (policy, text) =>
          text === 'off' || text === 'cash'
            ? { ...policy, truncation: { ...policy.truncation, appliesTo: text } }
            : null,
      },
      whole(
        'truncationUnit',
        '抹到',
        '元（0.1 是抹到角）',
        (policy) => policy.truncation.unitFen,
        (policy, value) => ({ ...policy, truncation: { ...policy.truncation, unitFen: value } }),
        2,
      ),
      whole(
        'refundDays',
        '几天内可退货',
        '天',
        (policy) => policy.refund.days,
        (policy, value) => ({ ...policy, refund: { ...policy.refund, days: value } }),
      ),
      whole(
        'refundManagerAbove',
        '退货超过多少要店长同意',
        '元',
        (policy) => policy.refund.managerAboveFen,
        (policy, value) => ({ ...policy, refund: { ...policy.refund, managerAboveFen: value } }),
        2,
      ),
      whole(
        'lockAfterMinutes',
        '收银台没人用几分钟锁屏',
        '分钟（0 是不锁）',
        (policy) => policy.operator.lockAfterMinutes,
        (policy, value) => ({ ...policy, operator: { lockAfterMinutes: value } }),
      ),
      clock('closeAt', '几点自动日结', '如 22:00'),
      clock('endsAt', '营业日到几点为止', '如 03:00'),
    ],
  },
  {
    title: '积分异议',
    fields: [
      whole(
        'objectionDays',
        '公示后几天内可提',
        '天',
        (policy) => policy.objection.days,
        (policy, value) => ({ ...policy, objection: { ...policy.objection, days: value } }),
      ),
      whole(
        'objectionVillage',
        '村里几天答复',
        '个工作日',
        (policy) => policy.objection.villageDays,
        (policy, value) => ({ ...policy, objection: { ...policy.objection, villageDays: value } }),
      ),
      whole(
        'objectionTown',
        '镇上几天定',
        '个工作日',
        (policy) => policy.objection.townDays,
        (policy, value) => ({ ...policy, objection: { ...policy.objection, townDays: value } }),
      ),
    ],
  },
  {
    title: '例外的分类',
    fields: [
      list(
        'discountExcluded',
        '不打折的分类',
        (policy) => policy.discount.excludedCategories,
        (policy, values) => ({ ...policy, discount: { ...policy.discount, excludedCategories: values } }),
      ),
      list(
        'pointsExcluded',
        '不能用积分的分类',
        (policy) => policy.points.excludedCategories,
        (policy, values) => ({ ...policy, points: { ...policy.points, excludedCategories: values } }),
      ),
      list(
        'sameDayRefund',
        '只能当天退的分类',
        (policy) => policy.refund.sameDayCategories,
        (policy, values) => ({ ...policy, refund: { ...policy.refund, sameDayCategories: values } }),
      ),
    ],
  },
];

const FIELDS = POLICY_GROUPS.flatMap((group) => group.fields);

export function entriesOf(policy: Policy): PolicyEntries {
  return Object.fromEntries(FIELDS.map((field) => [field.name, field.show(policy)]));
}

/** The document that the entries make of `base`, and the names of the entries that cannot be read. */
export function policyFrom(base: Policy, entries: PolicyEntries): { policy: Policy; wrong: string[] } {
  let policy = base;
  const wrong: string[] = [];
  for (const field of FIELDS) {
    const text = entries[field.name] ?? '';
    // What nobody touched stays to the letter, however it would be typed.
    if (text === field.show(policy)) continue;
    const put = field.put(policy, text);
    if (put !== null && policySchema.safeParse(put).success) policy = put;
    else wrong.push(field.name);
  }
  return { policy, wrong };
}

/** The labels of what differs, with both figures, so that nobody publishes what they did not mean. */
export function changesBetween(before: Policy, after: Policy): string[] {
  return FIELDS.flatMap((field) => {
    const [from, to] = [field.show(before), field.show(after)];
    return from === to ? [] : [`${field.label}：${from} → ${to}`];
  });
}
