import { troubleOf } from './identity.ts';
import type { InputTrouble, InputWorld, Tell } from './input.ts';

/** How long until a device that is not there is looked for again: a person who plugs it in sees it come back. */
const RETRY_MS = 1_000;

export type KeptOpen<Handle> = Readonly<{
  /** The device, while it is there. */
  handle: () => Handle | null;
  /** It is there, but something is wrong with it; '' when that is over. */
  complain: (why: InputTrouble | '') => void;
  close: () => void;
}>;

/**
 * Keeps a device open for as long as it is plugged in, and opens it again when it comes back. `open` finds and opens it,
 * or answers why it cannot; it calls `lost` when the device breaks off later. States are told once each. Whatever the
 * libraries below throw ends here.
 */
export function keepOpen<Handle extends object>(parts: {
  open: (lost: (why: InputTrouble) => void) => Promise<Handle | InputTrouble>;
  shut: (handle: Handle) => void;
  /** Once each time that it was opened; answers what is wrong with it, or ''. */
  opened?: (handle: Handle) => InputTrouble | '';
  tell: Tell;
  world: InputWorld;
}): KeptOpen<Handle> {
  const { tell, world } = parts;
  let handle: Handle | null = null;
  let isClosed = false;
  let told = '';
  let cancel = (): void => {};

  const say = (why: InputTrouble | ''): void => {
    if (isClosed || told === `said ${why}`) return;
    told = `said ${why}`;
    const state = why === '' ? 'ready' : why === 'notPluggedIn' ? 'missing' : 'failed';
    tell({ kind: 'state', state, why });
  };
  const shut = (one: Handle): void => {
    try {
      parts.shut(one);
    } catch (error) {
      world.log(`a device did not close: ${messageOf(error)}`);
    }
  };
  const retry = (): void => {
    cancel();
    if (!isClosed) cancel = world.later(RETRY_MS, () => void attempt());
  };
  const attempt = async (): Promise<void> => {
    let broke: InputTrouble | null = null;
    let mine: Handle | null = null;
    const lost = (why: InputTrouble): void => {
      broke ??= why;
      if (mine === null || handle !== mine) return;
      handle = null;
      shut(mine);
      say(why);
      retry();
    };
    const outcome = await parts.open(lost).catch(troubleOf);
    if (typeof outcome === 'string') {
      say(outcome);
      retry();
      return;
    }
    if (isClosed || broke !== null) {
      shut(outcome);
      if (broke !== null) say(broke);
      retry();
      return;
    }
    mine = outcome;
    handle = outcome;
    say(parts.opened?.(outcome) ?? '');
  };
  void attempt();

  return {
    handle: () => handle,
    complain: (why) => {
      if (handle !== null) say(why);
    },
    close: () => {
      isClosed = true;
      cancel();
      if (handle !== null) shut(handle);
      handle = null;
    },
  };
}

/** Whoever listens may not break a driver: what they throw ends here. */
export function guarded(tell: Tell, world: InputWorld): Tell {
  return (event) => {
    try {
      tell(event);
    } catch (error) {
      world.log(`what a device said was not taken (${event.kind}): ${messageOf(error)}`);
    }
  };
}

/** For a log: what a library said went wrong, never what a device sent. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
