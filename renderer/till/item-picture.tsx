import type { ReactNode } from 'react';

/** Drawn with one line each, so that they are told apart at arm's length and weigh nothing. */
const DRAWINGS: readonly Readonly<{ words: readonly string[]; path: string }>[] = [
  {
    words: ['菜', '菌', '豆'],
    path: 'M16 28V15M16 18c-6 1-10-2-10-8 6-1 10 2 10 8Zm0-3c0-6 4-9 10-9 0 6-4 9-10 9Z',
  },
  {
    words: ['果', '瓜'],
    path: 'M16 11c-7-4-11 2-9 9 2 6 6 8 9 6 3 2 7 0 9-6 2-7-2-13-9-9Zm0 0c0-4 1-6 4-7',
  },
  {
    words: ['蛋'],
    path: 'M16 5c5 0 9 8 9 13a9 9 0 0 1-18 0C7 13 11 5 16 5Z',
  },
  {
    words: ['肉', '禽', '骨'],
    path: 'M13 20a8 8 0 1 1 6-2c-2 2-4 2-6 2Zm0 0-5 5m-3 0 3 3 2-3M17 12h.01',
  },
  {
    words: ['鱼', '水产', '海鲜', '虾'],
    path: 'M5 16c5-8 14-8 19 0-5 8-14 8-19 0Zm19 0 4-4v8Zm-14-1h.01',
  },
  {
    words: ['米', '粮', '面', '谷'],
    path: 'M9 28c-2-8-1-14 2-17h10c3 3 4 9 2 17ZM12 11l-1-5h10l-1 5M13 19h6',
  },
  {
    words: ['油', '酱', '调味', '醋'],
    path: 'M13 4h6v6c4 2 5 4 5 8v10H8V18c0-4 1-6 5-8ZM8 20h16',
  },
  {
    words: ['点', '糕', '饼', '糖', '零食', '干'],
    path: 'M6 16a10 10 0 1 0 20 0 10 10 0 0 0-20 0Zm6-3h.01M19 12h.01M17 19h.01M12 20h.01',
  },
];

/** Light enough for ink on them; which one an item gets never changes. */
const GROUNDS = ['#fff7e0', '#e2f3ea', '#e8f0fd', '#fbe9e7', '#efeafc', '#e6f4f5'] as const;

/** A picture for a tile: what its name or category is drawn as, or its first character on a colour of its own. */
export function ItemPicture({ name, category }: { name: string; category: string }): ReactNode {
  const drawn =
    DRAWINGS.find(({ words }) => words.some((word) => category.includes(word))) ??
    DRAWINGS.find(({ words }) => words.some((word) => name.includes(word)));
  // So many names begin with it that it tells nothing.
  const said = name.replace(/^散装/, '');
  const ground =
    GROUNDS[Array.from(name).reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0) % GROUNDS.length];
  return (
    <span className="item-picture" style={{ background: ground }} aria-hidden="true">
      {drawn !== undefined && (
        <svg viewBox="0 0 32 32">
          <path d={drawn.path} />
        </svg>
      )}
      <b>{Array.from(said)[0] ?? ''}</b>
    </span>
  );
}
