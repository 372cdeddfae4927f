import { Alert, Button, Input, Modal } from 'antd';
import { useState } from 'react';
import { useSending } from './sending.ts';

/** The town no longer knows this till, such as one whose folder was copied: it joins again, and its books stay. */
export function EnrolAgain(): React.JSX.Element {
  const [isOpen, setIsOpen] = useState(false);
  const [code, setCode] = useState('');
  const [managerName, setManagerName] = useState('');
  const [managerPin, setManagerPin] = useState('');
  const sending = useSending();
  const canSend = code.trim().length >= 6 && managerName.trim() !== '' && /^\d{4,6}$/.test(managerPin);

  async function enrol(): Promise<void> {
    if (!canSend) return;
    const outcome = await sending.run(
      { kind: 'enrol', code: code.trim(), managerName: managerName.trim(), managerPin },
      '已重新注册，没上传的记录正在补传',
    );
    setManagerPin('');
    if (outcome.kind === 'done') setIsOpen(false);
  }

  return (
    <>
      <Button size="small" onClick={() => setIsOpen(true)}>
        重新注册
      </Button>
      <Modal
        title="重新注册"
        open={isOpen}
        okText="注册"
        cancelText="先不注册"
        okButtonProps={{ disabled: !canSend }}
        confirmLoading={sending.busy}
        onOk={() => void enrol()}
        onCancel={() => setIsOpen(false)}
      >
        <Alert
          type="info"
          style={{ marginBottom: 12 }}
          title="镇上现在不认识这台收银机。账本和没上传的记录都还在，注册好后自动补传。注册码向镇信用办要。"
        />
        <label className="field">
          <span>注册码</span>
          <Input
            autoFocus
            value={code}
            maxLength={40}
            autoComplete="off"
            onChange={(event) => setCode(event.target.value)}
          />
        </label>
        <label className="field" style={{ marginTop: 10 }}>
          <span>店长姓名</span>
          <Input
            value={managerName}
            maxLength={20}
            autoComplete="off"
            onChange={(event) => setManagerName(event.target.value)}
          />
        </label>
        <label className="field" style={{ marginTop: 10 }}>
          <span>店长密码</span>
          <Input.Password
            visibilityToggle={false}
            inputMode="numeric"
            autoComplete="off"
            maxLength={6}
            value={managerPin}
            onChange={(event) => setManagerPin(event.target.value.replace(/\D/g, ''))}
            onPressEnter={() => void enrol()}
          />
        </label>
      </Modal>
    </>
  );
}
