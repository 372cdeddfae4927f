import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Code, type CodeRules, type ScaleLabelFormat, cardPatternOf, checkDigit, parseCode } from './barcode.ts';

const amount13: ScaleLabelFormat = { prefix: '21', layout: 'FFWWWWWEEEEEC', amountDecimals: 2, weightUnit: 'kg' };
const weight13: ScaleLabelFormat = { prefix: '22', layout: 'FFWWWWWNNNNNC', amountDecimals: 2, weightUnit: 'kg' };
const jin13: ScaleLabelFormat = { prefix: '23', layout: 'FFWWWWWNNNNNC', amountDecimals: 2, weightUnit: 'jin' };
const both18: ScaleLabelFormat = { prefix: '21', layout: 'FFWWWWWEEEEENNNNNC', amountDecimals: 2, weightUnit: 'kg' };
const both18At26: ScaleLabelFormat = { ...both18, prefix: '26' };
const unchecked: ScaleLabelFormat = { ...amount13, prefix: '24', layout: 'FFWWWWWEEEEEO' };
const jiao: ScaleLabelFormat = { ...amount13, prefix: '27', layout: 'FFWWWWEEEEEEC', amountDecimals: 1 };
const rules: CodeRules = {
  scaleLabels: [amount13, weight13, jin13, both18, both18At26, unchecked, jiao],
  today: '2026-11-28',
};

function withCheck(digits: string): string {
  return digits + checkDigit(digits);
}

function read(text: string, change: Partial<CodeRules> = {}): readonly Code[] {
  return parseCode(text, { ...rules, ...change }).readings;
}

function kinds(text: string, change: Partial<CodeRules> = {}): string[] {
  return read(text, change).map((reading) => reading.kind);
}

for (const digits of ['6901028180559', '6921168509256', '6954767423579', '3046920029759', '036000291452', '96385074']) {
  test(`${digits} has the right check digit`, () => expect(checkDigit(digits.slice(0, -1))).toBe(digits.slice(-1)));
}

test('nothing but spaces is empty', () => expect(read(' \t ')).toEqual([{ kind: 'empty' }]));

test('an EAN-13 is an article', () => {
  expect(read('6901028180559')).toEqual([
    { kind: 'gtin', symbology: 'ean13', digits: '6901028180559', lookups: ['6901028180559'] },
  ]);
});

test('an EAN-8 is an article', () => {
  expect(read('96385074')).toEqual([{ kind: 'gtin', symbology: 'ean8', digits: '96385074', lookups: ['96385074'] }]);
});

test('a UPC-A is looked up with 12 and 13 digits, however it was read', () => {
  expect(read('036000291452')).toMatchObject([{ symbology: 'upcA', lookups: ['036000291452', '0036000291452'] }]);
  expect(read('0036000291452')).toMatchObject([{ symbology: 'ean13', lookups: ['0036000291452', '036000291452'] }]);
});

test('a case code names the article inside', () => {
  const code = withCheck('1690102818055');
  expect(read(code)).toMatchObject([{ symbology: 'itf14', lookups: [code], inner13: '6901028180559' }]);
  expect(read('06901028180559')).toMatchObject([{ lookups: ['06901028180559', '6901028180559'] }]);
});

test('a wrong check digit is said so, unless the shop has an item by those digits', () => {
  expect(read('6901028180550')).toEqual([
    { kind: 'internal', code: '6901028180550' },
    { kind: 'wrongCheckDigit', digits: '6901028180550', expected: '9' },
  ]);
  expect(kinds('01000003')).toEqual(['internal', 'wrongCheckDigit']);
});

test('full-width digits and a symbology identifier in front do not matter', () => {
  expect(kinds('６９０１０２８１８０５５９')).toEqual(['gtin']);
  expect(read(']E06901028180559\r')).toMatchObject([{ symbology: 'ean13' }]);
});

test('a GS1 symbol gives the article with what it says of weight, amount and days', () => {
  const article = { digits: '06901028180559', lookups: ['06901028180559', '6901028180559'] };
  for (const aim of ['C1', 'e0', 'd2', 'Q3']) {
    expect(read(`]${aim}01069010281805593103000500\u001d3922350\u001d10AB\u001d1527030117270201`)).toMatchObject([
      { kind: 'gs1', article, weightGrams: 500, amountFen: 350, lastDay: '2027-02-01' },
    ]);
  }
  expect(read(']C102069010281805593712')).toMatchObject([{ kind: 'gs1', article, count: 12 }]);
});

test('a GS1 symbol that is cut off or has a wrong check digit sells nothing', () => {
  expect(read(']e0010690102818055939223501710AB')).toEqual([{ kind: 'brokenGs1', ai: '3922' }]);
  expect(read(']C10106901028180559310300050')).toEqual([{ kind: 'brokenGs1', ai: '3103' }]);
  expect(read(']C101069010281805503103000500')).toMatchObject([{ kind: 'wrongCheckDigit', expected: '9' }]);
  expect(kinds(']C100123456789012345675')).not.toContain('gs1');
});

