import { expect, test } from 'vitest';
import { must } from '../shared/assert.ts';
import { setCardState } from './console.ts';
import { hashText } from './crypto.ts';
import { ANNA, BEN } from './test-steps.ts';
import { enrolTestTill } from './test-till.ts';
import { openTestTown } from './test-town.ts';

async function aTown() {
  const opened = await openTestTown([ANNA, BEN]);
  const { town, api } = opened;
  const till = await enrolTestTill(api, await opened.code(), opened.nowMs);
  const card = async (id: string) => {
    const row = await town.store.transact([], (transaction) => transaction.get('card', { card: id }));
    must(row !== null, 'the card is known');
    return row;
  };
  const lost = { request: 'report-01', member: 'anna', card: 'card-anna', atMs: opened.nowMs() - 5_000, blank: null };
  const blank = { tokenHash: hashText('blank'), lastFour: '4321', lastSix: '654321' };
  const replaced = { ...lost, request: 'report-02', blank };
  return { ...opened, till, card, lost, blank, replaced };
}

test('a lost card is lost from when the till heard of it, and tills hear of it', async () => {
  const { api, till, card, lost } = await aTown();
  expect(await api.reportCard(till.signed(lost))).toMatchObject({ cards: [{ id: 'card-anna', state: 'lost' }] });
  expect(await card('card-anna')).toMatchObject({ state: 'lost', lostAtMs: lost.atMs });
  const heard = await api.members(till.signed({ since: 2 }));
  expect(heard).toMatchObject({ members: [{ id: 'anna' }], cards: [{ state: 'lost' }] });
});

test('a till whose clock runs ahead reports for now, not for later', async () => {
  const { api, till, card, lost, nowMs } = await aTown();
  await api.reportCard(till.signed({ ...lost, atMs: nowMs() + 60_000 }));
  expect((await card('card-anna')).lostAtMs).toBe(nowMs());
});

test('a report counts once: asked again after the card was found, it blocks nothing', async () => {
  const { town, api, till, card, lost } = await aTown();
  await api.reportCard(till.signed(lost));
  await setCardState(town, { card: 'card-anna', state: 'active' });
  expect(await api.reportCard(till.signed(lost))).toMatchObject({ cards: [{ state: 'active' }] });
  expect(await card('card-anna')).toMatchObject({ state: 'active', lostAtMs: null });
});

test('a blank takes the place of a card once, under the id of its report', async () => {
  const { api, till, card, replaced, blank } = await aTown();
  for (const _ of [1, 2]) {
    const answer = await api.reportCard(till.signed(replaced));
    must(answer.kind === 'ok', 'it is carried out');
    expect(answer.cards).toHaveLength(2);
  }
  expect(await card('card-anna')).toMatchObject({ state: 'replaced', lostAtMs: replaced.atMs });
  expect(await card('report-02')).toMatchObject({ ...blank, member: 'anna', state: 'active', lostAtMs: null });
});

test('a card that was lost first is replaced after, and its loss stays the earlier one', async () => {
  const { api, till, card, lost, replaced } = await aTown();
  await api.reportCard(till.signed(lost));
  await api.reportCard(till.signed({ ...replaced, atMs: lost.atMs + 1_000 }));
  expect(await card('card-anna')).toMatchObject({ state: 'replaced', lostAtMs: lost.atMs });
});

test('a card that was replaced already gets no second one beside the first, reported by whom it may be', async () => {
  const { api, till, card, lost, replaced, blank } = await aTown();
  await api.reportCard(till.signed(replaced));
  const second = { ...replaced, request: 'report-03', blank: { ...blank, tokenHash: hashText('another blank') } };
  expect(await api.reportCard(till.signed(second))).toMatchObject({ reason: 'badInput' });
  // Once the first is lost, the next may come in its place, whichever card the till names.
  await api.reportCard(till.signed({ ...lost, request: 'report-04', card: 'report-02' }));
  expect(await api.reportCard(till.signed(second))).toMatchObject({ kind: 'ok' });
  expect(await card('report-02')).toMatchObject({ state: 'lost' });
  expect(await card('report-03')).toMatchObject({ state: 'active' });
});

test('what is refused leaves the old card as it was', async () => {
  const { town, api, till, card, lost, replaced } = await aTown();
  const { tokenHash } = await card('card-ben');
  const refused = async (report: typeof replaced | typeof lost | (Omit<typeof replaced, 'card'> & { card: null })) => {
    const answer = await api.reportCard(till.signed(report));
    return answer.kind === 'refused' ? answer.reason : null;
  };
  // A token in use, another's card, nobody, and a second card beside one in use.
  expect(await refused({ ...replaced, blank: { ...replaced.blank, tokenHash } })).toBe('duplicate');
  expect(await refused({ ...lost, card: 'card-ben' })).toBe('unknownCard');
  expect(await refused({ ...lost, member: 'nobody' })).toBe('unknownMember');
  expect(await refused({ ...replaced, card: null })).toBe('badInput');
  expect(await card('card-anna')).toMatchObject({ state: 'active', lostAtMs: null });
  await setCardState(town, { card: 'card-anna', state: 'blocked' });
  expect(await refused(replaced)).toBe('unknownCard');
  expect(await api.reportCard({ ...till.signed(lost), member: 'ben' })).toMatchObject({ reason: 'wrongSignature' });
});

test('the record of a report marks no card as one that no reader takes', async () => {
  const { till, card } = await aTown();
  till.record('cardChange', { what: 'lost', card: 'card-anna', member: 'anna', document: 'report-01', by: 'operator' });
  await till.night();
  expect(await card('card-anna')).toMatchObject({ state: 'active', unreadableAtMs: null });
});
