import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Input } from 'antd';
import { useState } from 'react';
import {
  cardNumberBy,
  type CardRule,
  type CardSample,
  learnCardRule,
  writeCardNumber,
} from '../../shared/card-number.ts';
import type {
  BaudRate,
  CardReaderSettings,
  FoundDevice,
  ScaleSettings,
  ScannerSettings,
} from '../../shared/device-set-up.ts';
import { scaleWords } from '../../shared/device-words.ts';
import { formatWeight } from '../../shared/quantity.ts';
import type { TriedCard as TriedCardAnswer } from '../../shared/till-contract.ts';
import { wordsOf } from '../../shared/words.ts';
import { core } from './core.ts';
import { BAUDS, Choice, Field, FoundList, HeardList, identityWords, isSame, TypedPort } from './device-parts.tsx';
import { OtherState } from './device-outputs.tsx';
import type { DevicePart } from './device-section.tsx';
import { WedgeForm } from './device-wedge.tsx';
import { useSending } from './sending.ts';

const ENDINGS = [
  ['cr', '回车 CR（多数）'],
  ['crlf', '回车换行 CRLF'],
  ['lf', '换行 LF'],
  ['none', '没有结尾'],
] as const;

/** A device that was chosen, and the way to let go of it. */
function Chosen({
  name,
  drop,
  children,
}: Readonly<{ name: string; drop: () => void; children?: React.ReactNode }>): React.JSX.Element {
  return (
    <div className="found">
      <span>
        <b>{name}</b>
        {children}
      </span>
      <Button onClick={drop}>不用了</Button>
    </div>
  );
}

type SerialScanner = Extract<ScannerSettings, { kind: 'serial' }>;

export function ScannerForm({ screen, view, found, change, scanned }: DevicePart): React.JSX.Element {
  const { scanners } = view.settings;
  const fitting = found.devices.filter(
    ({ line, proposal }) => (line === 'hid' && proposal === 'scanner') || line === 'serial',
  );
  const choose = ({ line, identity }: Pick<FoundDevice, 'line' | 'identity'>): void => {
    const scanner: ScannerSettings =
      line === 'hid' ? { kind: 'hid', identity } : { kind: 'serial', identity, baudRate: 9_600, ending: 'cr' };
    change({ scanners: [...scanners, scanner] });
  };
  return (
    <div className="device">
      <div className="sheet">
        <h3>已选用</h3>
        {scanners.length === 0 ? <p className="muted">没有。键盘模式的枪插上就能用，不用在这里选。</p> : null}
        {scanners.map((scanner, index) => (
          <Chosen
            key={identityWords(scanner.identity)}
            name={scanner.kind === 'hid' ? 'HID-POS 扫码枪' : '串口扫码枪'}
            drop={() => change({ scanners: scanners.filter((_, at) => at !== index) })}
          >
            <div className="small muted">{identityWords(scanner.identity)}</div>
            {scanner.kind === 'serial' ? (
              <SerialScannerForm
                scanner={scanner}
                save={(next) => change({ scanners: scanners.map((one, at) => (at === index ? next : one)) })}
              />
            ) : null}
          </Chosen>
        ))}
        <h3>插着的</h3>
        <FoundList
          devices={fitting}
          isChosen={({ identity }) => scanners.some((one) => isSame(one.identity, identity))}
          choose={choose}
          none="没有找到 HID-POS 或串口的枪。用枪的说明书里的设置条码切到这两种之一，再“重新找一遍”。"
        />
        <TypedPort choose={(identity) => choose({ line: 'serial', identity })} />
        <WedgeForm screen={screen} />
      </div>
      <div className="sheet">
        <h3>现在</h3>
        <OtherState screen={screen} role="scanner" none="没有选用扫码枪。" />
        <HeardList heard={view.heard} role="scanner" ask="扫一下任何商品，这里显示收到的码和每个字节。" />
        {scanned === '' ? null : <p className="state">刚才收到：{scanned}</p>}
      </div>
    </div>
  );
}

