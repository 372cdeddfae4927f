import { posix } from 'node:path';
import { parseSync } from 'vite';

/** One source file: its path from the project's root with forward slashes, and its text. */
export type SourceFile = Readonly<{ path: string; source: string }>;

/** One broken rule of the house, in words that say what to do about it. */
export type Offence = Readonly<{ path: string; line: number; rule: string }>;

type Zone =
  | 'shared'
  | 'core'
  | 'devices'
  | 'main'
  | 'preload'
  | 'host'
  | 'renderer'
  | 'town-server'
  | 'native-test'
  | 'beside';

const LINE_LENGTH_MAX = 140;

/** Which zones a file may import by relative path; a zone may always import itself. */
const ARROWS: Readonly<Record<Zone, readonly Zone[]>> = {
  shared: [],
  core: ['shared'],
  devices: ['shared'],
  main: ['shared'],
  preload: ['shared'],
  host: ['shared', 'core', 'devices'],
  renderer: ['shared'],
  'town-server': ['shared'],
  'native-test': ['shared', 'core', 'devices', 'main', 'preload', 'host', 'renderer', 'town-server', 'beside'],
  beside: ['shared', 'core', 'devices', 'host', 'renderer', 'town-server', 'native-test'],
};

const PAGE_LIBRARIES =
  /^(react|react-dom|antd|@ant-design\/.+|echarts|dayjs|zustand|@tanstack\/react-query|@orpc\/.+)(\/|$)/;

/** Only the page of the cashier must stay small and only Electron's own two files may touch Electron. */
const SCREEN_OR_SHELL = /^(electron|ws|react|react-dom|antd|@ant-design\/.+|echarts)(\/|$)/;

/** Drivers reach hardware; the core sees them only as values of a `Devices` type. */
const DRIVERS = /^(node-hid|serialport|@serialport\/.+|pcsc-mini)(\/|$)/;

/** Where the contract library may stand, so that replacing it stays a day's work. */
const CONTRACT_FILES: Readonly<Partial<Record<Zone, RegExp>>> = {
  shared: /^shared\/(till|town)-contract\.ts$/,
  core: /^electron\/core\/(router|town-client|town-api|test-core)\.ts$/,
};

/** Only the ledger writes SQLite; the folder's lock is an empty database of its own, for the lock it takes. */
const SQLITE_FILES = /^electron\/core\/(ledger\/.+|folder)\.ts$/;

/** Packages that any test file may use beside what its zone allows. */
const TEST_PACKAGES = /^(vitest|fast-check)(\/|$)|^node:/;

function zoneOf(path: string): Zone {
  if (path.startsWith('shared/')) return 'shared';
  if (path.startsWith('electron/core/')) return 'core';
  if (path.startsWith('electron/devices/')) return 'devices';
  if (path === 'electron/main.ts') return 'main';
  if (path === 'electron/preload.ts') return 'preload';
  if (path.startsWith('electron/')) return 'host';
  if (path.startsWith('renderer/')) return 'renderer';
  if (path.startsWith('town-server/')) return 'town-server';
  if (path.startsWith('native-test/')) return 'native-test';
  return 'beside';
}

const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path);

/** Every rule that can be read off the text, over all files at once. */
export function offencesIn(files: readonly SourceFile[]): Offence[] {
  return files.flatMap((file) => offencesOf(file));
}

type Import = Readonly<{ specifier: string; offset: number }>;
type Facts = { imports: Import[]; findings: { offset: number; rule: string }[]; reExports: number; statements: number };

function offencesOf(file: SourceFile): Offence[] {
  const { path, source } = file;
  const lineOf = (offset: number): number => source.slice(0, offset).split('\n').length;
  const offences: Offence[] = [];
  const say = (line: number, rule: string): void => void offences.push({ path, line, rule });

  source.split('\n').forEach((line, index) => {
    if (Array.from(line).length > LINE_LENGTH_MAX) say(index + 1, `a line has at most ${LINE_LENGTH_MAX} characters`);
  });
  if (/(^|\/)utils?\.[cm]?tsx?$/.test(path)) say(1, 'a file is named after what it is about, never utils');

  const parsed = parseSync(path, source);
  const [syntaxError] = parsed.errors;
  if (syntaxError !== undefined) {
    say(1, `cannot be parsed: ${syntaxError.message}`);
    return offences;
  }
  const facts = factsOf(path, parsed.program);
  for (const { offset, rule } of facts.findings) say(lineOf(offset), rule);
  for (const { specifier, offset } of facts.imports) {
    const rule = brokenArrow(path, specifier);
    if (rule !== null) say(lineOf(offset), rule);
  }
  const isIndex = /(^|\/)index\.[cm]?tsx?$/.test(path);
  if (facts.reExports > 0 && (isIndex || facts.reExports === facts.statements)) {
    say(1, 'no barrel files: import from the file that owns the name');
  }
  return offences;
}

/** The rule an import breaks, or null. */
function brokenArrow(path: string, specifier: string): string | null {
  const zone = zoneOf(path);
  return specifier.startsWith('.') ? brokenRelative(path, zone, specifier) : brokenPackage(path, zone, specifier);
}

