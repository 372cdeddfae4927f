import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cardFormats,
  cardNumberBy,
  cardNumberOf,
  hexOf,
  learnCardRule,
  readCardNumber,
  writeCardNumber,
} from './card-number.ts';

const EM4100 = Uint8Array.of(0x01, 0x02, 0x6f, 0x6c, 0x3a);

// One card as the sellers of such readers print their formats.
test.each([
  ['10H', '01026f6c3a'],
  ['8H', '026f6c3a'],
  ['8H10D', '0040856634'],
  ['8HD', '40856634'],
  ['6H8D', '07302202'],
  ['2H4H', '111,27706'],
  ['4H4H', '00623,27706'],
  ['14H', null],
] as const)('the same card is %s %s', (format, text) => {
  expect(writeCardNumber(EM4100, format)).toBe(text);
});

test.each([
  ['same', '0077705923'],
  ['reversed', '3283263748'],
] as const)('the bytes 04 A1 B2 C3 in %s order are %s', (order, number) => {
  expect(cardNumberOf({ order, prints: '8H10D' }, Uint8Array.of(0x04, 0xa1, 0xb2, 0xc3))).toBe(number);
});

test.each([
  ['what the card carries is what is typed', '0040856634', '0040856634', 'asRead'],
  ['also with spaces and full-width digits', '0040856634', '００４０ ８５６６３４', 'asRead'],
  ['hexadecimal to ten digits', '01026f6c3a', '0040856634', { reads: '10H', order: 'same', prints: '8H10D' }],
  ['hexadecimal in capitals', '01026F6C3A', '0040856634', { reads: '10H', order: 'same', prints: '8H10D' }],
  ['ten digits to two groups', '0040856634', '111,27706', { reads: '8H10D', order: 'same', prints: '2H4H' }],
  ['with a Chinese comma', '0040856634', '111，27706', { reads: '8H10D', order: 'same', prints: '2H4H' }],
  ['two large groups to eight digits', '00623,27706', '07302202', { reads: '4H4H', order: 'same', prints: '6H8D' }],
  ['turned round', '0077705923', '3283263748', { reads: '8H10D', order: 'reversed', prints: '8H10D' }],
  ['without zeros', '04a1b2c3', '77705923', { reads: '8H', order: 'same', prints: '8HD' }],
])('set-up learns from one card: %s', (_case, read, printed, rule) => {
  expect(learnCardRule([{ read, printed }])).toEqual({ kind: 'found', rule });
});

test('two numbers that have nothing to do with each other teach nothing', () => {
  expect(learnCardRule([{ read: '0040856634', printed: '0012345678' }])).toEqual({ kind: 'notFound' });
  expect(learnCardRule([{ read: '6901028180559', printed: '98' }])).toEqual({ kind: 'notFound' });
  expect(learnCardRule([])).toEqual({ kind: 'notFound' });
});

test('a card that reads the same both ways leaves it unclear, and a second one settles it', () => {
  const palindrome = { read: '01020201', printed: '0016908801' };
  expect(learnCardRule([palindrome])).toMatchObject({ kind: 'unclear' });
  expect(learnCardRule([palindrome, { read: '04a1b2c3', printed: '0077705923' }])).toEqual({
    kind: 'found',
    rule: { reads: '8H', order: 'same', prints: '8H10D' },
  });
});

test('a reader that shows less than is printed cannot be taught it', () => {
  expect(cardNumberBy({ reads: '6H8D', order: 'same', prints: '8H10D' }, '07302202')).toBeNull();
});

const format = fc.constantFrom(...cardFormats);
const card = fc.uint8Array({ minLength: 7, maxLength: 7 });

test('every format reads what it wrote', () => {
  fc.assert(
    fc.property(card, format, (bytes, one) => {
      const text = writeCardNumber(bytes, one);
      const read = text === null ? null : readCardNumber(text, one);
      expect(read).not.toBeNull();
      expect(hexOf(bytes).endsWith(hexOf(read ?? bytes))).toBe(true);
    }),
  );
});

test('what was learned from some cards is right for every other', () => {
  fc.assert(
    fc.property(
      // Bytes as cards have them; three cards of zeros and ones would teach less.
      fc.noBias(fc.array(card, { minLength: 4, maxLength: 4 })),
      format,
      format,
      fc.constantFrom('same', 'reversed'),
      (cards, reads, prints, order) => {
        const samples = cards.flatMap((bytes) => {
          const read = writeCardNumber(bytes, reads);
          const printed = read === null ? null : cardNumberBy({ reads, order, prints }, read);
          return read === null || printed === null ? [] : [{ read, printed }];
        });
        const [last, ...first] = samples.toReversed();
        if (last === undefined || first.length === 0) return;
        const learned = learnCardRule(first);
        expect(learned.kind).not.toBe('notFound');
        if (learned.kind !== 'found') return;
        const number = learned.rule === 'asRead' ? last.read : cardNumberBy(learned.rule, last.read);
        // A number without its zeros may be as long as one with them; then the last card is not told apart by its text.
        if (number !== null) expect(number.replace(/^0+/, '')).toBe(last.printed.replace(/^0+/, ''));
      },
    ),
  );
});

test('no text throws', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (read, printed) => {
      learnCardRule([{ read, printed }]);
    }),
  );
});
