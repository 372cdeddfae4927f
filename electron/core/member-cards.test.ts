import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { paperText } from '../../shared/paper.ts';
import type { Command } from '../../shared/till-contract.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { cards, goods, openTestCore, pins, scan, textsOf, type TestCore } from './test-core.ts';

let till: TestCore;
beforeEach(async () => {
  till = await openTestCore();
});
afterEach(() => till.close());

const { bread, smoke } = goods;
const byCashier = (): Promise<void> => till.ask({ kind: 'signIn', pin: pins.cashier });
const member = async () => (await till.screen()).sale.member;

async function payWith(card: string, points: number): Promise<void> {
  await till.ask(scan(card, 'card'));
  await till.ask(scan(bread.code));
  await till.ask({ kind: 'startPay' });
  await till.ask({ kind: 'setPoints', points });
  await till.ask({ kind: 'pay', sale: (await till.screen()).sale.id });
  await till.ask({ kind: 'nextSale' });
}

describe('a card that paid a moment ago (F-CASHIER)', () => {
  const allow = (pin: string | null): Command => ({ kind: 'allowCard', approval: pin === null ? null : { pin } });

  test('waits for a manager within sixty seconds, whose leave stands in the journal', async () => {
    await byCashier();
    await payWith(cards.good, 2);
    till.world.advance(59 * SECOND_MS);
    await till.ask(scan(bread.code));
    expect(await till.send(scan(cards.good, 'card'))).toMatchObject({ reason: 'cardUsedJustNow' });
    const { sale } = await till.screen();
    expect([sale.member, sale.cardWaiting, sale.totalFen]).toEqual([
      null,
      { mask: '孙**', villageName: '槐树湾村', seconds: 60 },
      bread.priceFen,
    ]);
    expect(await till.send(allow(null))).toMatchObject({ reason: 'needsManager' });
    expect(await till.send(allow(pins.cashier))).toMatchObject({ reason: 'needsManager' });
    await till.ask(allow(pins.manager));
    expect(await member()).toMatchObject({ mask: '孙**', how: 'presented' });
    expect((await till.screen()).sale.cardWaiting).toBeNull();
    const override = till.records().findLast((record) => record.kind === 'override');
    expect(override).toMatchObject({
      operator: 'operator-cashier',
      body: { what: 'cardAgain', document: sale.id, by: 'operator-manager', detail: { seconds: 60 } },
    });
    expect(await till.send(allow(pins.manager))).toMatchObject({ reason: 'noSale' });
  });

  test('is an ordinary card again after sixty seconds', async () => {
    await byCashier();
    await payWith(cards.good, 2);
    till.world.advance(60 * SECOND_MS);
    await till.ask(scan(cards.good, 'card'));
    expect(await member()).toMatchObject({ mask: '孙**' });
  });

  test('waits no longer once it is put aside, nor for the next sale', async () => {
    await byCashier();
    await payWith(cards.good, 2);
    await till.ask(scan(bread.code));
    await till.send(scan(cards.good, 'card'));
    await till.ask({ kind: 'removeMember' });
    expect(await till.send(allow(pins.manager))).toMatchObject({ reason: 'noSale' });
    await till.send(scan(cards.good, 'card'));
    await till.ask({ kind: 'voidSale', reason: 'test' });
    expect((await till.screen()).sale.cardWaiting).toBeNull();
  });

  test('shown again in the same sale, or to a manager, waits for nobody; the manager is in the journal', async () => {
    await payWith(cards.good, 2);
    await till.ask(scan(cards.good, 'card'));
    await till.ask(scan(cards.good, 'card'));
    const overrides = till.records().filter((record) => record.kind === 'override');
    expect(overrides).toMatchObject([{ body: { what: 'cardAgain', by: 'operator-manager' } }]);
  });
});