function brokenRelative(path: string, zone: Zone, specifier: string): string | null {
  const [bare = specifier] = specifier.split('?');
  const target = posix.normalize(posix.join(posix.dirname(path), bare));
  if (!/\.[a-z0-9]+$/.test(target)) return `${specifier}: a relative import carries its extension`;
  if (target.startsWith('..')) return `${specifier}: leaves the project`;
  if (isTest(path) && target === 'native-test/prerequisite.ts') return null;
  if ((zone === 'renderer' || zone === 'host') && target.startsWith('resources/')) return null;
  const targetZone = zoneOf(target);
  if (targetZone === zone || ARROWS[zone].includes(targetZone)) return null;
  return `${specifier}: ${zone} may not import ${targetZone}`;
}

function brokenPackage(path: string, zone: Zone, specifier: string): string | null {
  if (/^electron(\/|$)/.test(specifier) && zone !== 'main' && zone !== 'preload') {
    return 'only main.ts and preload.ts import electron: anywhere else it would download its binary';
  }
  if (isTest(path) && TEST_PACKAGES.test(specifier)) return null;
  const isContractLibrary = specifier.startsWith('@orpc/');
  const contractFiles = CONTRACT_FILES[zone];
  if (isContractLibrary && contractFiles !== undefined && !isTest(path) && !contractFiles.test(path)) {
    return `${specifier}: here the contract library stands only in ${contractFiles.source}`;
  }
  switch (zone) {
    case 'shared':
      if (specifier === 'zod') return null;
      if (specifier === '@orpc/contract') return null;
      return `${specifier}: shared imports nothing but zod, and @orpc/contract in the two contracts`;
    case 'core':
      if (SCREEN_OR_SHELL.test(specifier)) return `${specifier}: the core knows no shell, socket or screen`;
      if (DRIVERS.test(specifier)) return `${specifier}: the core is given its devices`;
      if (specifier === 'better-sqlite3' && !SQLITE_FILES.test(path) && !isTest(path)) {
        return 'better-sqlite3: only electron/core/ledger writes SQLite';
      }
      return null;
    case 'main':
    case 'preload':
      if (specifier === 'electron' || specifier.startsWith('electron/') || specifier.startsWith('node:')) return null;
      return `${specifier}: ${zone}.ts imports only electron, node: and shared`;
    case 'renderer':
      if (PAGE_LIBRARIES.test(specifier)) return null;
      return `${specifier}: pages import only shared, renderer and their page libraries`;
    case 'devices':
    case 'host':
    case 'town-server':
      if (/^(react|react-dom|antd|echarts)(\/|$)/.test(specifier)) return `${specifier}: belongs to the pages`;
      return null;
    case 'native-test':
    case 'beside':
      return null;
    default:
      return zone satisfies never;
  }
}

type Node = Readonly<Record<string, unknown>> & Readonly<{ type: string; start: number }>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Walks the syntax tree once, so that neither a comment nor a string can look like code. */
function factsOf(path: string, program: unknown): Facts {
  const facts: Facts = { imports: [], findings: [], reExports: 0, statements: 0 };
  const zone = zoneOf(path);
  const isPure = (zone === 'shared' || zone === 'core') && !isTest(path);
  const isExact = (zone === 'shared' || zone === 'core' || zone === 'town-server') && !isTest(path);
  const visit = (node: Node): void => {
    inspect(node, facts, isPure, isExact);
    for (const child of Object.values(node)) {
      if (Array.isArray(child)) for (const one of child) if (isNode(one)) visit(one);
      if (isNode(child)) visit(child);
    }
  };
  if (isNode(program)) {
    const body = program['body'];
    facts.statements = Array.isArray(body) ? body.length : 0;
    visit(program);
  }
  return facts;
}

function inspect(node: Node, facts: Facts, isPure: boolean, isExact: boolean): void {
  const found = (rule: string): void => void facts.findings.push({ offset: node.start, rule });
  const takeImport = (from: unknown): void => {
    if (isNode(from) && typeof from['value'] === 'string') {
      facts.imports.push({ specifier: from['value'], offset: node.start });
    }
  };
  switch (node.type) {
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      if (isNode(node['source'])) facts.reExports += 1;
      takeImport(node['source']);
      return;
    case 'ImportDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      takeImport(node['source']);
      return;
    case 'TSAnyKeyword':
      found('no any');
      return;
    case 'TSEnumDeclaration':
      found('no enum: a union of literals');
      return;
    case 'NewExpression':
      if (isPure && isNamed(node['callee'], 'Date') && isEmpty(node['arguments'])) {
        found('new Date(): the clock is passed in');
      }
      return;
    case 'CallExpression': {
      const [first] = Array.isArray(node['arguments']) ? node['arguments'] : [];
      if (isNamed(node['callee'], 'require')) takeImport(first);
      if (isExact && isNamed(node['callee'], 'parseFloat')) found('parseFloat: money, points and weight are integers');
      return;
    }
    case 'MemberExpression': {
      const property = node['property'];
      const name = isNode(property) ? (property['name'] ?? property['value']) : undefined;
      const of = (object: string, member: string): boolean => isNamed(node['object'], object) && name === member;
      if (isPure && of('Date', 'now')) found('Date.now: the clock is passed in');
      if (isPure && of('Math', 'random')) found('Math.random: ids are passed in');
      if (isPure && of('process', 'env')) found('process.env: settings are passed in');
      if (isExact && (of('Number', 'parseFloat') || name === 'toFixed')) {
        found(`${String(name)}: money, points and weight are integers`);
      }
      return;
    }
    default:
  }
}

function isNamed(value: unknown, name: string): boolean {
  return isNode(value) && value.type === 'Identifier' && value['name'] === name;
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
