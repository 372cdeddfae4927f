import { listCardReaders } from './card-reader.ts';
import { machineHid } from './hid-input.ts';
import type { FoundDevice, InputWorld } from './input.ts';
import { messageOf } from './keep-open.ts';
import { machineSerial } from './serial-input.ts';

/** Everything that is plugged in and may bring something in. What a machine cannot list is left out, and logged. */
export async function listInputDevices(world: InputWorld): Promise<readonly FoundDevice[]> {
  const lists = [machineHid.list, machineSerial.list, () => listCardReaders(world)].map((list) =>
    list().catch((error: unknown) => {
      world.log(`devices cannot be listed: ${messageOf(error)}`);
      return [];
    }),
  );
  return (await Promise.all(lists)).flat();
}
