import { openHidInput, type HidTransport, machineHid } from './hid-input.ts';
import { takeScanReport, type PartialScan } from './hid-scan-report.ts';
import type { DeviceIdentity, InputDevice, InputWorld, Tell } from './input.ts';
import { guarded } from './keep-open.ts';

export type HidScannerSettings = Readonly<{ identity: DeviceIdentity }>;

/** Scanners of these makers type until this feature report tells them to send codes. */
const WANTS_HOST_MODE: ReadonlySet<number | null> = new Set([0x0c2e, 0x23d0]);
const HOST_MODE = Uint8Array.of(254, 1);

/** A scanner in HID point-of-sale mode. */
export function openHidScanner(
  settings: HidScannerSettings,
  listener: Tell,
  world: InputWorld,
  transport: HidTransport = machineHid,
): InputDevice {
  const tell = guarded(listener, world);
  let partial: PartialScan = null;
  const hid = openHidInput(
    settings.identity,
    'scanner',
    {
      report: (report) => {
        const taken = takeScanReport(partial, report, world.nowMs());
        ({ partial } = taken);
        if (taken.code !== null) tell({ kind: 'code', code: taken.code });
      },
      opened: (_path, handle) => {
        partial = null;
        if (WANTS_HOST_MODE.has(settings.identity.vendorId)) handle.feature(HOST_MODE);
      },
    },
    tell,
    world,
    transport,
  );
  return { close: hid.close };
}
