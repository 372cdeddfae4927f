import type { ReactNode } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { HeldDialog } from './held.tsx';
import { PriceDialog, QuantityDialog, VoidDialog } from './line-dialogs.tsx';
import { later } from './later.tsx';
import { MemberDialog } from './member.tsx';
import { MoreDialog } from './more.tsx';
import { PickerDialog, PriceCheckDialog } from './picker.tsx';
import type { Dialog } from './till.ts';

// What is not needed for every sale comes after the page.
const StatusDialog = later(async () => (await import('./status-dialog.tsx')).StatusDialog);
const EnrolDialog = later(async () => (await import('./enrol.tsx')).EnrolDialog);
const PointsDialog = later(async () => (await import('./points.tsx')).PointsDialog);
const SettingsDialog = later(async () => (await import('./settings.tsx')).SettingsDialog);
const SoundDialog = later(async () => (await import('./sound-dialog.tsx')).SoundDialog);
const NightDialog = later(async () => (await import('./night.tsx')).NightDialog);
const ShiftReportDialog = later(async () => (await import('./shift-report.tsx')).ShiftReportDialog);
const ShiftResultDialog = later(async () => (await import('./shift-report.tsx')).ShiftResultDialog);
const TenderDialog = later(async () => (await import('./tender.tsx')).TenderDialog);
const HandBackDialog = later(async () => (await import('./refund.tsx')).HandBackDialog);
const RefundDialog = later(async () => (await import('./refund.tsx')).RefundDialog);
const ReceiptsDialog = later(async () => (await import('./receipts.tsx')).ReceiptsDialog);
const CashDialog = later(async () => (await import('./cash.tsx')).CashDialog);
const HelpDialog = later(async () => (await import('./help.tsx')).HelpDialog);

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
