import { checkDigit } from '../../shared/barcode.ts';
import type { Item } from '../../shared/item.ts';
import { initialsOf } from '../../electron/core/pinyin.ts';

/** Goods enough to fill any catalogue: names put together from syllables and words, the same at every run. */
const SYLLABLES = Array.from('安康佳丽福源金山清泉东方华盛永顺天和美味鲜香春秋长城红星白云大德祥瑞家园百禾');
const GOODS: readonly (readonly [name: string, category: string, unit: string])[] = [
  ['酱油', '调味', '瓶'],
  ['香醋', '调味', '瓶'],
  ['挂面', '粮油', '把'],
  ['大米', '粮油', '袋'],
  ['菜籽油', '粮油', '桶'],
  ['饼干', '饼干糕点', '包'],
  ['绿茶', '饮料', '瓶'],
  ['矿泉水', '饮料', '瓶'],
  ['纯牛奶', '乳品', '盒'],
  ['方便面', '方便食品', '桶'],
  ['洗衣粉', '洗护', '袋'],
  ['肥皂', '洗护', '块'],
  ['牙膏', '洗护', '支'],
  ['抽纸', '纸品', '提'],
  ['瓜子', '零食', '袋'],
  ['花生', '零食', '袋'],
  ['电池', '日用', '板'],
  ['毛巾', '日用', '条'],
];
const SPECS = ['100g', '250g', '400g', '500g', '1kg', '330ml', '500ml', '1.5L', '12片', '3连包'];

/** The `index`th item: a piece with an EAN-13, a price between 2 and 60 yuan and initials of its name. */
export function madeUpItem(index: number): Item {
  const at = (list: readonly string[], position: number): string => list[position % list.length] ?? '';
  const [goods, category, unit] = GOODS[index % GOODS.length] ?? ['', '', ''];
  const round = Math.floor(index / GOODS.length);
  const far = Math.floor(round / SYLLABLES.length);
  const brand = at(SYLLABLES, round) + at(SYLLABLES, far + round + 1);
  const kind = at(SYLLABLES, Math.floor(far / SYLLABLES.length) * 7 + index);
  const name = `${brand}${kind}${goods}`;
  const digits = `690${String(index).padStart(9, '0')}`;
  return {
    id: `bench-item-${String(index).padStart(7, '0')}`,
    code: digits + checkDigit(digits),
    name,
    category,
    spec: at(SPECS, round + index),
    unit,
    per: 'piece',
    plu: null,
    priceFen: 200 + ((index * 37) % 5_800),
    clearanceFen: null,
    promotion: null,
    costFen: 80 + ((index * 29) % 4_000),
    discountable: true,
    lowStock: 5,
    shelfLifeDays: 180,
    initials: initialsOf(name),
  };
}
