import pg from 'pg';
import { MIGRATIONS } from './migrations.ts';
import { EngineError, startEngine } from './engine.ts';

/** PostgreSQL, opened, brought to our schema, and known to write through to the disk. */
export type Database = Readonly<{ pool: pg.Pool; enginePid: () => number | null; close: () => Promise<void> }>;

type TypeId = Parameters<typeof pg.types.getTypeParser>[0];
const INT8 = pg.types.builtins.INT8;

/** Amounts are int8 in the database and whole numbers here; one beyond 2^53 would be a lie (invariant 2). */
function readInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`an integer of the database is not safe: ${text}`);
  return value;
}

/** Opens the server that `databaseUrl` names, or one of our own in `dataFolder` when it is null. */
export async function openDatabase(
  dataFolder: string,
  databaseUrl: string | null,
  log: (line: string) => void,
): Promise<Database> {
  const engine = databaseUrl === null ? await startEngine(dataFolder, log) : null;
  const pool = new pg.Pool({
    ...(engine === null ? { connectionString: databaseUrl ?? '' } : engine.connection),
    max: 12,
    application_name: 'town-server',
    types: {
      getTypeParser: (type: TypeId, format?: 'text' | 'binary') =>
        type === INT8 ? readInt8 : pg.types.getTypeParser(type, format),
    },
  });
  // A connection that breaks while idle is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  // Nor may one that breaks in the very moment in which it is handed out, when neither the pool nor its user listens yet.
  pool.on('connect', (client) => client.on('error', () => {}));
  const close = async (): Promise<void> => {
    await pool.end().catch(() => {});
    await engine?.stop();
  };
  try {
    await assertDurable(pool);
    await migrate(pool);
  } catch (error) {
    await close();
    throw error;
  }
  return { pool, enginePid: () => engine?.pid() ?? null, close };
}

/** Points never sit on a server that answers before it has written (design, "Town server"; invariant 23). */
async function assertDurable(pool: pg.Pool): Promise<void> {
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    const result = await pool.query<Record<string, string>>(`SHOW ${name}`);
    if (result.rows[0]?.[name] === 'off') {
      throw new EngineError(
        `这台 PostgreSQL 的 ${name} = off，断电会丢账，请打开 (turn it on: it would lose what it promised)`,
      );
    }
  }
}

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      'CREATE TABLE IF NOT EXISTS schema_version (one integer PRIMARY KEY CHECK (one = 1), version bigint NOT NULL)',
    );
    await client.query('INSERT INTO schema_version VALUES (1, 0) ON CONFLICT DO NOTHING');
    const { rows } = await client.query<{ version: number }>('SELECT version FROM schema_version FOR UPDATE');
    const version = rows[0]?.version ?? 0;
    if (version > MIGRATIONS.length) {
      throw new EngineError(
        `数据库由更新的程序写成，请用新程序打开，什么都没有改动 (written by a newer town server: schema ${version}, not ${MIGRATIONS.length})`,
      );
    }
    for (const migration of MIGRATIONS.slice(version)) await client.query(migration);
    await client.query('UPDATE schema_version SET version = $1', [MIGRATIONS.length]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}
