import { EventEmitter } from 'node:events';
import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Loads a built main bundle and preload in plain Node, with a stand-in for `electron` that notes what it was told, acts
 * as Electron would, and prints what came of it. Run by `electron-bundle.test.ts`, one process a case.
 */
type Noted = {
  lockAsked: number;
  quits: number;
  sandboxed: boolean;
  switches: string[];
  schemes: unknown;
  windows: { options: Record<string, unknown>; address: string }[];
  forks: { file: string; words: readonly string[] }[];
  toCore: unknown[];
  portsToPages: string[];
  permission: { asked: boolean | null; checked: boolean | null; device: boolean | null };
};

const noted: Noted = {
  lockAsked: 0,
  quits: 0,
  sandboxed: false,
  switches: [],
  schemes: null,
  windows: [],
  forks: [],
  toCore: [],
  portsToPages: [],
  permission: { asked: null, checked: null, device: null },
};

const [mainFile = '', preloadFile = '', lock = 'free'] = process.argv.slice(2);

class Contents extends EventEmitter {
  windowOpen: ((details: { url: string }) => { action: string }) | null = null;
  reloads = 0;
  reload(): void {
    this.reloads += 1;
  }
  postMessage(channel: string): void {
    noted.portsToPages.push(channel);
  }
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.windowOpen = handler;
  }
  isDestroyed(): boolean {
    return false;
  }
}

const windows: BrowserWindow[] = [];

class BrowserWindow extends EventEmitter {
  readonly webContents = new Contents();
  readonly #note: Noted['windows'][number];
  constructor(options: Record<string, unknown>) {
    super();
    this.#note = { options, address: '' };
    noted.windows.push(this.#note);
    windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  loadURL(address: string): Promise<void> {
    this.#note.address = address;
    return Promise.resolve();
  }
  removeMenu(): void {}
  isMinimized(): boolean {
    return false;
  }
  isDestroyed(): boolean {
    return false;
  }
  focus(): void {}
}

class Core extends EventEmitter {
  postMessage(message: unknown): void {
    noted.toCore.push(message);
  }
  kill(): void {}
}
const cores: Core[] = [];

const app = Object.assign(new EventEmitter(), {
  isPackaged: true,
  requestSingleInstanceLock(): boolean {
    noted.lockAsked += 1;
    return lock === 'free';
  },
  whenReady: () => Promise.resolve(),
  enableSandbox: () => void (noted.sandboxed = true),
  commandLine: { appendSwitch: (name: string, value: string) => void noted.switches.push(`--${name}=${value}`) },
  getPath: () => '/user',
  setPath: () => {},
  getAppPath: () => '/app',
  quit: () => void (noted.quits += 1),
});

type Decide = (allowed: boolean) => void;
let answerPage: ((request: Request) => Promise<Response>) | null = null;

const preloaded = { exposed: [] as unknown[], sent: [] as string[], posted: [] as unknown[] };
const ipcRenderer = Object.assign(new EventEmitter(), {
  send: (channel: string) => void preloaded.sent.push(channel),
});
const ipcMain = new EventEmitter();

const electron = {
  app,
  BrowserWindow,
  ipcMain,
  ipcRenderer,
  contextBridge: { exposeInMainWorld: (name: string, value: unknown) => void preloaded.exposed.push([name, value]) },
  MessageChannelMain: class {
    readonly port1 = 'port1';
    readonly port2 = 'port2';
  },
  protocol: {
    registerSchemesAsPrivileged: (schemes: unknown) => void (noted.schemes = schemes),
    handle: (_scheme: string, handler: typeof answerPage) => void (answerPage = handler),
  },
  screen: Object.assign(new EventEmitter(), {
    getPrimaryDisplay: () => ({ id: 1, bounds: { x: 0, y: 0, width: 1366, height: 768 } }),
    getAllDisplays: () => [
      { id: 1, bounds: { x: 0, y: 0, width: 1366, height: 768 } },
      { id: 2, bounds: { x: 1366, y: 0, width: 1024, height: 600 } },
    ],
  }),
  session: {
    defaultSession: {
      setPermissionRequestHandler: (handler: (contents: null, permission: string, decide: Decide) => void) =>
        handler(null, 'media', (allowed) => void (noted.permission.asked = allowed)),
      setPermissionCheckHandler: (handler: () => boolean) => void (noted.permission.checked = handler()),
      setDevicePermissionHandler: (handler: () => boolean) => void (noted.permission.device = handler()),
    },
  },
  utilityProcess: {
    fork(file: string, words: readonly string[]): Core {
      noted.forks.push({ file, words });
      const core = new Core();
      cores.push(core);
      return core;
    },
  },
};

Object.assign(globalThis, { electronStub: electron });
const names = Object.keys(electron);
const asModule = `const s = globalThis.electronStub;\n${names.map((name) => `export const ${name} = s.${name};`).join('\n')}`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: `stub:electron-${context.conditions.includes('require') ? 'cjs' : 'esm'}`, shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) => {
    if (url === 'stub:electron-esm') return { format: 'module', source: asModule, shortCircuit: true };
    if (url === 'stub:electron-cjs') {
      return { format: 'commonjs', source: 'module.exports = globalThis.electronStub;', shortCircuit: true };
    }
    return next(url, context);
  },
});

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** Whether a page of `contents` may go to an address. */
function goes(contents: Contents, event: string, url: string): boolean {
  let prevented = false;
  contents.emit(event, { url, preventDefault: () => void (prevented = true) });
  return !prevented;
}

