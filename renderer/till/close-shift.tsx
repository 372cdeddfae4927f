import { type ReactNode, useEffect, useRef, useState } from 'react';
import { type CountedNotes, DENOMINATIONS_FEN, notesFen } from '../../shared/cash-count.ts';
import { denominationWords } from '../../shared/shift-slip-layout.ts';
import { shortTime, yuan } from '../parts/format.ts';
import { LEVEL, useKeys } from '../parts/keyboard.ts';
import './close-shift.css';
import { keepFocus } from './header.tsx';
import { Numpad } from './numpad.tsx';
import { AmountPage } from './shift-pages.tsx';
import { useTill } from './till.ts';

/** Counted blind: what should be in the drawer is shown only after the count was given. */
export function CloseShiftPage(): ReactNode {
  const { screen, send, show } = useTill();
  const [byNotes, setByNotes] = useState(true);
  /** Kept while the sum is looked at instead: what was counted is not counted again for a key that slipped. */
  const [texts, setTexts] = useState<readonly string[]>(() => DENOMINATIONS_FEN.map(() => ''));
  const { closing, shift } = screen;
  if (shift === null || closing === null) return null;
  const isEvening = closing.shutDown;
  const close = async (countedFen: number, notes: CountedNotes | null): Promise<void> => {
    const counted = { countedFen, ...(notes === null ? {} : { notes }) };
    const answer = await send({ kind: 'closeShift', shift: shift.id, ...counted });
    if (answer.kind === 'done' && !isEvening) show({ kind: 'shiftResult' });
  };
  const title = `${isEvening ? '结账关机' : '交班'} · 第 ${shift.number} 班`;
  const enterLabel = isEvening ? '点好了，结账' : '交班';
  const leave = (): void => void send({ kind: 'dismiss' });
  const leaveLabel = isEvening ? '先不结账' : '先不交班';
  const turn = (): void => setByNotes(!byNotes);
  if (byNotes) {
    return (
      <NotesPage
        title={title}
        enterLabel={enterLabel}
        texts={texts}
        type={setTexts}
        submit={(notes) => void close(notesFen(notes), notes)}
        leave={leave}
        leaveLabel={leaveLabel}
        byTotal={turn}
      />
    );
  }
  return (
    <AmountPage
      title={title}
      lead="请把钱箱里的现金全部点清，输入总数。多了少了都行，差额会记下来。"
      label="现金总数（元）"
      startFen={0}
      blank
      enterLabel={enterLabel}
      facts={<ClosingFacts />}
      submit={(countedFen) => void close(countedFen, null)}
      leave={leave}
      leaveLabel={leaveLabel}
      other={{ label: '按面额点', act: turn }}
    />
  );
}

/** What is left behind; none of it stands in the way. */
function ClosingFacts(): ReactNode {
  const { screen } = useTill();
  const { closing, shift } = screen;
  if (shift === null || closing === null) return null;
  return (
    <ul className="closing-facts">
      <li>
        开班 {shortTime(shift.openedAtMs, screen.status.nowMs)}，本班 <b>{shift.sales}</b> 单
      </li>
      {closing.openLines > 0 && <li className="warn">▲ 还有一单没结（{closing.openLines} 种），单子会留着</li>}
      {closing.held > 0 && <li className="warn">▲ 挂单 {closing.held} 笔，单子会留着</li>}
      {closing.unsent > 0 && <li className="warn">▲ {closing.unsent} 条记录还没上传，联网后自动补传</li>}
    </ul>
  );
}

/** Each sort of note and coin by its number; Enter goes on to the next, and the sum grows along. */
function NotesPage({
  title,
  enterLabel,
  texts,
  type,
  submit,
  leave,
  leaveLabel,
  byTotal,
}: {
  title: string;
  enterLabel: string;
  texts: readonly string[];
  type: (texts: readonly string[]) => void;
  submit: (notes: CountedNotes) => void;
  leave: () => void;
  leaveLabel: string;
  byTotal: () => void;
}): ReactNode {
  const fields = useRef<(HTMLInputElement | null)[]>([]);
  /** The field that the number pad types into. */
  const field = useRef<HTMLInputElement>(null);
  const { say } = useTill();
  useEffect(() => fields.current[0]?.focus(), []);
  const notes: CountedNotes = DENOMINATIONS_FEN.flatMap((valueFen, index) => {
    const count = Number(texts[index] ?? '');
    return count > 0 ? [{ valueFen, count }] : [];
  });
  // A slip of the key that hands over must not record that the drawer was empty; whoever means that types a 0.
  const enter = (): void => {
    if (texts.some((text) => text !== '')) submit(notes);
    else say({ tone: 'warn', text: '还没有点钱。钱箱真是空的，请输一个 0' });
  };
  const go = (steps: number): void => {
    const at = fields.current.indexOf(field.current);
    const next = fields.current[at + steps];
    if (next !== undefined && next !== null) next.focus();
  };
  const isLast = (): boolean => field.current === fields.current[DENOMINATIONS_FEN.length - 1];
  const goOn = (): void => (isLast() ? enter() : go(1));
  useKeys(LEVEL.page, ({ name, repeat }) => {
    switch (name) {
      case 'Enter':
        return repeat ? () => undefined : goOn;
      case '+':
        return enter;
      case 'Down':
        return () => go(1);
      case 'Up':
        return () => go(-1);
      case 'F2':
        return byTotal;
      case 'Esc':
        return leave;
      default:
        return null;
    }
  });
  return (
    <main className="center-page">
      <section className="sheet notes-page">
        <div className="amount-side">
          <h1>{title}</h1>
          <p className="lead">每种面额点几张（几个），没有就空着。多了少了都行，差额会记下来。</p>
          <div className="notes-grid">
            {DENOMINATIONS_FEN.map((valueFen, index) => (
              <label key={valueFen} className="note-row">
                <b>{denominationWords(valueFen)}</b>
                <span aria-hidden="true">×</span>
                <input
                  ref={(input) => {
                    fields.current[index] = input;
                  }}
                  className="field"
                  value={texts[index] ?? ''}
                  aria-label={`${denominationWords(valueFen)} 的张数`}
                  autoComplete="off"
                  inputMode="none"
                  maxLength={5}
                  placeholder="0"
                  onFocus={(event) => {
                    field.current = event.currentTarget;
                    event.currentTarget.select();
                  }}
                  onChange={(event) => type(texts.with(index, event.target.value.replaceAll(/\D/g, '')))}
                />
                <em>{noteAmount(notes, valueFen)}</em>
              </label>
            ))}
          </div>
          <p className="notes-total">
            <span>点出现金</span>
            <output aria-label="点出现金">{yuan(notesFen(notes))}</output>
          </p>
          <ClosingFacts />
          <div className="page-ways">
            <button type="button" className="key wide" onMouseDown={keepFocus} onClick={byTotal}>
              <span>只输总数</span>
              <kbd>F2</kbd>
            </button>
            <button type="button" className="key wide" onMouseDown={keepFocus} onClick={leave}>
              <span>{leaveLabel}</span>
              <kbd>Esc</kbd>
            </button>
          </div>
        </div>
        <div className="notes-hand">
          <Numpad field={field} enter={goOn} enterLabel="下一种" />
          <button type="button" className="pay-key" onMouseDown={keepFocus} onClick={enter}>
            {enterLabel} <kbd>+</kbd>
          </button>
        </div>
      </section>
    </main>
  );
}

function noteAmount(notes: CountedNotes, valueFen: CountedNotes[number]['valueFen']): string {
  const own = notes.filter((note) => note.valueFen === valueFen);
  return own.length === 0 ? '' : yuan(notesFen(own));
}