test('a scanner that names no symbology sends GS1 symbols all the same, after any item by those digits', () => {
  expect(kinds('010690102818055931030005003922350')).toEqual(['gs1']);
  expect(kinds('010690102818055910A')).toEqual(['internal', 'gs1']);
  expect(kinds('01069010281805593103000')).not.toContain('gs1');
  expect(kinds('01069010281805503103000500')).not.toContain('gs1');
});

test('of a magazine’s two symbols the article number counts', () => {
  expect(read(']E3690102818055912')).toMatchObject([{ kind: 'gtin', digits: '6901028180559' }]);
  expect(read(']E3690102818055912345')).toMatchObject([{ kind: 'gtin', digits: '6901028180559' }]);
});

test('an amount label gives PLU and amount, and may be an article all the same', () => {
  const [label, article] = read('2100123003501');
  expect(label).toEqual({ kind: 'scaleLabel', digits: '2100123003501', plu: '00123', amountFen: 350 });
  expect(article).toMatchObject({ kind: 'gtin', symbology: 'ean13' });
});

test('a weight label gives grams, in kilograms or in jin as the table says', () => {
  expect(read(withCheck('220012302310'))[0]).toMatchObject({ plu: '00123', weightGrams: 2310 });
  expect(read(withCheck('230012302310'))[0]).toMatchObject({ plu: '00123', weightGrams: 1155 });
  expect(read(withCheck('230012302311'))[0]).toMatchObject({ weightGrams: 1156 });
});

test('an 18-digit label gives both', () => {
  expect(read('210012300350005006')[0]).toEqual({
    kind: 'scaleLabel',
    digits: '210012300350005006',
    plu: '00123',
    amountFen: 350,
    weightGrams: 500,
  });
});

test('a label in tenths of a yuan with a PLU of four is read by its row of the table', () => {
  expect(read(withCheck('270123000352'))[0]).toMatchObject({ plu: '0123', amountFen: 3520 });
});

test('a label with a wrong check digit is no label where the table asks for one', () => {
  expect(kinds('2100123003502')).toEqual(['internal', 'wrongCheckDigit']);
  expect(kinds('210012300350005007')).toEqual(['internal', 'wrongCheckDigit']);
  expect(kinds('2100123003502', { scaleLabels: [{ ...amount13, verifyCheck: false }] })[0]).toBe('scaleLabel');
  expect(kinds('2400123003507')[0]).toBe('scaleLabel');
});

test('a prefix that no scale prints is an article', () => expect(kinds(withCheck('280012300350'))).toEqual(['gtin']));

test('a payment code is named and never carried on', () => {
  for (const [digits, channel] of [
    ['134567890123456789', 'wechat'],
    ['281234567890123456', 'alipay'],
    ['301234567890123456789012', 'alipay'],
    ['6212345678901234567', 'unionpay'],
  ] as const) {
    const parsed = parseCode(digits, rules);
    expect(parsed.readings).toMatchObject([{ kind: 'paymentCode', channel }]);
    expect(JSON.stringify(parsed)).not.toContain(digits.slice(2, -2));
  }
});

test('digits that are a label and a payment code are a label first, at the payment prompt a payment code only', () => {
  const digits = withCheck('26001230035000500');
  expect(kinds(digits)).toEqual(['scaleLabel', 'paymentCode']);
  expect(kinds(digits, { atPaymentPrompt: true })).toEqual(['paymentCode']);
});

test('a card is its 13 digits from 98 with the right check digit', () => {
  const card = withCheck('980000001234');
  expect(read(card)[0]).toEqual({ kind: 'cardToken', token: card, form: 'barcode' });
  const wrong = card.slice(0, -1) + String((Number(card.slice(-1)) + 1) % 10);
  expect(kinds(wrong)).toEqual(['internal', 'wrongCheckDigit']);
});

test('a town may give its cards other digits', () => {
  const card = withCheck('970000001234');
  expect(kinds(card)).toEqual(['gtin']);
  expect(kinds(card, { cardPattern: cardPatternOf('97') })).toEqual(['cardToken', 'gtin']);
});

test('a swiped stripe gives its number and nothing behind it', () => {
  expect(read(';6217000012345678=25121010000?')).toEqual([
    { kind: 'cardToken', token: '6217000012345678', form: 'stripe' },
  ]);
  expect(read('%B6217000012345678^SUN/XX^2512101?')).toMatchObject([{ token: '6217000012345678' }]);
  expect(read('%B6217000012345678^SUN/XX^2512101?;9800000012345=2512?')).toMatchObject([{ token: '9800000012345' }]);
  expect(kinds(';E?')).toEqual(['text']);
});

test('a reader types a card in ten digits or its other ways, after any item by them', () => {
  expect(kinds('0040856634')).toEqual(['internal', 'cardToken']);
  expect(kinds('111,27706')).toEqual(['cardToken']);
  expect(kinds('01026f6c3a')).toEqual(['internal', 'cardToken', 'text']);
});

