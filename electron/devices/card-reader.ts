import type * as Pcsc from 'pcsc-mini';
import type { Client, Reader } from 'pcsc-mini';
import { cardNumberOf, type CardRule, hexOf } from '../../shared/card-number.ts';
import { type CardSighting, seeCard } from '../../shared/card-sighting.ts';
import { type CardReading, commandsFor, dataOf, numberInBlock } from './card-apdu.ts';
import type { FoundDevice, InputDevice, InputTrouble, InputWorld, Tell } from './input.ts';
import { guarded, keepOpen, messageOf } from './keep-open.ts';

export type CardReaderSettings = Readonly<{
  /** The reader's name; null takes every reader there is. */
  reader: string | null;
  reading: CardReading;
  /** How a UID becomes the number that members are looked up by; its bytes in hexadecimal where nothing was learned. */
  number: Pick<CardRule, 'order' | 'prints'> | null;
}>;

/** A card answers within milliseconds, or was taken away too early. */
const ANSWER_MS = 2_000;

/** How long a list of readers takes to come in. */
const LIST_MS = 300;

/** A reader's name without the two numbers that PC/SC counts readers and slots by: they change with the port. */
export function modelOf(name: string): string {
  return name.replace(/(?: \d\d){1,2}$/, '');
}

/**
 * Contactless and chip readers through the system's PC/SC service. The service is watched for readers that come and go;
 * a card is read when it is laid on, and let go at once.
 */
export function openCardReader(settings: CardReaderSettings, listener: Tell, world: InputWorld): InputDevice {
  const tell = guarded(listener, world);
  const readers = new Set<string>();
  let sighting: CardSighting = null;

  const isWanted = (name: string): boolean => {
    const { reader } = settings;
    if (reader === null || reader === name) return true;
    // The very reader has its numbers when it is there; otherwise it came back at another port.
    return !readers.has(reader) && modelOf(reader) === modelOf(name);
  };
  const shown = (token: string): void => {
    const seen = seeCard(sighting, token, world.nowMs());
    ({ sighting } = seen);
    if (seen.isNew) tell({ kind: 'card', token });
  };
  const trouble = (): InputTrouble | '' => ([...readers].some(isWanted) ? '' : 'notPluggedIn');
  const refresh = (): void => service.complain(trouble());

  const watch = (reader: Reader, { ReaderStatus }: PcscLibrary, read: (reader: Reader) => Promise<void>): void => {
    readers.add(reader.name());
    refresh();
    let was: 'away' | 'mute' | 'there' = 'away';
    reader.on('change', (status) => {
      const isPresent = status.has(ReaderStatus.PRESENT);
      const is = !isPresent ? 'away' : status.has(ReaderStatus.MUTE) ? 'mute' : 'there';
      // Being read changes the state, too.
      if (is === was) return;
      was = is;
      if (!isWanted(reader.name())) return;
      if (is === 'there') void read(reader);
      if (is === 'mute') service.complain('cardUnreadable');
      if (is === 'away') {
        // Until now it lay there.
        if (sighting !== null) sighting = { ...sighting, atMs: world.nowMs() };
        refresh();
      }
    });
    reader.on('disconnect', () => {
      readers.delete(reader.name());
      refresh();
    });
  };

  const read =
    (library: PcscLibrary) =>
    async (reader: Reader): Promise<void> => {
      const outcome = await readCard(reader, library, settings, (bytes) => tell({ kind: 'raw', bytes }), world);
      if (outcome === null) service.complain('cardUnreadable');
      else shown(outcome);
    };

  const service = keepOpen<Client>({
    async open(lost) {
      readers.clear();
      const library = await import('pcsc-mini');
      const client = new library.Client();
      client.on('error', (error) => {
        world.log(`the card service broke off: ${messageOf(error)}`);
        lost('noService');
      });
      client.on('reader', (reader) => watch(reader, library, read(library)));
      try {
        client.start();
      } catch (error) {
        world.log(`no card service: ${messageOf(error)}`);
        return 'noService';
      }
      return client;
    },
    shut: stop,
    opened: trouble,
    tell,
    world,
  });
  return { close: service.close };
}

/**
 * Clients whose service went away under them. When one of them is collected as garbage, pcsc-mini 0.1.3 throws from its
 * finaliser, where nobody can catch it, and the till would end; so they are kept: a few bytes for each restart of the
 * service.
 */
const lostClients: Client[] = [];

function stop(client: Client): void {
  try {
    client.stop();
  } catch {
    lostClients.push(client);
  }
}

type PcscLibrary = typeof Pcsc;

/** The number of the card that lies there; null when it does not answer, or not as a card of the shop. */
async function readCard(
  reader: Reader,
  { CardMode, CardDisposition }: PcscLibrary,
  settings: CardReaderSettings,
  raw: (bytes: Uint8Array) => void,
  world: InputWorld,
): Promise<string | null> {
  const late = Promise.withResolvers<null>();
  const cancel = world.later(ANSWER_MS, () => late.resolve(null));
  const talk = async (): Promise<string | null> => {
    const card = await reader.connect(CardMode.SHARED);
    try {
      let data: Uint8Array | null = null;
      for (const command of commandsFor(settings.reading)) {
        const answer = await card.transmit(command);
        raw(answer);
        data = dataOf(answer);
        if (data === null) return null;
      }
      return data === null || data.length === 0 ? null : numberFrom(data, settings);
    } finally {
      await card.disconnect(CardDisposition.LEAVE).catch(() => {});
    }
  };
  try {
    return await Promise.race([talk(), late.promise]);
  } catch (error) {
    world.log(`a card could not be read: ${messageOf(error)}`);
    return null;
  } finally {
    cancel();
  }
}

function numberFrom(data: Uint8Array, { reading, number }: CardReaderSettings): string | null {
  if (reading.kind === 'block') return numberInBlock(data);
  return number === null ? hexOf(data) : cardNumberOf(number, data);
}

/** The readers that the service knows now; none when there is no service. */
export async function listCardReaders(world: InputWorld): Promise<readonly FoundDevice[]> {
  const found: FoundDevice[] = [];
  try {
    const { Client } = await import('pcsc-mini');
    const client = new Client();
    client.on('error', () => {});
    client.on('reader', (reader) => {
      const path = reader.name();
      found.push({
        identity: { vendorId: null, productId: null, serialNumber: null, path },
        line: 'pcsc',
        name: path,
        proposal: 'cardReader',
      });
    });
    client.start();
    const { promise, resolve } = Promise.withResolvers<void>();
    world.later(LIST_MS, resolve);
    await promise;
    stop(client);
  } catch (error) {
    world.log(`no card service: ${messageOf(error)}`);
  }
  return found;
}
