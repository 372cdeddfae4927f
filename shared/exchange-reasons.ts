/** Larger files of an exchange are refused before anything of them is read. */
export const EXCHANGE_CHARACTERS_MAX = 24_000_000;

/** Why a file of an exchange is not taken; nothing of it was applied. */
export const exchangeRefusals = [
  'notAnExchangeFile',
  'tooLarge',
  'truncated',
  'altered',
  'wrongKey',
  'malformed',
  'wrongWay',
  'otherTown',
  'otherTill',
  'otherIncarnation',
  'notAsked',
  'older',
] as const;
export type ExchangeRefusal = (typeof exchangeRefusals)[number];
