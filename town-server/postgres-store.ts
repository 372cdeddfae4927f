import type pg from 'pg';
import { copyIn, copyLines } from './copy.ts';
import {
  keys,
  type Appended,
  type KeyOf,
  type Lock,
  type Query,
  type Rows,
  type Store,
  type TableName,
} from './store.ts';

/**
 * The store on PostgreSQL: one statement per call, whole batches by `unnest`. Field names are camel case here and snake
 * case there; which fields are numbers, flags or JSON stands in `columns`.
 */
type ColumnType = 'text' | 'int8' | 'bool' | 'jsonb';

const columns: { [N in TableName]: Readonly<Record<keyof Rows[N] & string, ColumnType>> } = {
  town: { town: 'text', name: 'text', publicKey: 'text' },
  setting: { name: 'text', value: 'text' },
  shop: { shop: 'text', name: 'text', address: 'text', hotline: 'text' },
  village: { village: 'text', name: 'text', fund: 'text' },
  till: { till: 'text', shop: 'text', name: 'text', incarnation: 'int8' },
  contact: { till: 'text', heardAtMs: 'int8' },
  head: { till: 'text', incarnation: 'int8', seq: 'int8', hash: 'text' },
  incarnation: {
    till: 'text',
    incarnation: 'int8',
    publicKey: 'text',
    incarnationId: 'text',
    enrolledAtMs: 'int8',
    settledSeq: 'int8',
    settledHash: 'text',
    statementNumber: 'int8',
    statementHash: 'text',
    term: 'text',
    perpetual: 'jsonb',
    period: 'int8',
    periodTotals: 'jsonb',
    closedPeriod: 'jsonb',
    spans: 'jsonb',
  },
  record: { till: 'text', incarnation: 'int8', seq: 'int8', hash: 'text', text: 'text', fault: 'text' },
  fork: { till: 'text', incarnation: 'int8', seq: 'int8', hash: 'text', bytes: 'text', seenAtMs: 'int8' },
  code: {
    codeHash: 'text',
    shop: 'text',
    till: 'text',
    tillName: 'text',
    expiresAtMs: 'int8',
    usedTill: 'text',
    usedIncarnation: 'int8',
  },
  term: { term: 'text', till: 'text', incarnation: 'int8', endMs: 'int8', closedAtMs: 'int8' },
  member: {
    member: 'text',
    name: 'text',
    village: 'text',
    homeShop: 'text',
    stars: 'int8',
    state: 'text',
    standingWish: 'text',
    version: 'int8',
  },
  card: {
    card: 'text',
    tokenHash: 'text',
    member: 'text',
    lastFour: 'text',
    lastSix: 'text',
    state: 'text',
    expiresOn: 'text',
    lostAtMs: 'int8',
    unreadableAtMs: 'int8',
  },
  bearer: { member: 'text', bearer: 'text', note: 'text' },
  pin: { member: 'text', hash: 'text', wrong: 'int8' },
  pinTry: { request: 'text', till: 'text', member: 'text', atMs: 'int8' },
  cardReport: { request: 'text', till: 'text', member: 'text', atMs: 'int8' },
  lot: {
    lot: 'text',
    member: 'text',
    village: 'text',
    fund: 'text',
    earnedOn: 'text',
    expiresOn: 'text',
    issued: 'int8',
    free: 'int8',
    allotted: 'jsonb',
    spent: 'int8',
    expired: 'int8',
    shortfall: 'int8',
    overdrawn: 'int8',
    note: 'text',
    unlisted: 'int8',
  },
  movement: {
    member: 'text',
    movement: 'text',
    kind: 'text',
    atMs: 'int8',
    points: 'int8',
    borne: 'int8',
    lot: 'text',
    till: 'text',
    incarnation: 'int8',
    seq: 'int8',
  },
  grant: {
    grant: 'text',
    till: 'text',
    incarnation: 'int8',
    term: 'text',
    member: 'text',
    lots: 'jsonb',
    madeAtMs: 'int8',
    appliedSeq: 'int8',
  },
  recall: {
    recall: 'text',
    till: 'text',
    incarnation: 'int8',
    term: 'text',
    member: 'text',
    lot: 'text',
    points: 'int8',
    doneSeq: 'int8',
  },
  topUp: { request: 'text', till: 'text', member: 'text', bytes: 'text', signature: 'text' },
  spending: { member: 'text', day: 'text', points: 'int8', savedFen: 'int8' },
  sale: {
    sale: 'text',
    seen: 'bool',
    receipt: 'text',
    till: 'text',
    incarnation: 'int8',
    seq: 'int8',
    sold: 'jsonb',
    back: 'jsonb',
    exchanged: 'jsonb',
    mobileFen: 'int8',
    cashFen: 'int8',
    tenders: 'jsonb',
    points: 'jsonb',
    borne: 'jsonb',
    onLostCard: 'bool',
    waiting: 'jsonb',
  },
  claim: {
    claim: 'text',
    till: 'text',
    incarnation: 'int8',
    sale: 'text',
    receipt: 'text',
    lines: 'jsonb',
    madeAtMs: 'int8',
    bytes: 'text',
    signature: 'text',
    doneSeq: 'int8',
    releasedAtMs: 'int8',
    releasedBy: 'text',
    note: 'text',
  },
  payable: { shop: 'text', month: 'text', village: 'text', fund: 'text', points: 'int8', amountFen: 'int8' },
  tillDay: { till: 'text', day: 'text', sales: 'int8', points: 'int8' },
  break: {
    id: 'text',
    till: 'text',
    incarnation: 'int8',
    kind: 'text',
    owner: 'text',
    account: 'text',
    seq: 'int8',
    tillAmount: 'int8',
    townAmount: 'int8',
    sinceDay: 'text',
    resolvedAtMs: 'int8',
    resolvedBy: 'text',
    note: 'text',
  },
  statement: {
    till: 'text',
    incarnation: 'int8',
    number: 'int8',
    bytes: 'text',
    signature: 'text',
    hash: 'text',
    settledSeq: 'int8',
    issuedAtMs: 'int8',
  },
  policy: { version: 'int8', effectiveFrom: 'text', bytes: 'text', signature: 'text' },
  item: { item: 'text', version: 'int8', value: 'jsonb' },
  notice: {
    notice: 'text',
    title: 'text',
    text: 'text',
    village: 'text',
    shop: 'text',
    fromDay: 'text',
    toDay: 'text',
    onReceipt: 'bool',
    writtenAtMs: 'int8',
    writtenBy: 'text',
    endedAtMs: 'int8',
    endedBy: 'text',
  },
};

