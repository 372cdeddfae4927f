import type { Ledger } from './ledger/ledger.ts';

/**
 * Remembers what `make` answered for a key until the next record, or until `version` changes: figures that only records
 * change are asked for at every scan, and the ledger need not answer the same each time.
 */
export function perHead<Key, Value>(
  ledger: Pick<Ledger, 'head'>,
  make: (key: Key) => Value,
  version: () => number = () => 0,
) {
  let head = ledger.head();
  let known = version();
  const values = new Map<Key, Value>();
  return (key: Key): Value => {
    if (ledger.head() !== head || version() !== known) {
      values.clear();
      head = ledger.head();
      known = version();
    }
    const value = values.get(key);
    if (value !== undefined || values.has(key)) return value as Value;
    const made = make(key);
    values.set(key, made);
    return made;
  };
}
