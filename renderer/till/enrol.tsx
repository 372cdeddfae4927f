import { type ReactNode, useEffect, useRef, useState } from 'react';
import { type KeyHandler, LEVEL, useKeys } from '../parts/keyboard.ts';
import { enrolFault } from './entry.ts';
import { Frame } from './frame.tsx';
import { keepFocus } from './header.tsx';
import { useTill } from './till.ts';
import './enrol.css';

/** A till that has not joined its town asks for the one-time code and its first manager. */
export function EnrolPage(): ReactNode {
  const enrolment = useEnrolment('first', () => undefined);
  useKeys(LEVEL.page, enrolment.onKey);
  return (
    <main className="center-page">
      <section className="sheet enrol">
        <h1>这台收银机还没有注册</h1>
        <p className="lead">向镇信用办要一次性注册码，填好店长姓名和密码。注册一次就好，以后断网也能收银。</p>
        {enrolment.form}
      </section>
    </main>
  );
}

/** A till that the town no longer knows, such as one whose folder was copied, joins again; its books stay. */
export function EnrolDialog(): ReactNode {
  const { hide } = useTill();
  const enrolment = useEnrolment('again', hide);
  return (
    <Frame title="重新注册" size="narrow" leave={hide} onKey={enrolment.onKey}>
      <p className="lead">镇上现在不认识这台收银机。账本和没上传的记录都还在，照常收银；注册好后自动补传。</p>
      <div className="enrol again">{enrolment.form}</div>
    </Frame>
  );
}

/** The fields and what Enter does in them. The first time a PIN is set, so it is asked twice; later it is only shown. */
function useEnrolment(time: 'first' | 'again', joined: () => void): Readonly<{ form: ReactNode; onKey: KeyHandler }> {
  const { send } = useTill();
  const [code, setCode] = useState('');
  const [managerName, setManagerName] = useState('');
  const [pin, setPin] = useState('');
  const [repeated, setRepeated] = useState('');
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const fault = enrolFault(code, managerName, pin, time === 'first' ? repeated : pin);
  const enter = (): void => {
    if (fault !== null || busy) return;
    setBusy(true);
    void send({ kind: 'enrol', code: code.trim(), managerName: managerName.trim(), managerPin: pin }).then((answer) => {
      setBusy(false);
      if (answer.kind === 'done') joined();
    });
  };
  const onKey: KeyHandler = ({ name, field }) => {
    if (name !== 'Enter') return null;
    return () => {
      const fields = [...document.querySelectorAll<HTMLInputElement>('.enrol input')];
      const next = field === null ? undefined : fields[fields.indexOf(field) + 1];
      if (next === undefined || fault === null) enter();
      else next.focus();
    };
  };
  const pinField = (label: string, value: string, change: (digits: string) => void): ReactNode => (
    <label>
      <span className="field-label">{label}</span>
      <input
        className="field"
        type="password"
        value={value}
        autoComplete="off"
        inputMode="numeric"
        maxLength={6}
        onChange={(event) => change(event.target.value.replaceAll(/\D/g, ''))}
      />
    </label>
  );
  const form = (
    <>
      <label>
        <span className="field-label">注册码</span>
        <input
          ref={first}
          className="field"
          value={code}
          autoComplete="off"
          spellCheck={false}
          maxLength={40}
          onChange={(event) => setCode(event.target.value)}
        />
      </label>
      <label>
        <span className="field-label">店长姓名</span>
        <input
          className="field"
          value={managerName}
          autoComplete="off"
          maxLength={20}
          onChange={(event) => setManagerName(event.target.value)}
        />
      </label>
      {time === 'first' ? (
        <div className="two">
          {pinField('店长密码（4 到 6 位数字）', pin, setPin)}
          {pinField('再输一次', repeated, setRepeated)}
        </div>
      ) : (
        pinField('店长密码', pin, setPin)
      )}
      <p className="field-help">{fault ?? '都填好了，按 Enter 注册'}</p>
      <button
        type="button"
        className="pay-key"
        disabled={fault !== null || busy}
        onMouseDown={keepFocus}
        onClick={enter}
      >
        {busy ? '正在注册' : '注册'} <kbd>Enter</kbd>
      </button>
    </>
  );
  return { form, onKey };
}
