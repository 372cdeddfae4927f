import { areApart, type Counter, defaultCounter } from '../../shared/counter.ts';
import { type Answer, type Command, counterSchema } from '../../shared/till-contract.ts';
import type { Ledger } from './ledger/ledger.ts';
import { done, refuse } from './till.ts';

const NAME = 'counter';

/** How this till is set up for the hands at it; read once, because every screen carries it. */
export function createCounterSettings(ledger: Ledger) {
  let counter = read(ledger);
  return {
    now: (): Counter => counter,
    save: (command: Extract<Command, { kind: 'saveCounter' }>): Answer => {
      // A function without a key of its own could not be reached by who has no mouse.
      if (!areApart(command.counter.keys)) return refuse('badInput');
      ledger.setSetting(NAME, JSON.stringify(command.counter));
      counter = command.counter;
      return done;
    },
  };
}

/** What a newer or an older program left there and this one does not understand is as if it was never set. */
function read(ledger: Ledger): Counter {
  try {
    const parsed = counterSchema.safeParse(JSON.parse(ledger.setting(NAME) ?? 'null'));
    return parsed.success && areApart(parsed.data.keys) ? parsed.data : defaultCounter;
  } catch {
    return defaultCounter;
  }
}