const snake = (name: string): string => `"${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}"`;

type Shape = Readonly<{
  table: string;
  fields: readonly [string, ColumnType][];
  selected: string;
  values: string;
  copied: string;
  keyColumns: string;
  replaced: string;
}>;

function shapeOf(table: TableName): Shape {
  const fields = Object.entries<ColumnType>(columns[table]);
  const keyFields: readonly string[] = keys[table];
  // Lists travel as text arrays and are cast in the database: the driver knows no arrays of JSON.
  const arrays = fields.map(([, type], index) => `$${index + 2}::${type === 'jsonb' ? 'text' : type}[]`);
  const picked = fields.map(([name, type]) => (type === 'jsonb' ? `r.${snake(name)}::jsonb` : `r.${snake(name)}`));
  const names = fields.map(([name]) => snake(name)).join(', ');
  return {
    table: snake(table),
    fields,
    selected: fields.map(([name]) => `${snake(name)} AS "${name}"`).join(', '),
    values: `(town_id, ${names}) SELECT $1, ${picked.join(', ')} FROM unnest(${arrays.join(', ')}) AS r(${names})`,
    copied: `${snake(table)} (town_id, ${names})`,
    keyColumns: keyFields.map(snake).join(', '),
    replaced: fields
      .filter(([name]) => !keyFields.includes(name))
      .map(([name]) => `${snake(name)} = excluded.${snake(name)}`)
      .join(', '),
  };
}

const shapes = new Map<TableName, Shape>();

function shape(table: TableName): Shape {
  const known = shapes.get(table) ?? shapeOf(table);
  shapes.set(table, known);
  return known;
}

/** The server let go of a connection before the commit was asked for; `cause` is what the work met. */
class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super('the connection was lost', { cause });
  }
}

/** Serialization failure, deadlock, and the town's connection cut by a restart of the server before its commit. */
const RETRIED = new Set(['40001', '40P01', '57P01', '57P02', '57P03']);

