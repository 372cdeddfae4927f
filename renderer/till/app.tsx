import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { functionOf, keysOf, pressedKey } from '../../shared/counter.ts';
import { CODE_CHARACTERS_MAX } from '../../shared/wedge.ts';
import type { Command, Screen } from '../../shared/till-contract.ts';
import { type LinkState, type SendAnswer, useLink, useScreen } from '../parts/connection.ts';
import { LEVEL, setWedge, useKeys } from '../parts/keyboard.ts';
import { useSaid } from '../parts/speaker.ts';
import { DialogLayer } from './dialogs.tsx';
import { Header, offersMore } from './header.tsx';
import { later } from './later.tsx';
import { NoticeToast } from './notice.tsx';
import { PaidPage } from './paid.tsx';
import { PayDialog } from './pay.tsx';
import { PinPrompt } from './pin.tsx';
import { SellingPage } from './selling.tsx';
import { LockedPage, OpenShiftPage, SignInPage } from './shift-pages.tsx';
import { StoppedPage } from './stopped.tsx';
import { type Approvable, connection, type Dialog, notices, speaker, type Till, TillContext } from './till.ts';

// What a sale does not need comes after the page.
const DemoStrip = later(
  async () => (await import('./demo-strip.tsx')).DemoStrip,
  () => null,
);
const EnrolPage = later(
  async () => (await import('./enrol.tsx')).EnrolPage,
  () => null,
);
const CloseShiftPage = later(
  async () => (await import('./close-shift.tsx')).CloseShiftPage,
  () => null,
);
const EveningPage = later(
  async () => (await import('./evening.tsx')).EveningPage,
  () => null,
);
const PracticeBar = later(
  async () => (await import('../parts/practice-bar.tsx')).PracticeBar,
  () => <div className="practice-bar">练习中 · 不算数</div>,
);

export function App(): ReactNode {
  const screen = useScreen(connection);
  const link = useLink(connection);
  if (screen === null) return <Waiting link={link} />;
  // Nothing that stood on the page of the one is left on the page of the other.
  return <TillPage key={screen.practice ? 'practice' : 'till'} screen={screen} link={link} />;
}

function Waiting({ link }: { link: LinkState }): ReactNode {
  return (
    <main className="waiting" aria-live="polite">
      <div className="spinner" aria-hidden="true" />
      <h1>{link === 'lost' ? '正在重新连接收银程序' : '正在打开收银台'}</h1>
      <p>稍等片刻。没结完的单都保存着，连上后接着收。</p>
    </main>
  );
}

/** A prompt for a second person's PIN or staff card, and whoever waits for its outcome. */
type Asking = Readonly<{ what: string; make: Approvable; done: (answer: SendAnswer) => void }>;