/** How a serial scanner was set up by its own bar codes; what is chosen works at once. */
function SerialScannerForm({
  scanner,
  save,
}: Readonly<{ scanner: SerialScanner; save: (next: SerialScanner) => void }>): React.JSX.Element {
  return (
    <div className="fields">
      <Field label="码的结尾">
        <Choice value={scanner.ending} options={ENDINGS} pick={(ending) => save({ ...scanner, ending })} />
      </Field>
      <Field label="波特率">
        <Choice<BaudRate>
          value={scanner.baudRate}
          options={BAUDS}
          pick={(baudRate) => save({ ...scanner, baudRate })}
        />
      </Field>
    </div>
  );
}

export function ReaderForm({ screen, view, found, change, cardRead }: DevicePart): React.JSX.Element {
  const { cardReaders } = view.settings;
  const fitting = found.devices.filter(({ proposal }) => proposal === 'stripeReader' || proposal === 'cardReader');
  const choose = ({ line, identity }: FoundDevice): void => {
    const reader: CardReaderSettings =
      line === 'pcsc'
        ? { kind: 'pcsc', reader: identity.path ?? '', reading: { kind: 'uid' } }
        : { kind: 'stripe', identity };
    change({ cardReaders: [...cardReaders, reader] });
  };
  const isChosen = ({ identity }: FoundDevice): boolean =>
    cardReaders.some((one) => (one.kind === 'pcsc' ? one.reader === identity.path : isSame(one.identity, identity)));
  return (
    <div className="device">
      <div className="sheet">
        <h3>已选用</h3>
        {cardReaders.length === 0 ? (
          <p className="muted">没有。像键盘一样打出号码的“免驱”读卡器不用在这里选。</p>
        ) : null}
        {cardReaders.map((reader, index) => (
          <Chosen
            key={reader.kind === 'pcsc' ? reader.reader : identityWords(reader.identity)}
            name={reader.kind === 'pcsc' ? 'PC/SC 读卡器' : '磁条读卡器'}
            drop={() => change({ cardReaders: cardReaders.filter((_, at) => at !== index) })}
          >
            <div className="small muted">{reader.kind === 'pcsc' ? reader.reader : identityWords(reader.identity)}</div>
            {reader.kind === 'pcsc' ? (
              <ReadingForm
                reader={reader}
                save={(next) => change({ cardReaders: cardReaders.map((one, at) => (at === index ? next : one)) })}
              />
            ) : null}
          </Chosen>
        ))}
        <h3>插着的</h3>
        <FoundList devices={fitting} isChosen={isChosen} choose={choose} none="没有找到磁条（HID）或 PC/SC 读卡器。" />
      </div>
      <div className="sheet">
        <h3>现在</h3>
        <OtherState screen={screen} role="cardReader" none="没有选用读卡器。" />
        <TriedCard screen={screen} code={cardRead} />
        <LearnCard screen={screen} last={cardRead} />
        <HeardList heard={view.heard} role="cardReader" ask="选用的读卡器发来的每个字节会列在这里。" />
      </div>
    </div>
  );
}

/** What the last card is for this till; it is only shown, and comes to no sale. */
function TriedCard({ screen, code }: Readonly<{ screen: DevicePart['screen']; code: string }>): React.JSX.Element {
  const tried = useQuery({
    queryKey: ['tryCard', code, screen.counter.cardNumber],
    queryFn: () => core.client().tryCard({ code }),
    enabled: code !== '',
    networkMode: 'always',
    gcTime: 0,
  });
  if (code === '') return <p className="state">试读卡：刷一张卡。这里只看不收，不会刷进收银台的单子。</p>;
  const found = tried.data ?? null;
  const known = found === null ? '' : (found.member ?? refusedWords(found.refusal));
  return (
    <p className="state" aria-live="polite">
      读到 {code}
      {found === null || found.number === code ? '' : `，换算成 ${found.number}`}
      <small>{found?.member === null || found === null ? known : `是会员 ${known} 的卡，能用。`}</small>
    </p>
  );
}

/** The words at the sale are for a customer who waits; here somebody sets a reader up. */
function refusedWords(reason: TriedCardAnswer['refusal']): string {
  if (reason === null) return '';
  if (reason === 'cardUnknown') return '店里没有这个号码的会员卡。和卡面上印的不一样，就在下面教它。';
  return reason === 'staffCardHere' ? '是员工卡。' : wordsOf(reason);
}

type ChipReader = Extract<CardReaderSettings, { kind: 'pcsc' }>;

