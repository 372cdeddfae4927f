import type { BaudRate } from '../../shared/device-set-up.ts';
import { lookBy, type Printer } from './printer.ts';
import { serialLine } from './serial-line.ts';

/** A printer on a serial port, or on USB where it shows as one: the line on which every question can be asked. */
export function serialPrinter(settings: { find: () => Promise<string | null>; baudRate: BaudRate }): Printer {
  const line = serialLine(settings);
  return {
    write: async (bytes) => ((await line.write(bytes)) ? 'written' : 'failed'),
    async look() {
      let isGone = false;
      const look = await lookBy(async (question, isAnswer, timeoutMs) => {
        const reply = await line.ask(question, isAnswer, timeoutMs);
        if (reply === 'gone') isGone = true;
        return reply === 'gone' ? null : reply;
      });
      return isGone ? { state: 'gone', drawerPin: null } : look;
    },
    close: line.close,
  };
}