/** A store of one town on an open database. */
export function createPostgresStore(pool: pg.Pool, town: string): Store {
  const knownLocks = new Set<string>();

  const hold = async (client: pg.PoolClient, locks: readonly Lock[]): Promise<void> => {
    // In one order for everybody, so that two transactions never wait for each other.
    const wanted = [...new Set(locks)].sort();
    const unknown = wanted.filter((lock) => !knownLocks.has(lock));
    if (unknown.length > 0) {
      await client.query('INSERT INTO lock (town_id, name) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING', [
        town,
        unknown,
      ]);
    }
    await client.query('SELECT name FROM lock WHERE town_id = $1 AND name = ANY($2) ORDER BY name FOR UPDATE', [
      town,
      wanted,
    ]);
  };

  const once = async <T>(
    locks: readonly Lock[],
    work: (transaction: ReturnType<typeof transactionOn>) => Promise<T>,
  ): Promise<T> => {
    const client = await pool.connect();
    let broken: Error | undefined;
    let isCommitting = false;
    // A connection that the server cut says so by an event too, which would otherwise end the process.
    const onError = (error: Error): void => void (broken = error);
    client.on('error', onError);
    try {
      await client.query('BEGIN');
      if (locks.length > 0) await hold(client, locks);
      const result = await work(transactionOn(client, town));
      isCommitting = true;
      await client.query('COMMIT');
      for (const lock of locks) knownLocks.add(lock);
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: Error) => void (broken = failure));
      // A connection that was cut before its commit was asked for has left nothing behind: the same work may be done again.
      throw broken !== undefined && !isCommitting ? new ConnectionLost(error) : error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  };

  return {
    async transact(locks, work) {
      for (let tries = 0; ; tries += 1) {
        try {
          return await once(locks, work);
        } catch (error) {
          const code = (error as { code?: string }).code ?? '';
          const isRetried = error instanceof ConnectionLost || RETRIED.has(code);
          if (!isRetried || tries >= 5) throw error instanceof ConnectionLost ? error.cause : error;
        }
      }
    },
    close: async () => {},
  };
}

function transactionOn(client: pg.PoolClient, town: string) {
  const insert = async <N extends TableName>(table: N, rows: readonly Rows[N][], then: string): Promise<number> => {
    if (rows.length === 0) return 0;
    const { table: name, values, fields } = shape(table);
    const lists = fields.map(([field, type]) =>
      rows.map((row) => {
        const value = (row as Record<string, unknown>)[field];
        return type === 'jsonb' ? JSON.stringify(value) : value;
      }),
    );
    const result = await client.query(`INSERT INTO ${name} ${values} ${then}`, [town, ...lists]);
    return result.rowCount ?? 0;
  };

  const list = async <N extends TableName>(table: N, query: Query<N> = {}): Promise<Rows[N][]> => {
    const { table: name, selected } = shape(table);
    const parameters: unknown[] = [town];
    const conditions = ['town_id = $1'];
    const compare = (values: object | undefined, operator: string): void => {
      for (const [field, value] of Object.entries(values ?? {})) {
        if (value === null) {
          conditions.push(`${snake(field)} IS NULL`);
          continue;
        }
        parameters.push(value);
        conditions.push(`${snake(field)} ${operator} ${operator === '= ANY' ? '(' : ''}$${parameters.length}`);
        if (operator === '= ANY') conditions[conditions.length - 1] += ')';
      }
    };
    compare(query.equal, '=');
    compare(query.among, '= ANY');
    compare(query.above, '>');
    compare(query.below, '<');
    const direction = query.descending === true ? ' DESC' : '';
    const order = (query.order ?? keys[table]).map((field) => snake(field) + direction).join(', ');
    const limit = query.limit === undefined ? '' : ` LIMIT ${query.limit}`;
    const sql = `SELECT ${selected} FROM ${name} WHERE ${conditions.join(' AND ')} ORDER BY ${order}${limit}`;
    const result = await client.query<Rows[N] & pg.QueryResultRow>(sql, parameters);
    return result.rows;
  };

  return {
    get: async <N extends TableName>(table: N, key: KeyOf<N>): Promise<Rows[N] | null> =>
      (await list(table, { equal: key as unknown as Partial<Rows[N]>, limit: 1 }))[0] ?? null,
    list,
    put: async <N extends TableName>(table: N, rows: readonly Rows[N][]): Promise<void> => {
      const { keyColumns, replaced } = shape(table);
      await insert(table, rows, `ON CONFLICT (town_id, ${keyColumns}) DO UPDATE SET ${replaced}`);
    },
    add: async <N extends TableName>(table: N, rows: readonly Rows[N][]): Promise<number> =>
      insert(table, rows, 'ON CONFLICT DO NOTHING'),
    append: async <N extends TableName>(table: N, rows: readonly Appended<N>[]): Promise<void> => {
      if (rows.length === 0) return;
      const { copied, fields } = shape(table);
      const lines = rows.map((row) => [
        town,
        ...fields.map(([field, type]) => {
          const value = (row as Record<string, unknown>)[field];
          if (value === null || value instanceof Uint8Array) return value;
          return typeof value === 'string' && type !== 'jsonb' ? value : JSON.stringify(value);
        }),
      ]);
      await copyIn(client, copied, copyLines(lines));
    },
  };
}
