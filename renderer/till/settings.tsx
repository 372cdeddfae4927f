import { type ReactNode, useEffect, useRef, useState } from 'react';
import {
  assignKey,
  type Counter,
  type CounterFunction,
  counterFunctions,
  defaultKeys,
  keyWords,
  pressedKey,
} from '../../shared/counter.ts';
import { functionWords } from '../../shared/words.ts';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { KeyButton } from './key-button.tsx';
import { useTill } from './till.ts';
import './settings.css';

/** What stands in the way of a key, until the next key decides. */
type Clash = Readonly<{ key: string; by: CounterFunction; swapped: Counter['keys'] }>;

const COLUMNS = 3;

/** Which key does what, how large the letters are and whether it sounds: kept by this till, at once. */
export function SettingsDialog(): ReactNode {
  const { hide, send, say, screen, keys } = useTill();
  const { counter } = screen;
  const [picked, setPicked] = useState(0);
  /** The function that waits for its new key. */
  const [waiting, setWaiting] = useState<CounterFunction | null>(null);
  const [clash, setClash] = useState<Clash | null>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[picked]?.scrollIntoView({ block: 'nearest' });
  }, [picked]);
  const save = (change: Partial<Counter>): void =>
    void send({ kind: 'saveCounter', counter: { ...counter, ...change } });
  const wait = (which: CounterFunction): void => {
    setWaiting(which);
    setClash(null);
    setPicked(counterFunctions.indexOf(which));
  };
  const rest = (): void => {
    setWaiting(null);
    setClash(null);
  };
  const give = (which: CounterFunction, key: string): void => {
    if (clash?.key === key) {
      save({ keys: clash.swapped });
      rest();
      return;
    }
    const assigned = assignKey(counter.keys, which, key);
    switch (assigned.kind) {
      case 'assigned':
        save({ keys: assigned.keys });
        rest();
        return;
      case 'taken':
        setClash({ key, by: assigned.by, swapped: assigned.swapped });
        return;
      case 'fixed':
        say({ tone: 'warn', text: '这个键不能用：数字、字母、Enter、Esc 和方向键另有用处' });
    }
  };
  const move = (by: number): void => setPicked((at) => Math.max(0, Math.min(counterFunctions.length - 1, at + by)));
  const reset = (): void => {
    save({ keys: {} });
    rest();
  };
  const large = (): void => save({ largeType: !counter.largeType });
  const mute = (): void => save({ muted: !counter.muted });
  return (
    <Frame
      title="按键、字号、声音"
      size="wide"
      leave={hide}
      aside={<small className="dialog-note">只改这一台收银机，改了马上生效</small>}
      onKey={({ name, shift, repeat }) => {
        if (waiting !== null) {
          if (name === 'Esc') return rest;
          return repeat ? () => undefined : () => give(waiting, pressedKey(name, shift));
        }
        switch (name) {
          case 'Up':
            return () => move(-COLUMNS);
          case 'Down':
            return () => move(COLUMNS);
          case 'Left':
            return () => move(-1);
          case 'Right':
            return () => move(1);
          case 'Enter':
            return repeat
              ? () => undefined
              : () => {
                  const which = counterFunctions[picked];
                  if (which !== undefined) wait(which);
                };
          case 'd':
            return large;
          case 's':
            return mute;
          case 'r':
            return reset;
          default:
            return null;
        }
      }}
      onScan={() => {
        say({ tone: 'warn', text: '正在改按键，扫码没有加入。按 Esc 关上后再扫。' });
        return true;
      }}
    >
      <div className="settings">
        <div className="settings-say" data-waiting={waiting !== null} data-clash={clash !== null} aria-live="polite">
          {waiting === null && '选一项功能（方向键、Enter，或点一下），再按要用的新键'}
          {waiting !== null && clash === null && (
            <>
              请按“<b>{functionWords[waiting]}</b>”的新键；按 <kbd>Esc</kbd> 不改
            </>
          )}
          {waiting !== null && clash !== null && (
            <>
              ▲ <kbd>{keyWords(clash.key)}</kbd> 现在是“<b>{functionWords[clash.by]}</b>”。再按一次就对调，按{' '}
              <kbd>Esc</kbd> 不改
            </>
          )}
        </div>
        <div className="settings-keys" ref={list} role="listbox" aria-label="功能和按键">
          {counterFunctions.map((which, index) => (
            <button
              type="button"
              key={which}
              role="option"
              aria-selected={index === picked}
              className="option settings-key"
              data-waiting={waiting === which}
              onMouseDown={keepFocus}
              onClick={() => wait(which)}
            >
              <span>
                {functionWords[which]}
                {keys[which] !== defaultKeys[which] && <small>原来是 {keyWords(defaultKeys[which])}</small>}
              </span>
              <kbd>{waiting === which ? '?' : keyWords(keys[which])}</kbd>
            </button>
          ))}
        </div>
        <div className="settings-more">
          <KeyButton label={counter.largeType ? '大字：开着，改回普通' : '大字：关着，改成大字'} keys="D" act={large} />
          <KeyButton label={counter.muted ? '声音：静音，打开' : '声音：开着，静音'} keys="S" act={mute} />
          <KeyButton label="按键恢复原样" keys="R" act={Object.keys(counter.keys).length === 0 ? undefined : reset} />
        </div>
      </div>
    </Frame>
  );
}
