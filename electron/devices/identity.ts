import type { DeviceIdentity, FoundDevice, InputTrouble } from './input.ts';

/**
 * Which of the things that are plugged in is the one that was set up: the same make, and the same serial number where it
 * has one. The path only decides between several that are alike, because it changes with the port. Without a vendor (an
 * on-board serial port, a reader of PC/SC) the path is all there is. Those that another driver holds are left out before.
 */
export function findAgain<Found extends Pick<FoundDevice, 'identity'>>(
  wanted: DeviceIdentity,
  found: readonly Found[],
): Found | null {
  const alike = found.filter(({ identity }) => isSameMake(wanted, identity));
  const atPath = alike.find(({ identity }) => identity.path === wanted.path);
  if (atPath !== undefined) return atPath;
  if (wanted.vendorId === null) return null;
  return alike[0] ?? null;
}

/** Long enough for every driver of a counter that opens to have looked at the place where its own device stood. */
const CLAIM_MS = 2_000;

let claims: readonly Readonly<{ path: string; untilMs: number }>[] = [];

/**
 * Says that a device stood at this place when it was set up. Adapters of one make have no serial number, so while a counter
 * opens, a driver whose device is not there would take the adapter of another before that other one could. Answers whether
 * a place is claimed by somebody else; once all have looked, what they hold says who is where.
 */
export function claimPlace(
  { vendorId, path }: DeviceIdentity,
  nowMs = (): number => performance.now(),
): (other: string) => boolean {
  claims = claims.filter(({ untilMs }) => nowMs() < untilMs);
  if (vendorId !== null && path !== null) claims = [...claims, { path, untilMs: nowMs() + CLAIM_MS }];
  return (other) => other !== path && claims.some((claim) => claim.path === other && nowMs() < claim.untilMs);
}

function isSameMake(wanted: DeviceIdentity, there: DeviceIdentity): boolean {
  if (wanted.vendorId === null) return wanted.path === there.path;
  return (
    wanted.vendorId === there.vendorId &&
    wanted.productId === there.productId &&
    (wanted.serialNumber === null || wanted.serialNumber === there.serialNumber)
  );
}

/** What an error of a native library means for whoever stands at the counter. */
export function troubleOf(error: unknown): InputTrouble {
  const text = error instanceof Error ? `${error.message} ${'code' in error ? String(error.code) : ''}` : String(error);
  if (
    /shared object|spawn udevadm|MODULE_NOT_FOUND|addon|cannot find (?:module|package)|SCARD_E_NO_SERVICE|NoService/i.test(
      text,
    )
  ) {
    return 'noService';
  }
  // On Windows an open port answers so to the second who opens it.
  if (/lock port|EBUSY|access(?: is)? denied|in use/i.test(text)) return 'inUse';
  if (/permission|EACCES|EPERM/i.test(text)) return 'notAllowed';
  if (/ENOENT|ENODEV|ENXIO|no such file|file not found|not found|cannot find|disconnected/i.test(text)) {
    return 'notPluggedIn';
  }
  return 'broken';
}
