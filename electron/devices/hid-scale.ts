import { openHidInput, type HidTransport, machineHid } from './hid-input.ts';
import type { DeviceIdentity, InputDevice, InputWorld, Tell } from './input.ts';
import { guarded } from './keep-open.ts';
import { hidScaleSays } from './scale-protocols.ts';
import { CAPACITY_GRAMS, scaleReadings } from './scale-reading.ts';

export type HidScaleSettings = Readonly<{ identity: DeviceIdentity; capacityGrams?: number | undefined }>;

/** A scale of USB usage page 0x8D. It is zeroed and tared by its own keys. */
export function openHidScale(
  settings: HidScaleSettings,
  listener: Tell,
  world: InputWorld,
  transport: HidTransport = machineHid,
): InputDevice {
  const tell = guarded(listener, world);
  const hid = openHidInput(
    settings.identity,
    'scale',
    {
      report: (report) => {
        const says = hidScaleSays(report);
        if (says !== null) readings.take(says);
      },
      opened: () => readings.begin(),
    },
    tell,
    world,
    transport,
  );
  const readings = scaleReadings({
    capacityGrams: settings.capacityGrams ?? CAPACITY_GRAMS,
    saysStable: true,
    isOpen: () => hid.handle() !== null,
    complain: hid.complain,
    tell,
    world,
  });
  return {
    close: () => {
      readings.close();
      hid.close();
    },
  };
}