describe('the own card of who stands at the till', () => {
  const named = (ownCard: string | null): Command => ({
    kind: 'saveOperator',
    id: 'operator-cashier',
    name: '林小雨',
    role: 'cashier',
    pin: null,
    active: true,
    ownCard,
  });

  test('buys nothing in the own shift, by card or by name, and says so; a colleague takes it', async () => {
    await till.ask(named(cards.good));
    expect((await till.client.operators()).find((one) => one.id === 'operator-cashier')).toMatchObject({
      hasOwnCard: true,
    });
    expect(till.records().at(-1)).toMatchObject({ kind: 'operatorChange', body: { member: 'member-good' } });
    await till.ask(scan(cards.good, 'card'));
    expect(await member()).toMatchObject({ mask: '孙**' });
    await byCashier();
    await till.ask(scan(bread.code));
    await till.ask({ kind: 'startPay' });
    // Shown to the manager before, paid with the cashier: it is still the cashier's own.
    expect(await till.send({ kind: 'pay', sale: (await till.screen()).sale.id })).toMatchObject({ reason: 'ownCard' });
    await till.ask({ kind: 'removeMember' });
    for (const command of [
      scan(cards.good, 'card'),
      { kind: 'lookUpMember', member: 'member-good' },
      { kind: 'pickCard', card: 'card-good', lastSix: cards.good.slice(-6) },
    ] as const)
      expect(await till.send(command)).toMatchObject({ reason: 'ownCard' });
    const { sale, notice } = await till.screen();
    expect([sale.member, sale.totalFen, notice?.text]).toEqual([null, bread.priceFen, 'ownCard']);
    await till.ask(scan(cards.kin, 'card'));
  });

  test('of nobody is refused, and one that is taken back buys again', async () => {
    expect(await till.send(named('9800000000999'))).toMatchObject({ reason: 'cardUnknown' });
    await till.ask(named(cards.good));
    await till.ask(named(null));
    await byCashier();
    await till.ask(scan(cards.good, 'card'));
    expect(textsOf(till.folder).join('\n')).not.toContain(cards.good);
  });
});

describe('somebody who buys with another’s card', () => {
  const bearer = (id: string | null, stranger = false): Command => ({ kind: 'setBearer', bearer: id, stranger });

  test('and was named at the town pays up to what needs no PIN, and stands on record and receipt', async () => {
    await till.ask(scan(cards.good, 'card'));
    await till.ask({ kind: 'confirmPerson', approval: null });
    for (let count = 0; count < 20; count += 1) await till.ask(scan(bread.code));
    await till.ask({ kind: 'startPay' });
    expect((await till.screen()).pay?.pointsMax).toBeGreaterThan(50);
    expect((await member())?.bearers).toEqual([{ id: 'member-kin', mask: '周**', villageName: '槐树湾村' }]);
    await till.ask(bearer('member-kin'));
    const { pay, sale, phase } = await till.screen();
    expect([phase, pay?.pointsMax, pay?.pointsLimit]).toEqual(['paying', 50, 'pin']);
    expect(sale.member).toMatchObject({ bearer: { id: 'member-kin', mask: '周**' }, personConfirmed: false });
    await till.ask({ kind: 'setPoints', points: 'max' });
    await till.ask({ kind: 'pay', sale: sale.id });
    expect(till.records().at(-1)).toMatchObject({
      body: { member: { id: 'member-good', bearer: 'member-kin' }, pointsUsed: 50 },
    });
    const receipt = (await till.screen()).paid?.receipt;
    expect(receipt?.member).toMatchObject({ mask: '孙**', bearer: '周**' });
    expect(receipt === undefined ? '' : paperText(receipt, 48)).toMatch(/代购人 +周\*\*/);
  });

  const refusals: readonly [string, string][] = [
    ['was not named', 'member-other'],
    ['left the scheme', 'member-gone'],
    ['is the holder', 'member-good'],
  ];
  for (const [what, id] of refusals) {
    test(`and ${what} is no bearer`, async () => {
      await till.ask(scan(cards.good, 'card'));
      expect(await till.send(bearer(id))).toMatchObject({ reason: 'notBearer' });
    });
  }

  test('and is a stranger gets the discount only; the holder who comes after all has everything again', async () => {
    await till.ask(scan(cards.good, 'card'));
    await till.ask(scan(bread.code));
    await till.ask(bearer(null, true));
    expect(await member()).toMatchObject({ how: 'lookedUp', spendable: 0, stars: 3, pointsRefused: 'notPresented' });
    await till.ask(bearer(null));
    expect(await member()).toMatchObject({ how: 'presented', spendable: 300, bearer: null });
  });

  test('has no use without the card', async () => {
    await till.ask({ kind: 'lookUpMember', member: 'member-good' });
    for (const command of [bearer('member-kin'), bearer(null)])
      expect(await till.send(command)).toMatchObject({ reason: 'notBearer' });
  });
});

test('goods for adults say so once a sale, whatever is taken out and put in again', async () => {
  const said = async (): Promise<string | undefined> => (await till.screen()).notice?.text;
  await till.ask(scan(smoke.code));
  expect([await said(), (await till.screen()).sale.adultsOnly]).toEqual(['adultsOnly', true]);
  await till.ask({ kind: 'deleteLine', line: 0 });
  await till.ask(scan(smoke.code));
  expect(await said()).toBe('itemAdded');
  await till.ask({ kind: 'voidSale', reason: 'test' });
  await till.ask(scan(smoke.code));
  expect(await said()).toBe('adultsOnly');
});
