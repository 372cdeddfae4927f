/** A new id for a document; the page makes it once, so that pressing twice is one document. */
export function newId(): string {
  // randomUUID wants a secure page, which one on the shop's network may not be.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
