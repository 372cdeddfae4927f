import { keys, type Appended, type KeyOf, type Query, type Rows, type Store, type TableName } from './store.ts';

/** Every row of a memory store as it stood at one moment; rows are never changed in place, so it stays as it was. */
export type StoreImage = ReadonlyMap<TableName, ReadonlyMap<string, unknown>>;

export type MemoryStore = Store &
  Readonly<{
    image: () => StoreImage;
    /** A table's committed rows, for who only looks and changes none of them. */
    rows: <N extends TableName>(table: N) => Iterable<Rows[N]>;
  }>;

/**
 * The store on plain maps, for simulators and property tests: one transaction at a time, all or nothing. It keeps
 * nothing; a town that answers for points runs on PostgreSQL. It may begin as an earlier image of another one, which is
 * how a simulator restores a town from a backup.
 */
export function createMemoryStore(from: StoreImage = new Map()): MemoryStore {
  const tables: Tables = new Map([...from].map(([table, rows]) => [table, new Map(rows)]));
  let queue: Promise<unknown> = Promise.resolve();
  return {
    transact: (_locks, work) => {
      const turn = queue.then(async () => {
        const overlay = new Map<TableName, Map<string, unknown>>();
        const result = await work(transactionOn(tables, overlay));
        for (const [table, rows] of overlay) {
          const kept = tables.get(table) ?? new Map<string, unknown>();
          for (const [key, row] of rows) kept.set(key, row);
          tables.set(table, kept);
        }
        return result;
      });
      queue = turn.catch(() => {});
      return turn;
    },
    close: async () => {},
    image: () => new Map([...tables].map(([table, rows]) => [table, new Map(rows)])),
    rows: <N extends TableName>(table: N) => (tables.get(table)?.values() ?? []) as Iterable<Rows[N]>,
  };
}

type Tables = Map<TableName, Map<string, unknown>>;

function keyIn<N extends TableName>(table: N, row: KeyOf<N>): string {
  const fields: readonly string[] = keys[table];
  return JSON.stringify(fields.map((field) => (row as Record<string, unknown>)[field]));
}

function transactionOn(kept: Tables, overlay: Tables) {
  const find = <N extends TableName>(table: N, key: string): Rows[N] | undefined =>
    (overlay.get(table)?.get(key) ?? kept.get(table)?.get(key)) as Rows[N] | undefined;
  const write = <N extends TableName>(table: N, row: Rows[N]): void => {
    const rows = overlay.get(table) ?? new Map<string, unknown>();
    rows.set(keyIn(table, row as unknown as KeyOf<N>), structuredClone(row));
    overlay.set(table, rows);
  };
  return {
    get: async <N extends TableName>(table: N, key: KeyOf<N>): Promise<Rows[N] | null> => {
      const row = find(table, keyIn(table, key));
      return row === undefined ? null : structuredClone(row);
    },
    list: async <N extends TableName>(table: N, query: Query<N> = {}): Promise<Rows[N][]> => {
      const changed = (overlay.get(table) ?? new Map()) as Map<string, Rows[N]>;
      const order: readonly string[] = query.order ?? keys[table];
      const wanted = satisfying(query);
      const found = [...changed.values()].filter(wanted);
      for (const [key, row] of (kept.get(table) ?? new Map()) as Map<string, Rows[N]>)
        if (!changed.has(key) && wanted(row)) found.push(row);
      found.sort((a, b) => compare(a, b, order));
      if (query.descending === true) found.reverse();
      return structuredClone(found.slice(0, query.limit ?? found.length));
    },
    put: async <N extends TableName>(table: N, rows: readonly Rows[N][]): Promise<void> => {
      for (const row of rows) write(table, row);
    },
    add: async <N extends TableName>(table: N, rows: readonly Rows[N][]): Promise<number> => {
      const fresh = rows.filter((row) => find(table, keyIn(table, row as unknown as KeyOf<N>)) === undefined);
      for (const row of fresh) write(table, row);
      return fresh.length;
    },
    append: async <N extends TableName>(table: N, rows: readonly Appended<N>[]): Promise<void> => {
      for (const given of rows) {
        const row = inText(given);
        const key = keyIn(table, row as unknown as KeyOf<N>);
        if (find(table, key) !== undefined) throw new Error(`${table} holds ${key} already`);
        write(table, row);
      }
    },
  };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A row as it is kept, whichever of its texts came as bytes. */
function inText<N extends TableName>(row: Appended<N>): Rows[N] {
  const fields = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? decoder.decode(value) : value,
  ]);
  return Object.fromEntries(fields) as Rows[N];
}

type Comparable = string | number;

function satisfying<N extends TableName>(query: Query<N>): (row: Rows[N]) => boolean {
  const conditions: ((row: Record<string, unknown>) => boolean)[] = [];
  const each = (wanted: object | undefined, holds: (own: unknown, other: never) => boolean): void => {
    for (const [field, other] of Object.entries(wanted ?? {}))
      conditions.push((row) => holds(row[field], other as never));
  };
  each(query.equal, (own, other) => own === other);
  each(query.among, (own, others: readonly unknown[]) => others.includes(own));
  each(query.above, (own, other: Comparable) => (own as Comparable) > other);
  each(query.below, (own, other: Comparable) => (own as Comparable) < other);
  return (row) => conditions.every((holds) => holds(row as Record<string, unknown>));
}

function compare(a: object, b: object, order: readonly string[]): number {
  for (const field of order) {
    const left = (a as Record<string, Comparable>)[field] ?? '';
    const right = (b as Record<string, Comparable>)[field] ?? '';
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