/** What of a chip card is read: its UID, or the number in a block behind a key. */
function ReadingForm({
  reader,
  save,
}: Readonly<{ reader: ChipReader; save: (next: ChipReader) => void }>): React.JSX.Element {
  const { reading } = reader;
  const [block, setBlock] = useState(reading.kind === 'block' ? String(reading.block) : '4');
  const [key, setKey] = useState(reading.kind === 'block' ? reading.key : 'FFFFFFFFFFFF');
  const isGood = /^\d{1,3}$/.test(block) && Number(block) <= 255 && /^[0-9a-fA-F]{12}$/.test(key);
  return (
    <div className="pair" style={{ marginTop: 6 }}>
      <Button
        type={reading.kind === 'uid' ? 'primary' : 'default'}
        onClick={() => save({ ...reader, reading: { kind: 'uid' } })}
      >
        读 UID
      </Button>
      <Button
        type={reading.kind === 'block' ? 'primary' : 'default'}
        disabled={!isGood}
        onClick={() => save({ ...reader, reading: { kind: 'block', block: Number(block), key, keyKind: 'A' } })}
      >
        读第
      </Button>
      <Input aria-label="块号" style={{ width: 60 }} value={block} onChange={(event) => setBlock(event.target.value)} />
      <span>块，密钥 A</span>
      <Input aria-label="密钥" style={{ width: 140 }} value={key} onChange={(event) => setKey(event.target.value)} />
    </div>
  );
}

/** A card whose bytes show in every format what a rule makes of them. */
const EXAMPLE_CARD = Uint8Array.of(0x04, 0xa1, 0x01, 0x02, 0x6f, 0x6c, 0x3a);

function ruleWords(rule: CardRule): string {
  const read = writeCardNumber(EXAMPLE_CARD, rule.reads) ?? '';
  return `已学会：读卡器读出 ${read} 这样的号码，换算成 ${cardNumberBy(rule, read) ?? ''} 这样的去找会员。`;
}

/** One card held to the reader and its printed number typed: so the till learns how this reader writes numbers. */
function LearnCard({ screen, last }: Readonly<{ screen: DevicePart['screen']; last: string }>): React.JSX.Element {
  const sending = useSending();
  const [typed, setTyped] = useState('');
  const [printed, setPrinted] = useState('');
  const [samples, setSamples] = useState<readonly CardSample[]>([]);
  const read = typed === '' ? last : typed;
  const learned = samples.length === 0 ? null : learnCardRule(samples);
  const keep = (cardNumber: CardRule | null, said: string) =>
    sending.run({ kind: 'saveCounter', counter: { ...screen.counter, cardNumber } }, said);
  const learn = async (): Promise<void> => {
    const next = [...samples, { read, printed: printed.trim() }];
    const found = learnCardRule(next);
    setTyped('');
    setPrinted('');
    // What was learned is done with; the next reader that is taught begins afresh.
    setSamples(found.kind === 'found' ? [] : next);
    if (found.kind !== 'found') return;
    await keep(found.rule === 'asRead' ? null : found.rule, '已学会这种读卡器的号码');
  };
  return (
    <>
      <h3>学卡号</h3>
      {screen.counter.cardNumber === null ? (
        <p className="small muted">
          现在读出什么就按什么找会员。卡面上印的号码和读出来的不一样，就教它一次：刷卡，再照卡面输入。
        </p>
      ) : (
        <div className="found">
          <span className="small muted">{ruleWords(screen.counter.cardNumber)}</span>
          <Button onClick={() => void keep(null, '不再换算，读出什么就按什么找')}>不换算了</Button>
        </div>
      )}
      <div className="learn">
        <Field label="读卡器读出的">
          <Input value={read} placeholder="刷一下卡" onChange={(event) => setTyped(event.target.value.trim())} />
        </Field>
        <Field label="卡面上印的">
          <Input
            value={printed}
            placeholder="照卡面输入"
            onChange={(event) => setPrinted(event.target.value)}
            onPressEnter={() => void learn()}
          />
        </Field>
        <Button
          type="primary"
          loading={sending.busy}
          disabled={read === '' || printed.trim() === ''}
          onClick={() => void learn()}
        >
          学
        </Button>
      </div>
      {learned?.kind === 'unclear' ? <Alert type="info" title="一张卡分不清，请再刷另一张，再输它的号码。" /> : null}
      {learned?.kind === 'notFound' ? (
        <Alert
          type="warning"
          title="这两个号码对不上，请核对后重来。"
          action={<Button onClick={() => setSamples([])}>重来</Button>}
        />
      ) : null}
    </>
  );
}

