import { App } from 'antd';
import { useRef, useState } from 'react';
import type { TownRefusal } from '../../shared/town-contract.ts';
import { townRefusalWords } from '../back-office/town-words.ts';
import { asked } from './town.ts';

type Given = { kind: 'ok' } | { kind: 'refused'; reason: TownRefusal };

/** Asks the town to do something, once at a time, and says aloud what became of it; null when it was not done. */
export function useTelling(): Readonly<{
  busy: boolean;
  tell: <A extends Given>(call: () => Promise<A>, said: string) => Promise<Extract<A, { kind: 'ok' }> | null>;
}> {
  const { message } = App.useApp();
  const [busy, setBusy] = useState(false);
  const underWay = useRef(false);

  async function tell<A extends Given>(
    call: () => Promise<A>,
    said: string,
  ): Promise<Extract<A, { kind: 'ok' }> | null> {
    if (underWay.current) return null;
    underWay.current = true;
    setBusy(true);
    try {
      const answer = await asked(call());
      if (answer.kind === 'refused') {
        void message.error(`${townRefusalWords[answer.reason]}。`);
        return null;
      }
      if (said !== '') void message.success(said);
      return answer as Extract<A, { kind: 'ok' }>;
    } catch {
      void message.error('服务器没有回答，不知道有没有做成。请刷新后核对，再试一次。', 10);
      return null;
    } finally {
      underWay.current = false;
      setBusy(false);
    }
  }

  return { busy, tell };
}
