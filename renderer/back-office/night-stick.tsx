import { Alert, Button } from 'antd';
import { useRef, useState } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { EXCHANGE_CHARACTERS_MAX } from '../../shared/exchange-reasons.ts';
import { exchangeWords, wordsOf } from '../../shared/words.ts';
import { core } from './core.ts';
import { townRefusalWords } from './town-words.ts';

type Out = Awaited<ReturnType<ReturnType<typeof core.client>['exchangeOut']>>;
type In = Awaited<ReturnType<ReturnType<typeof core.client>['exchangeIn']>>;
type Said = Readonly<{ tone: 'success' | 'warning' | 'error'; text: string }>;

/** A character takes up to three bytes. */
const FILE_BYTES_MAX = 3 * EXCHANGE_CHARACTERS_MAX;

/** The night without a network: a file for the town to carry away, and the town's answer read back. */
export function NightStick({ onChange }: Readonly<{ onChange: () => void }>): React.JSX.Element {
  const [busy, setBusy] = useState<'out' | 'in' | null>(null);
  const [said, setSaid] = useState<Said | null>(null);
  const field = useRef<HTMLInputElement>(null);

  async function run(which: 'out' | 'in', work: () => Promise<Said>): Promise<void> {
    setBusy(which);
    setSaid(null);
    try {
      setSaid(await work());
    } catch {
      setSaid({ tone: 'error', text: '没有做完。账都在，什么都没丢；请再按一次。' });
    }
    setBusy(null);
    onChange();
  }

  async function writeOut(): Promise<Said> {
    const made = await core.client().exchangeOut({ code: null });
    if (made.kind === 'made') save(made.fileName, made.file);
    return saidOfOut(made);
  }

  async function readBack(file: File): Promise<Said> {
    if (file.size > FILE_BYTES_MAX) return { tone: 'error', text: exchangeWords.tooLarge };
    return saidOfIn(await core.client().exchangeIn({ file: await file.text(), manager: null }));
  }

  return (
    <div className="sheet bar" style={{ marginBottom: 12 }}>
      <b>没有网络时</b>
      <Button loading={busy === 'out'} disabled={busy === 'in'} onClick={() => void run('out', writeOut)}>
        写到 U 盘
      </Button>
      <input
        ref={field}
        type="file"
        hidden
        accept=".txt"
        aria-label="镇上写回的文件"
        onChange={(event) => {
          const file = event.target.files?.[0];
          // The same file chosen again must be a change too.
          event.target.value = '';
          if (file !== undefined) void run('in', () => readBack(file));
        }}
      />
      <Button loading={busy === 'in'} disabled={busy === 'out'} onClick={() => field.current?.click()}>
        读入镇上的答复
      </Button>
      {said === null ? (
        <span className="muted">写出的文件带到镇信用办，再把他们写回的文件读进来。</span>
      ) : (
        <Alert type={said.tone} title={said.text} />
      )}
    </div>
  );
}

function save(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}

const NOT_WRITTEN = {
  notEnrolled: '这台机器还没有入网，请先向镇上要注册码。',
  diskFull: '磁盘满了，没有写成。',
  practising: wordsOf('practising'),
} as const;

function saidOfOut(made: Out): Said {
  switch (made.kind) {
    case 'made': {
      const left = made.left > 0 ? `，还有 ${made.left} 条下次再带` : '';
      return { tone: 'success', text: `写出了 ${made.fileName}，记录 ${made.records} 条${left}。` };
    }
    case 'refused':
      return { tone: 'error', text: NOT_WRITTEN[made.reason] };
    default:
      return assertNever(made);
  }
}

function saidOfIn(taken: In): Said {
  switch (taken.kind) {
    case 'applied': {
      if (taken.trouble === null) return { tone: 'success', text: `读入了第 ${taken.number} 份，结果在下面。` };
      const because = new Map<string, string>(Object.entries(townRefusalWords)).get(taken.trouble) ?? taken.trouble;
      return { tone: 'warning', text: `读入了第 ${taken.number} 份，有一步没有成（${because}）。请再写出一份带去。` };
    }
    case 'already':
      return { tone: 'success', text: `第 ${taken.number} 份已经读过，没有变化。` };
    case 'refused':
      switch (taken.reason) {
        case 'managerWanted':
          return { tone: 'error', text: '新机器请在命令行里读入，同时定下店长。' };
        case 'diskFull':
          return { tone: 'error', text: '磁盘满了，没有读入。' };
        case 'practising':
          return { tone: 'error', text: wordsOf('practising') };
        default:
          return { tone: 'error', text: exchangeWords[taken.reason] };
      }
    default:
      return assertNever(taken);
  }
}
