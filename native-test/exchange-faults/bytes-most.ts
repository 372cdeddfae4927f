/**
 * Neither part of an exchange has more bytes one way. How many it has differs by the length of a number here and there; a
 * walk over as many places as this, of which some are beyond the end, is the same walk for all.
 */
export const BYTES_MOST = 10_000;
