/**
 * A card that lies on its reader is seen again and again: some readers type its number every 200 ms. It counts once, until
 * it was away for a second; so it is not shown to the next customer's sale either, nor over the change of the last.
 */
export type CardSighting = Readonly<{ token: string; atMs: number }> | null;

export const CARD_AWAY_MS = 1_000;

/** Takes one sighting; `isNew` when the card has just been laid there. */
export function seeCard(
  last: CardSighting,
  token: string,
  nowMs: number,
): Readonly<{ sighting: CardSighting; isNew: boolean }> {
  const agoMs = last === null ? Infinity : nowMs - last.atMs;
  // A clock that was set back says nothing of how long the card was away.
  const isStillThere = last?.token === token && agoMs >= 0 && agoMs <= CARD_AWAY_MS;
  return { sighting: { token, atMs: nowMs }, isNew: !isStillThere };
}
