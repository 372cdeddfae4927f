import type { ReactNode } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { CashDialog } from './cash.tsx';
import { EnrolDialog } from './enrol.tsx';
import { HelpDialog } from './help.tsx';
import { HeldDialog } from './held.tsx';
import { PriceDialog, QuantityDialog, VoidDialog } from './line-dialogs.tsx';
import { MemberDialog } from './member.tsx';
import { MoreDialog } from './more.tsx';
import { NightDialog } from './night.tsx';
import { PickerDialog, PriceCheckDialog } from './picker.tsx';
import { PointsDialog } from './points.tsx';
import { ReceiptsDialog } from './receipts.tsx';
import { HandBackDialog, RefundDialog } from './refund.tsx';
import { SettingsDialog } from './settings.tsx';
import { ShiftReportDialog, ShiftResultDialog } from './shift-report.tsx';
import { TenderDialog } from './tender.tsx';
import { SoundDialog } from './sound-dialog.tsx';
import { StatusDialog } from './status-dialog.tsx';
import type { Dialog } from './till.ts';

/** Whatever dialog stands over the page. */
export function DialogLayer({ dialog }: { dialog: Dialog }): ReactNode {
  switch (dialog.kind) {
    case 'help':
      return <HelpDialog />;
    case 'more':
      return <MoreDialog />;
    case 'member':
      return <MemberDialog />;
    case 'points':
      return <PointsDialog />;
    case 'quantity':
      return <QuantityDialog line={dialog.line} />;
    case 'price':
      return <PriceDialog line={dialog.line} />;
    case 'void':
      return <VoidDialog />;
    case 'receipts':
      return <ReceiptsDialog />;
    case 'refund':
      return <RefundDialog number={dialog.receipt} way={dialog.way} />;
    case 'handBack':
      return <HandBackDialog channel={dialog.channel} mobileFen={dialog.mobileFen} cashFen={dialog.cashFen} />;
    case 'tender':
      return <TenderDialog number={dialog.receipt} />;
    case 'held':
      return <HeldDialog />;
    case 'picker':
      return <PickerDialog />;
    case 'priceCheck':
      return <PriceCheckDialog />;
    case 'cash':
      return <CashDialog />;
    case 'shiftReport':
      return <ShiftReportDialog />;
    case 'shiftResult':
      return <ShiftResultDialog />;
    case 'night':
      return <NightDialog />;
    case 'settings':
      return <SettingsDialog />;
    case 'sound':
      return <SoundDialog />;
    case 'status':
      return <StatusDialog />;
    case 'enrol':
      return <EnrolDialog />;
    default:
      return assertNever(dialog);
  }
}
