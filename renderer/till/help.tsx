import { type ReactNode } from 'react';
import { Frame } from './frame.tsx';
import { useTill } from './till.ts';
import './help.css';

const HELP: readonly Readonly<{ title: string; keys: readonly (readonly [string, string])[] }>[] = [
  {
    title: '收银',
    keys: [
      ['扫码', '任何时候都能扫，不用点输入框'],
      ['Enter', '加入输入的商品；没输入时去付款'],
      ['+', '付款'],
      ['3 *', '先输数量再扫；空着按 * 改选中行的数量'],
      ['/', '改选中行的价格（只能往低改）'],
      ['↑ ↓', '选行'],
      ['Del', '删选中行'],
      ['Shift Del', '整单作废'],
      ['End', '取下会员'],
      ['Esc', '返回、取消'],
    ],
  },
  {
    title: '功能',
    keys: [
      ['F1', '这一页'],
      ['F2', '会员：卡号、后 6 位、没带卡'],
      ['F3', '购物袋'],
      ['F4', '更多：交班、现金、日结'],
      ['F6', '今日单：看、重打、退货'],
      ['F7', '挂单、取单'],
      ['F8', '查价'],
      ['F9', '查积分'],
      ['F10', '开钱箱'],
      ['F11', '退货'],
      ['F12', '散装商品'],
    ],
  },
  {
    title: '付款',
    keys: [
      ['Enter', '现金刚好，收款'],
      ['数字', '实收现金，找零自动算'],
      ['B Y Q', '积分：不用、一半、全用'],
      ['W Z', '微信、支付宝付余下的'],
      ['↑ ↓', '换积分、手机、现金一栏'],
      ['H', '核对本人，用更多积分'],
      ['D', '代购：谁拿着卡来'],
      ['Esc', '回去改商品'],
    ],
  },
];

export function HelpDialog(): ReactNode {
  const { hide, screen } = useTill();
  return (
    <Frame
      title="按键帮助"
      size="wide"
      leave={hide}
      onKey={({ name }) => (name === 'F1' || name === 'Enter' ? hide : null)}
    >
      <div className="help">
        {HELP.map((part) => (
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
