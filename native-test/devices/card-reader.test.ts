import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type CardReaderSettings, listCardReaders, openCardReader } from '../../electron/devices/card-reader.ts';
import { groupNeedingAll } from '../prerequisite.ts';
import { type Listened, listenTo, realWorld } from './listened.ts';
import { type CardAnswers, type CardService, newCardService, ownRoom, virtualReaders } from './virtual-reader.ts';

const [FIRST, SECOND] = ['Virtual PCD 00 00', 'Virtual PCD 00 01'];

/** A contactless card that knows its UID only. */
const withUid =
  (uid: string): CardAnswers =>
  (command) =>
    command.toString('hex') === 'ffca000000' ? `${uid}9000` : '6a81';

/** A MIFARE Classic card with a number in block 4, behind a key. */
const withBlock =
  (text: string, key = 'ffffffffffff'): CardAnswers =>
  (command) => {
    const hex = command.toString('hex');
    if (hex === `ff82000006${key}` || hex === 'ff860000050100046000') return '9000';
    if (hex === 'ffb0000410') return `${Buffer.from(text.padEnd(16, '\0')).toString('hex')}9000`;
    return '6300';
  };

const byUid = (settings: Partial<CardReaderSettings> = {}): CardReaderSettings => ({
  reader: null,
  reading: { kind: 'uid' },
  number: { order: 'same', prints: '8H10D' },
  ...settings,
});

groupNeedingAll('a card reader of PC/SC', [virtualReaders, ownRoom], ([pcscd = '']) => {
  let service: CardService;
  const open: { close: () => unknown }[] = [];
  const lying: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    service = await newCardService(pcscd);
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    for (const takeAway of lying.splice(0)) await takeAway();
  });
  afterAll(() => service.remove());

  const reader = async (settings: CardReaderSettings): Promise<Listened> => {
    const listened = listenTo((tell, world) => openCardReader(settings, tell, world));
    open.push(listened.device);
    await listened.until('the reader is ready', () => listened.states().at(-1) === 'ready');
    return listened;
  };
  const lay = async (slot: 0 | 1, answers: CardAnswers): Promise<() => Promise<void>> => {
    const takeAway = await service.insert(slot, answers);
    lying.push(takeAway);
    return takeAway;
  };

  test('is listed by name', async () => {
    const listened = await reader(byUid());
    const found = await listCardReaders(realWorld([]));
    expect(found.map((one) => [one.name, one.proposal])).toEqual([
      [FIRST, 'cardReader'],
      [SECOND, 'cardReader'],
    ]);
    expect(listened.states()).toContain('ready');
  });

  test('gives a card as the number that was learned, once, and another card after it', async () => {
    const listened = await reader(byUid());
    const takeAway = await lay(0, withUid('04a1b2c3'));
    await listened.until('the card', () => listened.cards().length === 1);
    await takeAway();
    const soon = await lay(0, withUid('04a1b2c3'));
    await listened.until('it is read again', () => listened.events.filter((one) => one.kind === 'raw').length === 2);
    await soon();
    await lay(0, withUid('026f6c3a'));
    await listened.until('the other card', () => listened.cards().length === 2);
    expect(listened.cards()).toEqual(['0077705923', '0040856634']);
  });

  test('turns the bytes round where the shop’s cards want it, and shows them as they are where nothing was learned', async () => {
    const turned = await reader(byUid({ reader: FIRST, number: { order: 'reversed', prints: '8H10D' } }));
    const plain = await reader(byUid({ reader: SECOND, number: null }));
    await lay(0, withUid('04a1b2c3'));
    await lay(1, withUid('04a1b2c39000ff'));
    await turned.until('a card', () => turned.cards().length === 1);
    await plain.until('a card', () => plain.cards().length === 1);
    expect([turned.cards(), plain.cards()]).toEqual([['3283263748'], ['04a1b2c39000ff']]);
  });

  test('reads the number in a block behind its key', async () => {
    const reading = { kind: 'block', block: 4, key: 'ffffffffffff', keyKind: 'A' } as const;
    const listened = await reader(byUid({ reading }));
    await lay(0, withBlock('6217000012345678'));
    await listened.until('the card', () => listened.cards().length === 1);
    expect(listened.cards()).toEqual(['6217000012345678']);
  });

  test('names a card with another key, one without a number, and is ready again when it is gone', async () => {
    const reading = { kind: 'block', block: 4, key: 'ffffffffffff', keyKind: 'A' } as const;
    const listened = await reader(byUid({ reading }));
    for (const wrong of [withBlock('6217', 'a0a1a2a3a4a5'), withBlock('\u0001\u0002')]) {
      const takeAway = await lay(0, wrong);
      await listened.until('it is named', () => listened.states().at(-1) === 'failed cardUnreadable');
      await takeAway();
      await listened.until('it is ready', () => listened.states().at(-1) === 'ready');
    }
    expect(listened.cards()).toEqual([]);
  });

  test('gives up on a card that does not answer, and reads the next', async () => {
    const listened = await reader(byUid({ reader: SECOND }));
    const takeAway = await lay(1, () => null);
    await listened.until('it is named', () => listened.states().at(-1) === 'failed cardUnreadable');
    await takeAway();
    await listened.until('it is ready', () => listened.states().at(-1) === 'ready');
    await lay(1, withUid('04a1b2c3'));
    await listened.until('the card', () => listened.cards().length === 1);
  });

  test('is without service while the service is down, and comes back with it', async () => {
    const listened = await reader(byUid({ reader: FIRST }));
    await service.stop();
    await listened.until('the service is gone', () => listened.states().at(-1) !== 'ready');
    await service.start();
    await listened.until('it is back', () => listened.states().at(-1) === 'ready');
    await lay(0, withUid('04a1b2c3'));
    await listened.until('the card', () => listened.cards().length === 1);
  });
});
