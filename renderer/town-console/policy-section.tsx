import { Alert, Button, Collapse, Input, Popconfirm, Select } from 'antd';
import { useState } from 'react';
import { type Policy, policySchema } from '../../shared/policy.ts';
import { useReading } from '../back-office/reading.ts';
import { SectionHead } from '../back-office/section-head.tsx';
import { AnswerGate } from './answer-gate.tsx';
import { changesBetween, entriesOf, POLICY_GROUPS, type PolicyEntries, policyFrom } from './policy-form.ts';
import { useTelling } from './telling.ts';
import { asked, town } from './town.ts';

/** Publishes a policy, starting from the one in force. The town numbers and signs it; tills take it at their next contact. */
export function PolicySection(): React.JSX.Element {
  const overview = useReading('overview', () => asked(town.overview()));
  return (
    <AnswerGate reading={overview}>
      {({ policy, nextPolicy }) => {
        const start = nextPolicy ?? policy;
        // A new version begins a new form; a reading that brings nothing new leaves what is being typed alone.
        return <PolicyForm key={start.version} inForce={policy} start={start} published={overview.again} />;
      }}
    </AnswerGate>
  );
}

type Draft = Readonly<{ base: Policy; entries: PolicyEntries; json: string | null }>;

function PolicyForm({
  inForce,
  start,
  published,
}: Readonly<{ inForce: Policy; start: Policy; published: () => void }>): React.JSX.Element {
  const telling = useTelling();
  const [draft, setDraft] = useState<Draft>(() => draftOf(start));
  const { policy, wrong } = policyFrom(draft.base, draft.entries);
  const faults = draft.json === null ? faultsOf(policy) : jsonFaults(draft.json);
  const changes = changesBetween(start, policy);
  const differs = shown(policy) !== shown(start);
  const isReady = wrong.length === 0 && faults.length === 0 && differs;

  async function publish(): Promise<void> {
    if (!isReady) return;
    const answer = await telling.tell(() => town.publishPolicy({ policy }), '新版本已发布并签名，收银机下次联系时更新');
    if (answer !== null) published();
  }

  return (
    <>
      <SectionHead
        title="优惠政策"
        right={
          <>
            <Button
              disabled={!differs && draft.json === null && wrong.length === 0}
              onClick={() => setDraft(draftOf(start))}
            >
              放弃修改
            </Button>
            <Popconfirm
              title={`发布第 ${start.version + 1} 版？从 ${policy.effectiveFrom} 起用，所有收银机下次联系都会换成它。`}
              description={<Changes changes={changes} />}
              okText="发布"
              cancelText="不"
              onConfirm={() => void publish()}
            >
              <Button type="primary" size="large" disabled={!isReady} loading={telling.busy}>
                发布新版本
              </Button>
            </Popconfirm>
          </>
        }
      >
        正在用第 {inForce.version} 版（{inForce.effectiveFrom} 起）
        {start.version === inForce.version
          ? ''
          : `；第 ${start.version} 版已发布，${start.effectiveFrom} 起用，改的是它`}
      </SectionHead>
      {faults.length === 0 && wrong.length === 0 ? null : (
        <Alert
          type="error"
          showIcon
          style={{ marginBottom: 12 }}
          title="还不能发布：标红的填得不对。"
          description={faults.length === 0 ? null : faults.join('；')}
        />
      )}
      {POLICY_GROUPS.map((group) => (
        <div className="sheet" key={group.title}>
          <b>{group.title}</b>
          <div className="fields" style={{ marginTop: 8 }}>
            {group.fields.map((field) => (
              <label key={field.name} {...(field.wide === true ? { className: 'full' } : {})}>
                <span>{field.label}</span>
                {field.choices === undefined ? (
                  <Input
                    value={draft.entries[field.name] ?? ''}
                    suffix={<span className="small muted">{field.hint}</span>}
                    {...(wrong.includes(field.name) ? { status: 'error' as const } : {})}
                    onChange={(event) => enter(field.name, event.target.value)}
                  />
                ) : (
                  <Select<string>
                    style={{ width: '100%' }}
                    value={draft.entries[field.name] ?? ''}
                    options={[...field.choices]}
                    onChange={(value) => enter(field.name, value)}
                  />
                )}
              </label>
            ))}
          </div>
        </div>
      ))}
      <Collapse
        items={[
          {
            key: 'json',
            label: '高级：整份文件（JSON）',
            children: (
              <Input.TextArea
                value={draft.json ?? shown(policy)}
                spellCheck={false}
                aria-label="整份政策"
                autoSize={{ minRows: 12, maxRows: 40 }}
                style={{ fontFamily: 'monospace', fontSize: 14 }}
                onChange={(event) => writeJson(event.target.value)}
              />
            ),
          },
        ]}
      />
    </>
  );

  function enter(name: string, text: string): void {
    setDraft(({ base, entries }) => ({ base, entries: { ...entries, [name]: text }, json: null }));
  }

  function writeJson(json: string): void {
    const read = readJson(json);
    setDraft((before) => (read === null ? { ...before, json } : { base: read, entries: entriesOf(read), json }));
  }
}

function Changes({ changes }: Readonly<{ changes: readonly string[] }>): React.JSX.Element {
  return (
    <ul style={{ maxWidth: 420, paddingLeft: 18, margin: 0 }}>
      {changes.map((change) => (
        <li key={change}>{change}</li>
      ))}
    </ul>
  );
}

function draftOf(policy: Policy): Draft {
  return { base: policy, entries: entriesOf(policy), json: null };
}

/** JSON as a person reads it: short lists stay on their line. */
function shown(policy: object): string {
  return JSON.stringify(policy, null, 2).replaceAll(
    /\[\s+([^[\]{}]*?)\s+\]/g,
    (_, list: string) => `[${list.replaceAll(/\s*\n\s*/g, ' ')}]`,
  );
}

function readJson(text: string): Policy | null {
  try {
    return policySchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function jsonFaults(text: string): string[] {
  try {
    const parsed = policySchema.safeParse(JSON.parse(text));
    if (parsed.success) return faultsOf(parsed.data);
    return parsed.error.issues.map((issue) => `${issue.path.join('.')}：${issue.message}`);
  } catch {
    return ['不是完整的 JSON：请看看逗号、引号和括号。'];
  }
}

/** What the town would check beyond the shape, before it is sent. */
function faultsOf(policy: Policy): string[] {
  const { homeBp, otherBp, freeBp } = policy.allotment;
  return homeBp + otherBp + freeBp === 10_000 ? [] : ['allotment 三项加起来要正好 10000。'];
}
