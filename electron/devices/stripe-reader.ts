import { stripeToken } from '../../shared/barcode.ts';
import { inputFields } from './hid-descriptor.ts';
import { openHidInput, type HidTransport, machineHid } from './hid-input.ts';
import type { DeviceIdentity, InputDevice, InputWorld, Tell } from './input.ts';
import { guarded } from './keep-open.ts';
import { stripeLayout, type StripeLayout, trackTwoOf } from './stripe-report.ts';

export type StripeReaderSettings = Readonly<{ identity: DeviceIdentity }>;

const MAGTEK = 0x0801;

/** A reader of magnetic stripes as an HID device; one that types like a keyboard needs no driver. */
export function openStripeReader(
  settings: StripeReaderSettings,
  listener: Tell,
  world: InputWorld,
  transport: HidTransport = machineHid,
): InputDevice {
  const tell = guarded(listener, world);
  const isMagtek = settings.identity.vendorId === MAGTEK;
  let layout: StripeLayout = stripeLayout([], isMagtek);
  const hid = openHidInput(
    settings.identity,
    'stripeReader',
    {
      report: (report) => {
        const track = trackTwoOf(report, layout);
        const token = track === null ? null : stripeToken(track);
        if (token !== null) tell({ kind: 'card', token });
      },
      opened: (path) => {
        void transport.descriptor(path).then((descriptor) => {
          layout = stripeLayout(descriptor === null ? [] : inputFields(descriptor), isMagtek);
        });
      },
    },
    tell,
    world,
    transport,
  );
  return { close: hid.close };
}