test('codes of the shop, initials and names', () => {
  expect(read('LB000002')).toEqual([
    { kind: 'internal', code: 'LB000002' },
    { kind: 'text', text: 'LB000002' },
  ]);
  expect(kinds('00102')).toEqual(['internal', 'text']);
  expect(read('xhs')).toEqual([{ kind: 'text', text: 'xhs' }]);
  expect(read('西红柿')).toEqual([{ kind: 'text', text: '西红柿' }]);
  expect(read('102')).toEqual([{ kind: 'text', text: '102' }]);
  expect(kinds('x'.repeat(500))).toEqual(['text']);
});

test('any text at all has a reading, and right digits of an article are always an article', () => {
  fc.assert(fc.property(fc.string(), (text) => parseCode(text, rules).readings.length > 0));
  fc.assert(fc.property(fc.stringMatching(/^\d{12}$/), (body) => kinds(withCheck(body)).includes('gtin')));
});

test('one wrong digit is always seen', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{12}$/), fc.nat(12), fc.integer({ min: 1, max: 9 }), (body, at, add) => {
      const digits = withCheck(body).split('');
      digits[at] = String((Number(digits[at]) + add) % 10);
      expect(kinds(digits.join(''), { scaleLabels: [] })).toContain('wrongCheckDigit');
    }),
  );
});

const RUNS = Number(process.env['FUZZ_RUNS'] ?? '300');

/** What comes out of a scanner that is broken, set up wrong, or held to something that is no code of ours. */
const anyScan = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.stringMatching(/^\d{0,40}$/),
  fc.stringMatching(/^[\]%;]?[A-Za-z0-9=^?]{0,40}\??$/),
  fc
    .tuple(fc.stringMatching(/^\d{13}$/), fc.nat(12), fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }))
    .map(([digits, at, put]) => digits.slice(0, at) + put + digits.slice(at + 1)),
);

/** Every table of labels that a policy may hold, also one that no scale prints. */
const anyFormats = fc.array(
  fc.record({
    prefix: fc.stringMatching(/^\d{1,2}$/),
    layout: fc.constantFrom(
      'FFWWWWWEEEEEC',
      'FFWWWWWNNNNNC',
      'FFWWWWWEEEEENNNNNC',
      'FWEEEEEEEEEEEEEEEC',
      'FWNNNNNNNNNNNNNNNO',
      'FFWWWWWWWWWEO',
    ),
    amountDecimals: fc.nat(3),
    weightDecimals: fc.nat(3),
    weightUnit: fc.constantFrom('kg' as const, 'jin' as const),
  }),
  { maxLength: 6 },
);

test('whatever is scanned under whatever table is read without a throw, and an amount is what its digits say', () => {
  fc.assert(
    fc.property(
      anyScan,
      anyFormats,
      fc.boolean(),
      fc.stringMatching(/^\d{1,4}$/),
      (text, scaleLabels, paying, card) => {
        const cardPattern = cardPatternOf(card);
        const parsed = parseCode(text, { scaleLabels, atPaymentPrompt: paying, cardPattern, today: '2026-11-28' });
        expect(parsed.readings.length).toBeGreaterThan(0);
        expect(parsed.text.length).toBeLessThanOrEqual(64);
        const masked = parsed.readings.find((reading) => reading.kind === 'paymentCode');
        // A payment code is money: it goes on in no reading and in no text.
        if (masked !== undefined) expect(parsed.text).toBe(masked.masked);
        for (const reading of parsed.readings) {
          if (reading.kind !== 'scaleLabel') continue;
          const format = scaleLabels.find(
            (one) => one.layout.length === reading.digits.length && reading.digits.startsWith(one.prefix),
          );
          expect(format).toBeDefined();
          for (const [name, letter] of [
            ['amountFen', 'E'],
            ['weightGrams', 'N'],
          ] as const) {
            const value = reading[name];
            if (value === undefined) continue;
            expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
            // No table that could have read these digits makes more of them than they say.
            const most = Math.max(
              ...scaleLabels
                .filter((one) => one.layout.length === reading.digits.length && reading.digits.startsWith(one.prefix))
                .map((one) =>
                  Number(
                    reading.digits
                      .split('')
                      .filter((_, at) => one.layout[at] === letter)
                      .join('') || '0',
                  ),
                ),
            );
            expect(value).toBeLessThanOrEqual(most * 1_000);
          }
        }
      },
    ),
    { numRuns: RUNS },
  );
});

test('a label whose field is longer than any scale prints is no label', () => {
  const long: ScaleLabelFormat = { ...amount13, prefix: '2', layout: 'FWEEEEEEEEEEEEEEEC', amountDecimals: 0 };
  expect(kinds(withCheck('21999999999999999'), { scaleLabels: [long] })).not.toContain('scaleLabel');
});
