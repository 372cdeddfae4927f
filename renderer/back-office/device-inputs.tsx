import { Alert, Button, Input } from 'antd';
import { useState } from 'react';
import { learnCardRule } from '../../shared/card-number.ts';
import type { CardReaderSettings, FoundDevice, ScaleSettings, ScannerSettings } from '../../shared/device-set-up.ts';
import { scaleWords } from '../../shared/device-words.ts';
import { formatWeight } from '../../shared/quantity.ts';
import { Choice, Field, FoundList, HeardList, identityWords, isSame } from './device-parts.tsx';
import { OtherState } from './device-outputs.tsx';
import type { DevicePart } from './device-section.tsx';
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

export function ScannerForm({ screen, view, found, change, scanned }: DevicePart): React.JSX.Element {
  const { scanners } = view.settings;
  const [ending, setEnding] = useState<Extract<ScannerSettings, { kind: 'serial' }>['ending']>('cr');
  const fitting = found.devices.filter(
    ({ line, proposal }) => (line === 'hid' && proposal === 'scanner') || line === 'serial',
  );
  const choose = ({ line, identity }: FoundDevice): void => {
    const scanner: ScannerSettings =
      line === 'hid' ? { kind: 'hid', identity } : { kind: 'serial', identity, baudRate: 9_600, ending };
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
          </Chosen>
        ))}
        <h3>插着的</h3>
        <Field label="串口枪的结尾">
          <Choice value={ending} options={ENDINGS} pick={setEnding} />
        </Field>
        <FoundList
          devices={fitting}
          isChosen={({ identity }) => scanners.some((one) => isSame(one.identity, identity))}
          choose={choose}
          none="没有找到 HID-POS 或串口的枪。用枪的说明书里的设置条码切到这两种之一，再“重新找一遍”。"
        />
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

export function ReaderForm({ screen, view, found, change, scanned }: DevicePart): React.JSX.Element {
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
        <HeardList heard={view.heard} role="cardReader" ask="刷一张卡，这里显示读到的号码。" />
        <LearnCard screen={screen} last={view.heard.find((one) => one.role === 'cardReader')?.parsed ?? scanned} />
      </div>
    </div>
  );
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

/** One card held to the reader and its printed number typed: so the till learns how this reader writes numbers. */
function LearnCard({ screen, last }: Readonly<{ screen: DevicePart['screen']; last: string }>): React.JSX.Element {
  const sending = useSending();
  const [typed, setTyped] = useState('');
  const [printed, setPrinted] = useState('');
  const [samples, setSamples] = useState<readonly Readonly<{ read: string; printed: string }>[]>([]);
  const read = typed === '' ? last : typed;
  const learned = samples.length === 0 ? null : learnCardRule(samples);
  const learn = async (): Promise<void> => {
    const next = [...samples, { read, printed: printed.trim() }];
    setSamples(next);
    setTyped('');
    setPrinted('');
    const found = learnCardRule(next);
    if (found.kind !== 'found') return;
    const cardNumber = found.rule === 'asRead' ? null : found.rule;
    await sending.run({ kind: 'saveCounter', counter: { ...screen.counter, cardNumber } }, '已学会这种读卡器的号码');
  };
  return (
    <>
      <h3>学卡号</h3>
      <p className="small muted">
        {screen.counter.cardNumber === null
          ? '现在读出什么就按什么找会员。卡面上印的号码和读出来的不一样，就教它一次：'
          : `现在按 ${screen.counter.cardNumber.reads} 读、按 ${screen.counter.cardNumber.prints} 找会员。`}
      </p>
      <div className="pair">
        <Input
          aria-label="读卡器读出的号码"
          style={{ width: 190 }}
          value={typed === '' ? last : typed}
          placeholder="在这里刷卡"
          onChange={(event) => setTyped(event.target.value.trim())}
        />
        <Input
          aria-label="卡面上印的号码"
          style={{ width: 190 }}
          value={printed}
          placeholder="卡面上印的号码"
          onChange={(event) => setPrinted(event.target.value)}
        />
        <Button loading={sending.busy} disabled={read === '' || printed.trim() === ''} onClick={() => void learn()}>
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

export function ScaleForm({ screen, view, found, change }: DevicePart): React.JSX.Element {
  const { scale } = view.settings;
  const [protocol, setProtocol] = useState<Extract<ScaleSettings, { kind: 'serial' }>['protocol']>(
    scale.kind === 'serial' ? scale.protocol : 'os2Active',
  );
  const fitting = found.devices.filter(({ line, proposal }) => line === 'serial' || proposal === 'scale');
  const choose = ({ line, identity }: FoundDevice): void =>
    change({ scale: line === 'hid' ? { kind: 'hid', identity } : { kind: 'serial', identity, protocol } });
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
          </Chosen>
        )}
        <h3>插着的</h3>
        <Field label="串口秤的协议（看秤的说明书）">
          <Choice value={protocol} options={SCALES} pick={setProtocol} />
        </Field>
        <FoundList
          devices={fitting}
          isChosen={({ identity }) => 'identity' in scale && isSame(scale.identity, identity)}
          choose={choose}
          none="没有找到串口或 USB 秤。"
        />
      </div>
      <div className="sheet">
        <h3>现在</h3>
        <p className="state">
          {words.means}
          <small>{words.todo ?? ''}</small>
        </p>
        <p className="state">{grams === null ? '--' : `${formatWeight(grams, 'kg')}（${grams} 克）`}</p>
        <HeardList heard={view.heard} role="scale" ask="放上一件东西，这里显示收到的每个字节。" />
      </div>
    </div>
  );
}
