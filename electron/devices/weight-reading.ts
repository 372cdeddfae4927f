/** One reading of a scale, grams. `atMs` is on the clock of whoever asks for it. */
export type WeightReading = Readonly<{ weightGrams: number; isStable: boolean; atMs: number }>;

/** A scale sends several readings a second; one older than this speaks of goods that may be gone. */
const STALE_MS = 1_000;

/** The weight that may be sold now: stable, above zero and no older than a second; null otherwise. */
export function weightNow(reading: WeightReading | null, nowMs: number): number | null {
  if (reading === null || !reading.isStable || reading.weightGrams <= 0) return null;
  const ageMs = nowMs - reading.atMs;
  return ageMs >= 0 && ageMs <= STALE_MS ? reading.weightGrams : null;
}
