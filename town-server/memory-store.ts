import { keys, type KeyOf, type Query, type Rows, type Store, type TableName } from './store.ts';

/**
 * The store on plain maps, for simulators and property tests: one transaction at a time, all or nothing. It keeps
 * nothing; a town that answers for points runs on PostgreSQL.
 */
export function createMemoryStore(): Store {
  const tables = new Map<TableName, Map<string, unknown>>();
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
      const all = new Map([...(kept.get(table) ?? []), ...(overlay.get(table) ?? [])]) as Map<string, Rows[N]>;
      const order: readonly string[] = query.order ?? keys[table];
      const found = [...all.values()].filter((row) => satisfies(row, query)).sort((a, b) => compare(a, b, order));
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
    append: async <N extends TableName>(table: N, rows: readonly Rows[N][]): Promise<void> => {
      for (const row of rows) {
        const key = keyIn(table, row as unknown as KeyOf<N>);
        if (find(table, key) !== undefined) throw new Error(`${table} holds ${key} already`);
        write(table, row);
      }
    },
  };
}

type Comparable = string | number;

function satisfies<N extends TableName>(row: Rows[N], query: Query<N>): boolean {
  const value = (field: string): unknown => (row as Record<string, unknown>)[field];
  const every = (wanted: object | undefined, holds: (own: unknown, other: never) => boolean): boolean =>
    Object.entries(wanted ?? {}).every(([field, other]) => holds(value(field), other as never));
  return (
    every(query.equal, (own, other) => own === other) &&
    every(query.among, (own, others: readonly unknown[]) => others.includes(own)) &&
    every(query.above, (own, other: Comparable) => (own as Comparable) > other) &&
    every(query.below, (own, other: Comparable) => (own as Comparable) < other)
  );
}

function compare(a: object, b: object, order: readonly string[]): number {
  for (const field of order) {
    const left = (a as Record<string, Comparable>)[field] ?? '';
    const right = (b as Record<string, Comparable>)[field] ?? '';
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
