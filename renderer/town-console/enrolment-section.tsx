import { Button, Input, Select } from 'antd';
import { useState } from 'react';
import { dateTimeOf } from '../../shared/time.ts';
import { useReading } from '../back-office/reading.ts';
import { SectionHead } from '../back-office/section-head.tsx';
import { useTelling } from './telling.ts';
import { asked, town } from './town.ts';

/** Gives out the one-time code by which a till joins the town, or by which a restored one comes back. */
export function EnrolmentSection(): React.JSX.Element {
  const telling = useTelling();
  const [picked, setShop] = useState('');
  const [till, setTill] = useState<string | null>(null);
  const [tillName, setTillName] = useState('');
  const [given, setGiven] = useState<Readonly<{ code: string; expiresAtMs: number }> | null>(null);
  const overview = useReading('overview', () => asked(town.overview()));
  const tills = overview.value?.kind === 'ok' ? overview.value.tills : [];
  const shops = overview.value?.kind === 'ok' ? overview.value.shops : [];
  const shop = picked === '' && shops.length === 1 ? (shops[0]?.id ?? '') : picked;

  async function issue(): Promise<void> {
    const answer = await telling.tell(() => town.issueEnrolmentCode({ shop, till, tillName: tillName.trim() }), '');
    if (answer !== null) setGiven({ code: answer.code, expiresAtMs: answer.expiresAtMs });
  }

  return (
    <>
      <SectionHead title="收银机注册">每个注册码只能用一次。新机器、换机器、恢复过数据的机器都要一个。</SectionHead>
      <div className="sheet">
        <div className="fields">
          <label>
            <span>门店 *</span>
            <Select<string>
              style={{ width: '100%' }}
              value={shop === '' ? null : shop}
              options={shops.map(({ id, name }) => ({ value: id, label: `${name}（${id}）` }))}
              placeholder="请选门店"
              aria-label="门店"
              onChange={setShop}
            />
          </label>
          <label>
            <span>哪台机器</span>
            <Select<string>
              style={{ width: '100%' }}
              value={till ?? ''}
              options={[
                { label: '新机器', value: '' },
                ...tills.map((one) => ({ label: `${one.shopName} ${one.name}（${one.till}）`, value: one.till })),
              ]}
              onChange={(value) => setTill(value === '' ? null : value)}
            />
          </label>
          <label>
            <span>机器名</span>
            <Input
              value={tillName}
              maxLength={40}
              placeholder="如 2 号机"
              onChange={(event) => setTillName(event.target.value)}
            />
          </label>
        </div>
        <Button
          type="primary"
          size="large"
          style={{ marginTop: 16 }}
          disabled={shop === ''}
          loading={telling.busy}
          onClick={() => void issue()}
        >
          发注册码
        </Button>
      </div>
      {given === null ? null : (
        <div className="verdict matched">
          <b style={{ letterSpacing: 3 }}>{given.code}</b>
          <span>
            在收银台的注册页输入。{dateTimeOf(given.expiresAtMs).slice(0, 16)} 前有效，只能用一次，请不要发到群里。
          </span>
        </div>
      )}
    </>
  );
}
