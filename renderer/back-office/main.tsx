import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App as Messages, ConfigProvider } from 'antd';
import chinese from 'antd/locale/zh_CN.js';
import { createRoot } from 'react-dom/client';
import { takeDeviceScans } from '../parts/device-scans.ts';
import { captureKeyboard } from '../parts/keyboard.ts';
import { BackOffice } from './back-office.tsx';
import { core } from './core.ts';
import { look } from './look.ts';

captureKeyboard();
takeDeviceScans(core);
const queries = new QueryClient();

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <ConfigProvider locale={chinese} theme={look} button={{ autoInsertSpace: false }}>
      <QueryClientProvider client={queries}>
        <Messages message={{ maxCount: 3, duration: 5 }}>
          <BackOffice />
        </Messages>
      </QueryClientProvider>
    </ConfigProvider>,
  );
}
