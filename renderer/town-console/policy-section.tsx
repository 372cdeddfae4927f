import { Alert, Button, Input, Popconfirm } from 'antd';
import { useState } from 'react';
import defaults from '../../resources/policy-default.json' with { type: 'json' };
import { policySchema } from '../../shared/policy.ts';
import { SectionHead } from '../back-office/section-head.tsx';
import { useTelling } from './telling.ts';
import { town } from './town.ts';

const KEY = 'town-console.policy';

type Checked =
  | Readonly<{ kind: 'good'; policy: Record<string, unknown>; version: number }>
  | Readonly<{ kind: 'wrong'; faults: readonly string[] }>;

/** Publishes a policy. The town numbers and signs it; tills take it at their next contact. */
export function PolicySection(): React.JSX.Element {
  const telling = useTelling();
  const [text, setText] = useState(() => localStorage.getItem(KEY) ?? shown(defaults));
  const [published, setPublished] = useState<number | null>(null);
  const checked = check(text);

  async function publish(): Promise<void> {
    if (checked.kind !== 'good') return;
    const answer = await telling.tell(() => town.publishPolicy({ policy: checked.policy }), '');
    if (answer === null) return;
    const next = shown({ ...checked.policy, version: answer.version });
    localStorage.setItem(KEY, next);
    setText(next);
    setPublished(answer.version);
  }

  return (
    <>
      <SectionHead
        title="优惠政策"
        right={
          <>
            <Button onClick={() => setText(shown(defaults))}>恢复默认值</Button>
            <Popconfirm
              title="发布这份政策？所有收银机下次联系都会换成它。"
              okText="发布"
              cancelText="不"
              onConfirm={() => void publish()}
            >
              <Button type="primary" size="large" disabled={checked.kind !== 'good'} loading={telling.busy}>
                发布新版本
              </Button>
            </Popconfirm>
          </>
        }
      >
        折扣、上限、不打折的分类都在这里，从 effectiveFrom 那天起用。版本号由镇上往上加一。
      </SectionHead>
      {published === null ? null : (
        <Alert
          type="success"
          showIcon
          style={{ marginBottom: 12 }}
          title={`第 ${published} 版已发布并签名，收银机下次联系时更新。`}
        />
      )}
      {checked.kind === 'good' ? (
        <Alert
          type="info"
          showIcon
          style={{ marginBottom: 12 }}
          title="格式对，可以发布。编辑器里是本机上次发布的或默认的那一份，发布前请与正在用的核对。"
        />
      ) : (
        <Alert
          type="error"
          showIcon
          style={{ marginBottom: 12 }}
          title="还不能发布："
          description={
            <ul style={{ paddingLeft: 18 }}>
              {checked.faults.map((fault) => (
                <li key={fault}>{fault}</li>
              ))}
            </ul>
          }
        />
      )}
      <Input.TextArea
        value={text}
        spellCheck={false}
        aria-label="政策"
        autoSize={{ minRows: 20, maxRows: 40 }}
        style={{ fontFamily: 'monospace', fontSize: 14 }}
        onChange={(event) => {
          setText(event.target.value);
          setPublished(null);
        }}
      />
    </>
  );
}

/** JSON as a person reads it: short lists stay on their line. */
function shown(policy: object): string {
  return JSON.stringify(policy, null, 2).replaceAll(
    /\[\s+([^[\]{}]*?)\s+\]/g,
    (_, list: string) => `[${list.replaceAll(/\s*\n\s*/g, ' ')}]`,
  );
}

/** What the town would check, before it is sent. */
function check(text: string): Checked {
  let draft: unknown;
  try {
    draft = JSON.parse(text);
  } catch {
    return { kind: 'wrong', faults: ['不是完整的 JSON：请看看逗号、引号和括号。'] };
  }
  const parsed = policySchema.safeParse(draft);
  if (!parsed.success) {
    return { kind: 'wrong', faults: parsed.error.issues.map((issue) => `${issue.path.join('.')}：${issue.message}`) };
  }
  const { homeBp, otherBp, freeBp } = parsed.data.allotment;
  if (homeBp + otherBp + freeBp !== 10_000) return { kind: 'wrong', faults: ['allotment 三项加起来要正好 10000。'] };
  const version = parsed.data.version + 1;
  return { kind: 'good', policy: { ...parsed.data, version }, version };
}
