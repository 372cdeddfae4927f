import { machineHid } from './hid-line.ts';
import type { FoundDevice, InputWorld } from './input.ts';
import { messageOf } from './keep-open.ts';
import { machineSerial } from './serial-line.ts';

/** Everything that is plugged in and may bring something in. What a machine cannot list is left out, and logged. */
export async function listInputDevices(world: InputWorld): Promise<readonly FoundDevice[]> {
  const lists = [machineHid.list, machineSerial.list].map((list) =>
    list().catch((error: unknown) => {
      world.log(`devices cannot be listed: ${messageOf(error)}`);
      return [];
    }),
  );
  return (await Promise.all(lists)).flat();
}
