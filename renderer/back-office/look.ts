import type { ThemeConfig } from 'antd';

/** The tokens of the till for the table library, so that the back office and the console look like one product. */
export const look: ThemeConfig = {
  token: {
    colorPrimary: '#1c2230',
    colorInfo: '#1b5fd1',
    colorLink: '#1b5fd1',
    colorSuccess: '#137a4b',
    colorWarning: '#9a5200',
    colorError: '#b3261e',
    colorSuccessBg: '#e4f4ec',
    colorSuccessBorder: '#b5dcc8',
    colorWarningBg: '#fdeeda',
    colorWarningBorder: '#ecc998',
    colorErrorBg: '#fbe6e4',
    colorErrorBorder: '#efb8b4',
    colorInfoBg: '#eef4ff',
    colorInfoBorder: '#bcd0f5',
    colorText: '#1c2230',
    colorTextSecondary: '#525c6e',
    colorTextPlaceholder: '#6f7889',
    colorBorder: '#c9cfda',
    colorBorderSecondary: '#dfe3ea',
    colorBgLayout: '#f1f3f6',
    borderRadius: 8,
    fontSize: 15,
    fontFamily: '"Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif',
    motion: false,
  },
  components: {
    Table: { headerBg: '#f7f8fa', headerColor: '#525c6e', cellPaddingBlockSM: 8, rowHoverBg: '#fff7e0' },
    Button: { primaryColor: '#f6c445', fontWeight: 600 },
    Segmented: { itemSelectedBg: '#f6c445', itemSelectedColor: '#1c2230' },
  },
};