function TillPage({ screen, link }: { screen: Screen; link: LinkState }): ReactNode {
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const phase = useRef(screen.phase);

  // A dialog belongs to the page it was opened on; the count of a closed shift is the one that outlives it.
  useEffect(() => {
    if (phase.current === screen.phase) return;
    phase.current = screen.phase;
    setDialog((open) => (open?.kind === 'shiftResult' ? open : null));
    setAsking(null);
  }, [screen.phase]);
  // What a scanner on a cable rings up below a dialog is what a cashier wants to see, as it is after a burst of keys.
  const { id, pieces, lines, member, choices, weighing, cardWaiting } = screen.sale;
  const goods = JSON.stringify([id, pieces, lines.length, choices.length, weighing?.item]);
  const card = JSON.stringify([member?.id, cardWaiting]);
  const before = useRef({ goods, card });
  useEffect(() => {
    const isGoods = before.current.goods !== goods;
    if (!isGoods && before.current.card === card) return;
    before.current = { goods, card };
    // 查积分 waits for the card.
    setDialog((open) => (open?.kind === 'shiftResult' || (open?.kind === 'points' && !isGoods) ? open : null));
  }, [goods, card]);
  // What went well below a dialog is no news above it.
  useEffect(() => {
    if (dialog !== null || screen.phase === 'paying') notices.clear('calm');
  }, [dialog, screen.phase]);

  const sendApproved = useCallback(async (make: Approvable, what: string): Promise<SendAnswer> => {
    const answer = await connection.send(make(null));
    if (answer.kind !== 'refused' || (answer.reason !== 'needsManager' && answer.reason !== 'managerOnly')) {
      sayAnswer(answer);
      return answer;
    }
    notices.ring('manager');
    return new Promise((done) => setAsking({ what, make, done }));
  }, []);
  const hide = useCallback(() => setDialog(null), []);
  // Kept while nobody changes it, so that what shows keys is not drawn again with every scan.
  const changedKeys = screen.counter.keys;
  const keys = useMemo(() => keysOf(changedKeys), [changedKeys]);
  const { prefix, suffix } = screen.counter.wedge;
  useEffect(() => setWedge({ prefix, suffix }), [prefix, suffix]);
  const till = useMemo<Till>(
    () => ({
      screen,
      send,
      sendApproved,
      say: notices.say,
      dialog,
      show: setDialog,
      hide,
      keys,
    }),
    [screen, sendApproved, hide, dialog, keys],
  );

  // The layer below all others: a scan goes to the core from wherever no dialog wants it, and the keys that the header
  // shows do what they say on every page.
  useKeys(
    LEVEL.base,
    ({ name, shift }) => {
      const which = name.length > 1 && screen.phase !== 'stopped' ? functionOf(keys, pressedKey(name, shift)) : null;
      const opens = which === 'help' || which === 'status' || (which === 'more' && offersMore(screen));
      return opens ? () => setDialog({ kind: which }) : null;
    },
    (code) => {
      scanNow(code);
      setDialog(null);
      return true;
    },
    'sells',
  );

  const covered = dialog !== null || asking !== null || screen.phase !== 'selling';
  return (
    <TillContext.Provider value={till}>
      <div
        className="page"
        data-phase={screen.phase}
        data-large={screen.counter.largeType}
        data-practice={screen.practice}
      >
        <Header link={link} show={setDialog} />
        {screen.practice && <PracticeBar leave={() => void send({ kind: 'endPractice' })} />}
        <div className="stage">
          {phasePage(screen)}
          {screen.phase === 'paying' && <PayDialog />}
          {dialog !== null && <DialogLayer key={JSON.stringify(dialog)} dialog={dialog} />}
          {asking !== null && (
            <PinPrompt
              what={asking.what}
              submit={async (approval) => {
                const answer = await connection.send(asking.make(approval));
                if (answer.kind === 'refused' && ASKED_AGAIN.includes(answer.reason)) return answer;
                setAsking(null);
                sayAnswer(answer);
                asking.done(answer);
                return null;
              }}
              leave={() => {
                setAsking(null);
                asking.done({ kind: 'refused', reason: 'needsManager' });
              }}
            />
          )}
          {covered && (
            <NoticeToast except={screen.phase === 'signIn' || screen.phase === 'locked' ? SAID_BY_THE_FIELD : []} />
          )}
        </div>
        {screen.demo && <DemoStrip send={send} />}
        <Said />
        {link !== 'open' && (
          <div className="reconnecting" role="status">
            <span className="spinner small" aria-hidden="true" />
            正在重新连接，单子都在，请稍等。一直连不上，请关掉收银台再打开
          </div>
        )}
      </div>
    </TillContext.Provider>
  );
}

/** What is said to the customer aloud, for who has the page read to them. */
function Said(): ReactNode {
  return (
    <p className="visually-hidden" role="log" aria-live="polite" aria-label="语音">
      {useSaid(speaker)}
    </p>
  );
}

function phasePage(screen: Screen): ReactNode {
  switch (screen.phase) {
    case 'enrol':
      return <EnrolPage />;
    case 'signIn':
      return <SignInPage />;
    case 'locked':
      return <LockedPage />;
    case 'openShift':
      return <OpenShiftPage />;
    case 'closeShift':
      return <CloseShiftPage />;
    case 'evening':
      return <EveningPage />;
    case 'stopped':
      return <StoppedPage />;
    case 'paid':
      return <PaidPage />;
    case 'selling':
    case 'paying':
      return <SellingPage />;
    default:
      return assertNever(screen.phase);
  }
}

/** Whoever was not let through may try once more. */
const ASKED_AGAIN: readonly string[] = ['wrongPin', 'pinWait', 'needsManager', 'staffCardUnknown'];

/** The PIN's own field says these two. */
const SAID_BY_THE_FIELD: readonly string[] = ['wrongPin', 'pinWait'];

async function send(command: Command, quiet?: 'quiet'): Promise<SendAnswer> {
  const answer = await connection.send(command);
  if (quiet === undefined) sayAnswer(answer);
  return answer;
}

/** The screen that a command makes may come this much behind its answer. */
const SCREEN_BEHIND_ANSWER_MS = 100;

/**
 * Nothing goes before the command, nor between its answer and its screen, because the screen would wait for the frame
 * after: what was said of the scan before this one goes with the screen, which nearly always says something new.
 */
function scanNow(code: string): void {
  // A poster's or a health code's text is said to be none, and not passed over in silence.
  if (code.length > CODE_CHARACTERS_MAX) return notices.say({ tone: 'bad', text: 'codeTooLong' });
  const before = notices.shown();
  void connection.scan(code).then((answer) => {
    sayAnswer(answer);
    setTimeout(() => {
      if (notices.shown() === before) notices.clear();
    }, SCREEN_BEHIND_ANSWER_MS);
  });
}

function sayAnswer(answer: SendAnswer): void {
  switch (answer.kind) {
    case 'done':
      return;
    case 'refused':
      notices.say({ tone: 'bad', text: answer.reason, values: answer.detail ?? {} });
      return;
    case 'unreachable':
      notices.say({ tone: 'warn', text: '没有连上收银程序，这一步没有做，请稍后再按一次' });
      return;
    default:
      assertNever(answer);
  }
}
