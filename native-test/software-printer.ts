/**
 * The sensors and the memory of a receipt printer in software: it takes bytes as they come, answers the real-time
 * questions at once, also in the middle of a ticket and while it stands still, and keeps the rest as what it was sent.
 */
export type Sensors = {
  cover: 'closed' | 'open';
  paper: 'in' | 'low' | 'out';
  cutter: 'free' | 'jammed';
  drawer: 'shut' | 'open';
  /** Whether a kick opens the drawer. */
  kickOpens: boolean;
  /** Answers nothing at all, answers with bytes that mean nothing, or answers as the manual says. */
  answers: 'never' | 'garbage' | 'well';
};

const FIXED = 0x12;

export function softwarePrinter(sensors: Partial<Sensors> = {}) {
  const now: Sensors = {
    cover: 'closed',
    paper: 'in',
    cutter: 'free',
    drawer: 'shut',
    kickOpens: true,
    answers: 'well',
    ...sensors,
  };
  const taken: number[] = [];
  let question: number[] = [];
  let paperLastsFor = Number.POSITIVE_INFINITY;

  const standsStill = (): boolean => now.cover === 'open' || now.paper === 'out' || now.cutter === 'jammed';
  const replyTo = (n: number): number => {
    switch (n) {
      case 1:
        return FIXED | (standsStill() ? 0x08 : 0) | (now.drawer === 'open' ? 0x04 : 0);
      case 2:
        return FIXED | (now.cover === 'open' ? 0x04 : 0) | (now.paper === 'out' ? 0x20 : 0);
      case 3:
        return FIXED | (now.cutter === 'jammed' ? 0x08 : 0);
      case 4:
        return FIXED | (now.paper === 'in' ? 0 : 0x0c) | (now.paper === 'out' ? 0x60 : 0);
      default:
        throw new Error(`unknown question ${n}`);
    }
  };

  /** One byte; answers what the printer says to it, if anything. */
  const takeByte = (byte: number): number[] => {
    question.push(byte);
    if (question[0] === 0x10 && (question.length === 1 || (question.length === 2 && byte === 0x04))) return [];
    if (question.length === 3 && question[0] === 0x10) {
      question = [];
      if (now.answers === 'never') return [];
      return now.answers === 'garbage' ? [0xff, 0x00, 0x81] : [replyTo(byte)];
    }
    taken.push(...question);
    question = [];
    const [escape, kick] = taken.slice(-5);
    if (escape === 0x1b && kick === 0x70 && now.kickOpens) now.drawer = 'open';
    if (taken.length >= paperLastsFor) now.paper = 'out';
    return [];
  };

  return {
    sensors: now,
    take: (bytes: Uint8Array): Uint8Array => Uint8Array.from([...bytes].flatMap(takeByte)),
    /** How many bytes there are to print. */
    waiting: (): number => taken.length,
    /** What was sent to be printed since it was last asked. */
    printed: (): Uint8Array => Uint8Array.from(taken.splice(0)),
    /** The roll ends after so many bytes from now. */
    runOutAfter: (bytes: number): void => {
      paperLastsFor = taken.length + bytes;
    },
    newRoll: (): void => {
      now.paper = 'in';
      paperLastsFor = Number.POSITIVE_INFINITY;
    },
  };
}

export type SoftwarePrinter = ReturnType<typeof softwarePrinter>;
