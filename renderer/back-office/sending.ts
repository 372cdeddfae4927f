import { App } from 'antd';
import { useRef, useState } from 'react';
import { assertNever } from '../../shared/assert.ts';
import type { Command, RefusalReason } from '../../shared/till-contract.ts';
import { wordsOf } from '../../shared/words.ts';
import { core } from './core.ts';

/** `lost` is no answer at all: whether it was done is not known, and the same id makes asking again harmless. */
export type Outcome =
  | Readonly<{ kind: 'done' }>
  | Readonly<{ kind: 'refused'; reason: RefusalReason }>
  | Readonly<{ kind: 'lost' }>;

export type Sending = Readonly<{ busy: boolean; run: (command: Command, said?: string) => Promise<Outcome> }>;

/**
 * Sends a command, one at a time, and says aloud what became of it. `said` is what to say when it is done; a second
 * press while the first is on its way does nothing.
 */
export function useSending(): Sending {
  const { message } = App.useApp();
  const [busy, setBusy] = useState(false);
  const underWay = useRef(false);

  async function run(command: Command, said?: string): Promise<Outcome> {
    if (underWay.current) return { kind: 'lost' };
    underWay.current = true;
    setBusy(true);
    const answer = await core.send(command);
    underWay.current = false;
    setBusy(false);
    switch (answer.kind) {
      case 'done':
        if (said !== undefined) void message.success(said);
        return answer;
      case 'refused':
        void message.error(`${lineWords(answer.detail?.line)}${wordsOf(answer.reason, answer.detail)}`);
        return answer;
      case 'unreachable':
        void message.error('没有收到收银机的回答，不知道有没有记上。再按一次是安全的：同一张单不会记两次。', 10);
        return { kind: 'lost' };
      default:
        return assertNever(answer);
    }
  }

  return { busy, run };
}

/** Which line of a document the core stumbled over, counted as people count. */
function lineWords(line: number | undefined): string {
  return line === undefined ? '' : `第 ${line + 1} 行：`;
}
