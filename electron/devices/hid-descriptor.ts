/** One value of an input report, as the device's own report descriptor (HID 1.11, section 6.2.2) lays it out. */
export type ReportField = Readonly<{
  /** 0 where the device numbers no reports. */
  reportId: number;
  usagePage: number;
  usage: number;
  /** From the first bit behind the report's ID. */
  bitOffset: number;
  bits: number;
}>;

const [TAG_INPUT, TAG_USAGE_PAGE, TAG_REPORT_SIZE, TAG_REPORT_ID, TAG_REPORT_COUNT, TAG_USAGE] = [
  0x80, 0x04, 0x74, 0x84, 0x94, 0x08,
] as const;
const LONG_ITEM = 0xfe;
/** No report of a reader has more values; a descriptor that says so is broken. */
const COUNT_MAX = 4_096;

/** The fields of all input reports. A descriptor that is cut off or broken gives those before the break. */
export function inputFields(descriptor: Uint8Array): ReportField[] {
  const fields: ReportField[] = [];
  const bitsUsed = new Map<number, number>();
  let [usagePage, reportId, bits, count] = [0, 0, 0, 0];
  let usages: number[] = [];
  for (let at = 0; at < descriptor.length; ) {
    const item = descriptor[at] ?? 0;
    if (item === LONG_ITEM) {
      at += 3 + (descriptor[at + 1] ?? 0);
      continue;
    }
    const size = [0, 1, 2, 4][item & 3] ?? 0;
    if (at + 1 + size > descriptor.length) break;
    let value = 0;
    for (let byte = size; byte > 0; byte -= 1) value = value * 256 + (descriptor[at + byte] ?? 0);
    const tag = item & 0xfc;
    if (tag === TAG_USAGE_PAGE) usagePage = value;
    else if (tag === TAG_REPORT_ID) reportId = value;
    else if (tag === TAG_REPORT_SIZE) bits = value;
    else if (tag === TAG_REPORT_COUNT) count = value;
    else if (tag === TAG_USAGE) usages.push(value);
    else if (tag === TAG_INPUT) {
      if (count > COUNT_MAX || bits > 32) break;
      let bitOffset = bitsUsed.get(reportId) ?? 0;
      for (let one = 0; one < count; one += 1, bitOffset += bits) {
        // The last usage stands for all values that have none of their own.
        const usage = usages[Math.min(one, usages.length - 1)] ?? 0;
        const ownPage = usage > 0xffff ? Math.floor(usage / 0x10000) : usagePage;
        fields.push({ reportId, usagePage: ownPage, usage: usage % 0x10000, bitOffset, bits });
      }
      bitsUsed.set(reportId, bitOffset);
    }
    // Usages belong to the main item behind them (types are in bits 2 and 3; 0 is main).
    if ((item & 0x0c) === 0) usages = [];
    at += 1 + size;
  }
  return fields;
}
