/**
 * Reads where the frames of HTTP/1.1 end in a row of bytes that comes in pieces: after each head and after each body. It
 * looks at lengths only, so that the proxy can cut, double or hold back whole messages without understanding them.
 */
export class Frames {
  #head = '';
  /** Bytes of the body still to come; null in a head, and -1 in a body of chunks. */
  #left: number | null = null;
  #tail = '';

  /** Takes the next bytes; answers after how many of them a head (`head`) or a whole message (`end`) was complete. */
  feed(bytes: Buffer): { at: number; what: 'head' | 'end' }[] {
    const found: { at: number; what: 'head' | 'end' }[] = [];
    // Latin 1 keeps one character for each byte.
    const text = bytes.toString('latin1');
    for (let at = 0; at < text.length; ) {
      if (this.#left === null) at = this.#readHead(text, at, found);
      else if (this.#left < 0) at = this.#readChunks(text, at, found);
      else {
        const taken = Math.min(this.#left, text.length - at);
        at += taken;
        this.#left -= taken;
        if (this.#left === 0) this.#end(at, found);
      }
    }
    return found;
  }

  #readHead(text: string, at: number, found: { at: number; what: 'head' | 'end' }[]): number {
    const before = this.#head.length;
    this.#head += text.slice(at);
    const end = this.#head.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end < 0) return text.length;
    const head = this.#head.slice(0, end).toLowerCase();
    const next = at + end + 4 - before;
    this.#head = '';
    found.push({ at: next, what: 'head' });
    if (/^transfer-encoding: *chunked/m.test(head)) this.#left = -1;
    else this.#left = Number(/^content-length: *(\d+)/m.exec(head)?.[1] ?? '0');
    this.#tail = '';
    if (this.#left === 0) this.#end(next, found);
    return next;
  }

  #readChunks(text: string, at: number, found: { at: number; what: 'head' | 'end' }[]): number {
    // The last chunk is empty: nothing else of JSON looks like it, since a line break there is always escaped.
    const before = this.#tail.length;
    const all = this.#tail + text.slice(at);
    const end = all.search(/(^|\r\n)0\r\n\r\n/);
    if (end < 0) {
      this.#tail = all.slice(-8);
      return text.length;
    }
    const next = at + all.indexOf('0\r\n\r\n', end) + 5 - before;
    this.#end(next, found);
    return next;
  }

  #end(at: number, found: { at: number; what: 'head' | 'end' }[]): void {
    this.#left = null;
    this.#tail = '';
    found.push({ at, what: 'end' });
  }
}
