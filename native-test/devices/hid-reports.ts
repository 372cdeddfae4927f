/**
 * Reports as HID devices send them, with the ID in front. All of them are SYNTHETIC: built from the tables in the
 * manuals named here, not recorded on a device.
 */
export type ReportSource = Readonly<{ source: string; synthetic: true }>;

const padded = (bytes: readonly number[], length: number): number[] => [
  ...bytes,
  ...Array.from({ length: length - bytes.length }, () => 0),
];
const ascii = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));

/** With the AIM identifier before the data. */
export const aimScanner = {
  source: 'Access-IS LSR118 manual p. 68 (layout as Honeywell)',
  synthetic: true,
  report: (aim: string, data: string, goesOn = false): Uint8Array =>
    Uint8Array.from([...padded([0x02, data.length, ...ascii(aim), ...ascii(data)], 61), 0x64, 0, goesOn ? 1 : 0]),
} as const;

/** One byte later, behind one that says nothing. */
export const laterAimScanner = {
  source: '@point-of-sale/webhid-barcode-scanner 1.2.2, which looks for the identifier at two places (Zebra)',
  synthetic: true,
  report: (aim: string, data: string, goesOn = false): Uint8Array =>
    Uint8Array.from([...padded([0x02, data.length, 0, ...ascii(aim), ...ascii(data)], 63), goesOn ? 1 : 0]),
} as const;

/** Without. */
export const plainScanner = {
  source: 'Newland NLS-FM420 guide p. 47',
  synthetic: true,
  report: (data: string, goesOn = false): Uint8Array =>
    Uint8Array.from([...padded([0x02, data.length, ...ascii(data)], 62), 0x64, goesOn ? 1 : 0]),
} as const;

/** 337 bytes without an ID: states and lengths of three tracks, then 110 bytes for each. */
export const magtekReader = {
  source: 'MagTek 99875191, manualsdir 413771 p. 21',
  synthetic: true,
  report: (track2: string, isWrong = false): Uint8Array =>
    Uint8Array.from([
      // States of the three tracks, their lengths, the kind of card.
      0,
      isWrong ? 1 : 0,
      0,
      0,
      isWrong ? 0 : track2.length,
      0,
      0,
      ...padded([], 110),
      ...padded(ascii(track2), 110),
      ...padded([], 110),
    ]),
} as const;

/** A reader of usage page 0x8E: ID 1, the lengths of tracks 1 to 3, then their data. */
export const stripeReader = {
  source: 'usages of USB-IF POS 1.02, laid out by a descriptor of our own',
  synthetic: true,
  descriptor: Uint8Array.from(
    Buffer.from('068e000901a10185017508950309110912091381029520092181020922810209238102c0', 'hex'),
  ),
  report: (track2: string): Uint8Array =>
    Uint8Array.from([
      1,
      0,
      track2.length,
      0,
      ...padded(ascii(';111?'), 32),
      ...padded(ascii(track2), 32),
      ...padded([], 32),
    ]),
} as const;

export const usbScale = {
  source: 'Dymo and Stamps.com reports of usage page 0x8D (public tables)',
  synthetic: true,
  report: (state: number, grams: number): Uint8Array =>
    Uint8Array.of(3, state, 2, 0, grams % 256, Math.floor(grams / 256)),
} as const;
