import { NOTHING_PENDING, takeFrames } from './frames.ts';
import type { DeviceIdentity, InputDevice, InputWorld, Tell } from './input.ts';
import { guarded } from './keep-open.ts';
import { scaleLine, type ScaleProtocol } from './scale-protocols.ts';
import { CAPACITY_GRAMS, scaleReadings } from './scale-reading.ts';
import { machineSerial, openSerialInput, type SerialPorts } from './serial-input.ts';

export type SerialScaleSettings = Readonly<{
  protocol: ScaleProtocol;
  identity: DeviceIdentity;
  /** The protocol's own when the scale was not set to another. */
  baudRate?: number | undefined;
  capacityGrams?: number | undefined;
}>;

/** How often a scale that waits for it is asked: several times before a reading is stale. */
const ASK_MS = 200;

/** A scale on a serial port. */
export function openSerialScale(
  settings: SerialScaleSettings,
  listener: Tell,
  world: InputWorld,
  ports: SerialPorts = machineSerial,
): InputDevice {
  const tell = guarded(listener, world);
  const line = scaleLine(settings.protocol);
  const { ask, greet, frameAt, zero, tare, dataBits, parity, saysStable } = line;
  const baudRate = settings.baudRate ?? line.baudRate;
  let pending: Uint8Array = NOTHING_PENDING;
  let cancelAsking = (): void => {};
  const write = (bytes: Uint8Array): void => serial.handle()?.write(bytes);
  const keepAsking = (): void => {
    if (ask !== null) write(greet?.send ?? ask);
    cancelAsking = world.later(ASK_MS, keepAsking);
  };
  const serial = openSerialInput(
    settings.identity,
    { baudRate, dataBits, parity, stopBits: 1 },
    {
      bytes: (piece) => {
        // Such a byte may also stand in a frame; then the scale is asked once more, which changes nothing.
        if (ask !== null && greet !== null && piece.includes(greet.answer)) write(ask);
        const taken = takeFrames(pending, piece, frameAt);
        ({ pending } = taken);
        for (const says of taken.frames) readings.take(says);
      },
      opened: () => {
        pending = NOTHING_PENDING;
        readings.begin();
        cancelAsking();
        if (ask !== null) keepAsking();
      },
    },
    tell,
    world,
    ports,
  );
  const readings = scaleReadings({
    capacityGrams: settings.capacityGrams ?? CAPACITY_GRAMS,
    saysStable,
    isOpen: () => serial.handle() !== null,
    complain: serial.complain,
    tell,
    world,
  });
  return {
    close: () => {
      cancelAsking();
      readings.close();
      serial.close();
    },
    ...(zero === null ? {} : { zero: () => write(zero) }),
    ...(tare === null ? {} : { tare: () => write(tare) }),
  };
}