/** How many ports reach the core and pages when a frame asks for one. */
function portsFor(contents: Contents, senderFrame: { url: string; parent: object | null } | null): number {
  const before = noted.portsToPages.length;
  ipcMain.emit('want-core-port', { sender: contents, senderFrame });
  return noted.portsToPages.length - before;
}

async function headersOf(address: string, method = 'GET'): Promise<{ status: number; policy: string | null } | null> {
  if (answerPage === null) return null;
  const response = await answerPage(new Request(address, { method }));
  return { status: response.status, policy: response.headers.get('content-security-policy') };
}

await import(pathToFileURL(mainFile).href);
await turn();

const report: Record<string, unknown> = { noted };
const [till] = windows;
if (till !== undefined) {
  const { webContents } = till;
  const own = 'one-card://pages/till/index.html';
  report['navigation'] = {
    foreign: goes(webContents, 'will-navigate', 'https://till.example/'),
    file: goes(webContents, 'will-navigate', 'file:///etc/passwd'),
    lookalike: goes(webContents, 'will-navigate', 'one-card://pages.till.example/till/index.html'),
    redirect: goes(webContents, 'will-redirect', 'https://till.example/'),
    frame: goes(webContents, 'will-frame-navigate', 'https://till.example/'),
    backOffice: goes(webContents, 'will-navigate', 'one-card://pages/back-office/index.html#page=night'),
  };
  report['newWindow'] = webContents.windowOpen?.({ url: own }).action;
  report['ports'] = {
    own: portsFor(webContents, { url: `${own}#x`, parent: null }),
    foreign: portsFor(webContents, { url: 'https://till.example/', parent: null }),
    lookalike: portsFor(webContents, { url: 'one-card://pages/till/index.html.evil', parent: null }),
    innerFrame: portsFor(webContents, { url: own, parent: {} }),
    gone: portsFor(webContents, null),
  };
  const before = noted.portsToPages.length;
  cores[0]?.emit('exit', 1);
  report['afterCoreFell'] = { cores: cores.length, ports: noted.portsToPages.length - before };
  webContents.emit('render-process-gone', {}, { reason: 'killed' });
  report['reloadsAfterPageFell'] = webContents.reloads;
  for (let fall = 0; fall < 20; fall += 1) webContents.emit('render-process-gone', {}, { reason: 'crashed' });
  report['reloadsAfterManyFalls'] = webContents.reloads;
  report['pages'] = {
    till: await headersOf(own),
    outside: await headersOf('one-card://pages/..%2f..%2fpackage.json'),
    otherHost: await headersOf('one-card://elsewhere/till/index.html'),
    post: await headersOf(own, 'POST'),
  };
  for (let fall = 0; fall < 20; fall += 1) cores.at(-1)?.emit('exit', 1);
  report['coresAfterManyFalls'] = cores.length;
}

const listeners: (() => void)[] = [];
Object.assign(globalThis, {
  window: {
    addEventListener: (_event: string, listener: () => void) => void listeners.push(listener),
    postMessage: (...words: unknown[]) => void preloaded.posted.push(words),
    location: { origin: 'one-card://pages' },
  },
});
createRequire(import.meta.url)(preloadFile);
ipcRenderer.emit('core-port', { ports: ['port'] });
await turn();
const early = preloaded.posted.length;
for (const listener of listeners) listener();
await turn();
report['preload'] = { ...preloaded, early };

process.stdout.write(JSON.stringify(report));
process.exit(0);
