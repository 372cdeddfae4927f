import type { ReportField } from './hid-descriptor.ts';

/**
 * The second track of a magnetic stripe in a report of an HID reader, from `;` to `?`. Where it stands is the reader's
 * own affair: its report descriptor says so (usage page 0x8E), MagTek's manuals say so for page 0xFF00, and where nobody
 * does it is looked for by its signs.
 */
export type StripeLayout =
  | Readonly<{ kind: 'fields'; reportId: number; lengthAt: number | null; dataAt: number; dataLength: number }>
  | Readonly<{ kind: 'magtek' }>
  | Readonly<{ kind: 'unknown' }>;

const [PAGE_STRIPE, USAGE_TRACK_2_LENGTH, USAGE_TRACK_2_DATA] = [0x8e, 0x12, 0x22] as const;

/** Of MagTek's report without an ID: state and length of track 2, and where it stands (manual 99875191). */
const MAGTEK = { length: 337, stateAt: 1, lengthAt: 4, dataAt: 117, dataLength: 110 } as const;

/** Where the descriptor puts track 2; `magtek` where it says nothing and the maker's page is in use. */
export function stripeLayout(fields: readonly ReportField[], isMagtek: boolean): StripeLayout {
  const data = fields.filter((one) => one.usagePage === PAGE_STRIPE && one.usage === USAGE_TRACK_2_DATA);
  const [first] = data;
  if (first === undefined || first.bits !== 8 || first.bitOffset % 8 !== 0) {
    return isMagtek ? { kind: 'magtek' } : { kind: 'unknown' };
  }
  const front = first.reportId === 0 ? 0 : 1;
  const length = fields.find(
    (one) =>
      one.usagePage === PAGE_STRIPE &&
      one.usage === USAGE_TRACK_2_LENGTH &&
      one.reportId === first.reportId &&
      one.bits === 8,
  );
  return {
    kind: 'fields',
    reportId: first.reportId,
    lengthAt: length === undefined ? null : length.bitOffset / 8 + front,
    dataAt: first.bitOffset / 8 + front,
    dataLength: data.filter((one) => one.reportId === first.reportId).length,
  };
}

/** Track 2 as the card has it, or null when the report has none that was read whole. */
export function trackTwoOf(report: Uint8Array, layout: StripeLayout): string | null {
  switch (layout.kind) {
    case 'fields': {
      if (layout.reportId !== 0 && report[0] !== layout.reportId) return null;
      const length = layout.lengthAt === null ? layout.dataLength : (report[layout.lengthAt] ?? 0);
      return trackIn(report.subarray(layout.dataAt, layout.dataAt + Math.min(length, layout.dataLength)));
    }
    case 'magtek': {
      if (report.length < MAGTEK.length || ((report[MAGTEK.stateAt] ?? 1) & 1) === 1) return null;
      const length = Math.min(report[MAGTEK.lengthAt] ?? 0, MAGTEK.dataLength);
      return trackIn(report.subarray(MAGTEK.dataAt, MAGTEK.dataAt + length));
    }
    case 'unknown':
      return trackIn(report);
    default:
      return layout satisfies never;
  }
}

/** ISO 7813: at most 40 characters with their signs. */
function trackIn(bytes: Uint8Array): string | null {
  return /;\d{4,19}(?:=\d{0,33})?\?/.exec(String.fromCharCode(...bytes))?.[0] ?? null;
}
