import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FNC1, type Gs1, readGs1 } from './gs1.ts';

const TODAY = '2026-11-28';
const GTIN = '06901028180559';

test.each<readonly [string, string, Partial<Gs1>]>([
  ['an article', `01${GTIN}`, { gtin: GTIN }],
  ['the string of the standard’s own example', `01${GTIN}31030005003922350`, { weightGrams: 500, amountFen: 350 }],
  ['a weight of three decimals', `01${GTIN}3103001234`, { weightGrams: 1234 }],
  ['a weight of none', `01${GTIN}3100000002`, { weightGrams: 2000 }],
  ['a weight of five decimals, rounded half up', `01${GTIN}3105012345`, { weightGrams: 123 }],
  ['half a gram', `01${GTIN}3104000005`, { weightGrams: 1 }],
  ['an amount', `01${GTIN}39221250`, { amountFen: 1250 }],
  ['an amount in yuan without decimals', `01${GTIN}392012`, { amountFen: 1200 }],
  ['an amount that names the yuan', `01${GTIN}39321561250`, { amountFen: 1250 }],
  ['a batch ended by FNC1', `01${GTIN}10AB-12${FNC1}17270131`, { batch: 'AB-12', expiresOn: '2027-01-31' }],
  ['a batch at the end', `01${GTIN}1727013110AB-12`, { batch: 'AB-12', expiresOn: '2027-01-31' }],
  ['all days', `01${GTIN}112605011527050117270601`, { producedOn: '2026-05-01', bestBeforeOn: '2027-05-01' }],
  ['a day of 00 is the last of its month', `01${GTIN}17280200`, { expiresOn: '2028-02-29' }],
  ['a year of the last century', `01${GTIN}11991231`, { producedOn: '1999-12-31' }],
  ['a serial number', `01${GTIN}21abc/1`, { serial: 'abc/1' }],
  ['what a case holds', `02${GTIN}3712`, { gtin: GTIN, count: 12 }],
  ['FNC1 in front and behind', `${FNC1}01${GTIN}3103000500${FNC1}`, { weightGrams: 500 }],
  ['facts before the article', `310300050001${GTIN}`, { gtin: GTIN, weightGrams: 500 }],
  ['an AI that no till sells by', `01${GTIN}3203000500`, { gtin: GTIN, unused: ['3203'] }],
  ['an unknown AI, named, and what follows its FNC1', `01${GTIN}05xy${FNC1}17270131`, { unused: ['05'] }],
  ['an AI of a company’s own', `01${GTIN}91anything${FNC1}21s`, { unused: ['91'], serial: 's' }],
])('%s', (_case, text, expected) => {
  expect(readGs1(text, TODAY)).toMatchObject({ kind: 'read', facts: expected });
});

test.each([
  ['a weight that is cut off', `01${GTIN}310300050`, '3103'],
  ['an article that is cut off', '010690102818', '01'],
  ['a weight with a letter in it', `01${GTIN}31030005o0`, '3103'],
  ['an identifier that is cut off', `01${GTIN}31`, '31'],
  ['a month of 13', `01${GTIN}17271301`, '17'],
  ['the 30th of February', `01${GTIN}17270230`, '17'],
  ['an amount in another currency', `01${GTIN}39328401250`, '3932'],
  ['a currency without an amount', `01${GTIN}3932156`, '3932'],
  ['an amount longer than any', `01${GTIN}392212345678901`, '3922'],
  ['two weights that differ', `01${GTIN}31030005003103000501`, '3103'],
  ['two articles', `01${GTIN}0116901028180556`, '01'],
  ['a case that holds nothing', `02${GTIN}370`, '37'],
  ['a batch without a batch', `01${GTIN}10`, '10'],
  ['an unknown AI without an end', `01${GTIN}051234`, '05'],
  ['letters in place of an AI', `01${GTIN}xyz`, 'xy'],
  ['signs that no AI has', `01${GTIN}\u0001\u0002`, '??'],
])('%s is broken there', (_case, text, ai) => {
  expect(readGs1(text, TODAY)).toEqual({ kind: 'broken', ai });
});

test('a pallet without an article is no code of goods', () => {
  expect(readGs1('00123456789012345675', TODAY)).toBeNull();
  expect(readGs1('', TODAY)).toBeNull();
});

const facts = fc.record(
  {
    weight: fc.tuple(fc.nat(999_999), fc.nat(5)),
    amount: fc.tuple(fc.nat(99_999_999), fc.nat(3)),
    batch: fc.stringMatching(/^[A-Za-z0-9/.-]{1,20}$/),
    serial: fc.stringMatching(/^[A-Za-z0-9]{1,20}$/),
    other: fc.stringMatching(/^[A-Za-z0-9]{1,30}$/),
  },
  { requiredKeys: [] },
);

test('any facts in any order come out as they went in', () => {
  fc.assert(
    fc.property(facts, fc.array(fc.nat(), { minLength: 5, maxLength: 5 }), ({ weight, amount, ...texts }, order) => {
      const parts = [
        weight === undefined ? '' : `310${weight[1]}${String(weight[0]).padStart(6, '0')}`,
        amount === undefined ? '' : `392${amount[1]}${amount[0]}${FNC1}`,
        texts.batch === undefined ? '' : `10${texts.batch}${FNC1}`,
        texts.serial === undefined ? '' : `21${texts.serial}${FNC1}`,
        texts.other === undefined ? '' : `93${texts.other}${FNC1}`,
      ];
      const shuffled = parts
        .map((part, at) => ({ part, rank: order[at] ?? 0 }))
        .toSorted((one, other) => one.rank - other.rank)
        .map(({ part }) => part);
      const reading = readGs1(`01${GTIN}${shuffled.join('')}`, TODAY);
      if (reading?.kind !== 'read') throw new Error('broken');
      expect(reading.facts).toEqual({
        gtin: GTIN,
        ...(weight === undefined ? {} : { weightGrams: Math.floor((weight[0] * 1000) / 10 ** weight[1] + 0.5) }),
        ...(amount === undefined ? {} : { amountFen: Math.floor((amount[0] * 100) / 10 ** amount[1] + 0.5) }),
        ...(texts.batch === undefined ? {} : { batch: texts.batch }),
        ...(texts.serial === undefined ? {} : { serial: texts.serial }),
        unused: texts.other === undefined ? [] : ['93'],
      });
    }),
  );
});

test('no text throws, and every number is whole and no larger than its digits say', () => {
  const anyText = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes)),
    fc.string({ maxLength: 40 }).map((rest) => `01${GTIN}${rest}`),
    fc
      .array(fc.tuple(fc.constantFrom('310', '392', '393', '320', '01', '17', '10'), fc.nat(), fc.boolean()))
      .map((parts) => parts.map(([ai, value, ends]) => `${ai}${value}${ends ? FNC1 : ''}`).join('')),
    fc
      .array(fc.tuple(fc.constantFrom('3103', '3922', '3932156'), fc.nat(999_999)), { maxLength: 3 })
      .map((parts) => `01${GTIN}${parts.map(([ai, value]) => `${ai}${String(value).padStart(6, '0')}`).join(FNC1)}`),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const reading = readGs1(text, TODAY);
      if (reading?.kind !== 'read') return;
      for (const number of [reading.facts.weightGrams, reading.facts.amountFen, reading.facts.count]) {
        if (number !== undefined) expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
      }
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? '300') },
  );
});