const SCALES = [
  ['os2Active', '顶尖 OS2，连续发送'],
  ['os2Passive', '顶尖 OS2，问一次答一次'],
  ['dahua', '大华 ACS'],
  ['toledo', '托利多 8217'],
] as const;

const CAPACITIES = [
  [6_000, '6 公斤'],
  [15_000, '15 公斤'],
  [30_000, '30 公斤（多数）'],
  [60_000, '60 公斤'],
  [150_000, '150 公斤'],
] as const;

const CAPACITY_GRAMS = 30_000;

type SerialScale = Extract<ScaleSettings, { kind: 'serial' }>;

export function ScaleForm({ screen, view, found, change }: DevicePart): React.JSX.Element {
  const { scale } = view.settings;
  const fitting = found.devices.filter(({ line, proposal }) => line === 'serial' || proposal === 'scale');
  const choose = ({ line, identity }: Pick<FoundDevice, 'line' | 'identity'>): void =>
    change({ scale: line === 'hid' ? { kind: 'hid', identity } : { kind: 'serial', identity, protocol: 'os2Active' } });
  const words = scaleWords[screen.status.scale];
  const grams = screen.status.weightGrams;
  return (
    <div className="device">
      <div className="sheet">
        <h3>已选用</h3>
        {scale.kind === 'none' ? <p className="muted">没有。秤签照常扫，散装重量手输。</p> : null}
        {scale.kind === 'none' ? null : (
          <Chosen
            name={scale.kind === 'simulated' ? '模拟秤' : scale.kind === 'hid' ? 'USB 秤' : '串口秤'}
            drop={() => change({ scale: { kind: 'none' } })}
          >
            <div className="small muted">{'identity' in scale ? identityWords(scale.identity) : ''}</div>
            {scale.kind === 'simulated' ? null : (
              <div className="fields">
                {scale.kind === 'serial' ? (
                  <SerialScaleForm scale={scale} save={(next) => change({ scale: next })} />
                ) : null}
                <Field label="最大称量（超过的不当重量）">
                  <Choice<number>
                    value={scale.capacityGrams ?? CAPACITY_GRAMS}
                    options={CAPACITIES}
                    pick={(capacityGrams) => change({ scale: { ...scale, capacityGrams } })}
                  />
                </Field>
              </div>
            )}
          </Chosen>
        )}
        <h3>插着的</h3>
        <FoundList
          devices={fitting}
          isChosen={({ identity }) => 'identity' in scale && isSame(scale.identity, identity)}
          choose={choose}
          none="没有找到串口或 USB 秤。"
        />
        <TypedPort choose={(identity) => choose({ line: 'serial', identity })} />
      </div>
      <div className="sheet">
        <h3>现在</h3>
        <p className="state">
          {words.means}
          <small>{words.todo ?? ''}</small>
        </p>
        <p className="state weight">{grams === null ? '--' : `${formatWeight(grams, 'kg')}（${grams} 克）`}</p>
        <HeardList heard={view.heard} role="scale" ask="放上一件东西，这里显示收到的每个字节。" />
      </div>
    </div>
  );
}

/** How a serial scale is spoken to; what is chosen works at once. */
function SerialScaleForm({
  scale,
  save,
}: Readonly<{ scale: SerialScale; save: (next: SerialScale) => void }>): React.JSX.Element {
  const pickRate = (rate: BaudRate | 0): void => {
    const { baudRate: _before, ...rest } = scale;
    save(rate === 0 ? rest : { ...rest, baudRate: rate });
  };
  return (
    <>
      <Field label="协议（看秤的说明书）">
        <Choice value={scale.protocol} options={SCALES} pick={(protocol) => save({ ...scale, protocol })} />
      </Field>
      <Field label="波特率">
        <Choice<BaudRate | 0> value={scale.baudRate ?? 0} options={[[0, '按协议（9600）'], ...BAUDS]} pick={pickRate} />
      </Field>
    </>
  );
}
