import { type ReactNode } from 'react';
import {
  type CounterFunction,
  counterFunctions,
  type CounterKeys,
  keyWords,
  pressedKey,
} from '../../shared/counter.ts';
import { functionWords } from '../../shared/words.ts';
import { Frame } from './frame.tsx';
import { useTill } from './till.ts';
import './help.css';

type Part = Readonly<{ title: string; keys: readonly (readonly [string, string])[] }>;

/** What a function is for, where its name alone does not say it. */
const REMARKS: Readonly<Partial<Record<CounterFunction, string>>> = {
  help: '这一页',
  member: '会员：卡号、后 6 位、没带卡',
  more: '更多：交班、现金、日结、设置',
  status: '设备和网络：哪里不对、怎么办',
  receipts: '今日单：看、重打、退换、改付款',
  price: '改选中行的价格（只能往低改）',
  deleteLine: '删选中行',
  quantity: '先输数量再扫；空着按改选中行',
};

const COUNTER: readonly CounterFunction[] = ['pay', 'quantity', 'price', 'deleteLine', 'voidSale', 'removeMember'];

/** The keys of this till as they are, so that who changed one finds it here. */
function partsOf(keys: CounterKeys): readonly Part[] {
  const row = (which: CounterFunction): readonly [string, string] => [
    keyWords(keys[which]),
    REMARKS[which] ?? functionWords[which],
  ];
  return [
    {
      title: '收银',
      keys: [
        ['扫码', '任何时候都能扫，不用点输入框'],
        ['Enter', '加入输入的商品；没输入时去付款'],
        ...COUNTER.map(row),
        ['↑ ↓', '选行'],
        ['Esc', '返回、取消'],
      ],
    },
    { title: '功能', keys: counterFunctions.filter((which) => !COUNTER.includes(which)).map(row) },
    {
      title: '付款',
      keys: [
        ['Enter', '现金刚好，收款'],
        ['数字', '实收现金，找零自动算'],
        ['B Y Q', '积分：不用、一半、全用'],
        ['W Z', '微信、支付宝付余下的'],
        ['↑ ↓', '换积分、手机、现金一栏'],
        ['M', '请顾客输密码，用更多积分'],
        ['H', '店长核对本人，用更多积分'],
        ['D', '代购：谁拿着卡来'],
        ['Esc', '回去改商品'],
        ['G', '收款以后：改付款方式'],
      ],
    },
  ];
}

export function HelpDialog(): ReactNode {
  const { hide, screen, keys } = useTill();
  return (
    <Frame
      title="按键帮助"
      size="wide"
      leave={hide}
      onKey={({ name, shift }) => (name === 'Enter' || pressedKey(name, shift) === keys.help ? hide : null)}
    >
      <div className="help">
        {partsOf(keys).map((part) => (
          <section key={part.title}>
            <h2>{part.title}</h2>
            <dl>
              {part.keys.map(([key, words]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{words}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="dialog-foot">
        触屏也能做全部操作。{screen.hotline !== '' && `有问题请打服务电话 ${screen.hotline}。`}
      </p>
    </Frame>
  );
}
