import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App as Messages, ConfigProvider } from 'antd';
import chinese from 'antd/locale/zh_CN.js';
import { createRoot } from 'react-dom/client';
import { look } from '../back-office/look.ts';
import { TownConsole } from './town-console.tsx';

const queries = new QueryClient();

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <ConfigProvider locale={chinese} theme={look} button={{ autoInsertSpace: false }}>
      <QueryClientProvider client={queries}>
        <Messages message={{ maxCount: 3, duration: 5 }}>
          <TownConsole />
        </Messages>
      </QueryClientProvider>
    </ConfigProvider>,
  );
}
