import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FoundMember } from '../../shared/till-contract.ts';
import { cards, goods, openTestCore, scan, textsOf, type TestCore } from './test-core.ts';

let till: TestCore;
beforeAll(async () => {
  till = await openTestCore();
});
afterAll(() => till.close());

const find = (text: string): Promise<FoundMember[]> => till.client.findMembers({ text });
const six = cards.good.slice(-6);

describe('a card that no reader takes', () => {
  const table: readonly [string, string, number][] = [
    ['its last six digits', six, 1],
    ['digits of another card', '999999', 0],
    ['five digits, which say too little', six.slice(1), 0],
    ['the digits of a card that was reported lost', cards.lost.slice(-6), 0],
  ];
  for (const [what, text, count] of table) {
    test(`is looked for by ${what}: ${count} found, masked, with the village`, async () => {
      const found = await find(text);
      expect(found).toHaveLength(count);
      if (count > 0) expect(found).toMatchObject([{ by: 'digits', mask: '孙**', villageName: '槐树湾村' }]);
    });
  }

  test('counts as presented, and its record wants it replaced without naming a digit', async () => {
    const [found] = await find(six);
    await till.ask(scan(goods.bread.code));
    await till.ask({ kind: 'pickCard', card: found?.card ?? '', lastSix: six });
    const { member } = (await till.screen()).sale;
    expect(member).toMatchObject({ how: 'presented', lastFour: cards.good.slice(-4), pointsRefused: null });
    await till.ask({ kind: 'pickCard', card: found?.card ?? '', lastSix: six });
    const flagged = till.records().filter((record) => record.kind === 'cardChange');
    expect(flagged).toMatchObject([{ body: { what: 'unreadable', card: 'card-good', member: 'member-good' } }]);
    expect(textsOf(till.folder).filter((text) => text.includes(six))).toEqual([]);
    await till.ask({ kind: 'voidSale', reason: 'test' });
  });

  test('with other digits than its own is refused, whatever the page says', async () => {
    const answer = await till.send({ kind: 'pickCard', card: 'card-good', lastSix: '000000' });
    expect(answer).toMatchObject({ kind: 'refused', reason: 'cardUnknown' });
  });
});

describe('a member who forgot the card', () => {
  const table: readonly [string, string, number][] = [
    ['initials of the name', 'sxm', 1],
    ['initials of village and name', 'hsw sxm', 1],
    ['the name first, and the other reading of a character', 'dxm hsw', 1],
    ['another village', 'smg sxm', 0],
    ['the village alone, which says too little', 'hsw', 0],
    ['one letter, which says too little', 's', 0],
    ['the number', 'member-good', 1],
    ['the number of who moved away', 'member-gone', 0],
    ['nothing', ' ', 0],
  ];
  for (const [what, text, count] of table) {
    test(`is looked for by ${what}: ${count} found`, async () => {
      expect(await find(text)).toHaveLength(count);
    });
  }

  test('gets the discount and no points, however many there are', async () => {
    await till.ask(scan(goods.bread.code));
    await till.ask({ kind: 'lookUpMember', member: 'member-good' });
    await till.ask({ kind: 'startPay' });
    const { sale, pay } = await till.screen();
    expect(sale.member).toMatchObject({ how: 'lookedUp', stars: 3, spendable: 0, pointsRefused: 'notPresented' });
    expect([sale.totalFen < sale.shelfFen, pay?.pointsMax]).toEqual([true, 0]);
    await till.ask({ kind: 'pay', sale: sale.id });
    expect(till.records().at(-1)).toMatchObject({ body: { member: { how: 'lookedUp', card: null }, pointsUsed: 0 } });
    await till.ask({ kind: 'nextSale' });
  });
});
