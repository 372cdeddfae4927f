import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import {
  app,
  BrowserWindow,
  ipcMain,
  MessageChannelMain,
  protocol,
  screen,
  session,
  type UtilityProcess,
  utilityProcess,
  type WebContents,
} from 'electron';

/**
 * Windows, one instance, and ports between pages and the core process; nothing else. The core runs in a process of its
 * own, so that neither a page nor this one can take it down, and every page is shut into its own files and its port.
 */
const SCHEME = 'one-card';
const ORIGIN = `${SCHEME}://pages`;
const PAGES = ['till', 'back-office', 'customer-display'] as const;
type Page = (typeof PAGES)[number];

const addressOf = (page: Page): string => `${ORIGIN}/${page}/index.html`;
const PAGE_ADDRESSES: ReadonlySet<string> = new Set(PAGES.map(addressOf));

const built = import.meta.dirname;
const pagesFolder = join(built, '..', 'renderer');
const preload = join(built, '..', 'preload', 'preload.cjs');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wav': 'audio/wav',
  '.woff2': 'font/woff2',
};

/** The address without what stands behind `#` and `?`, which a page may change as it likes. */
function bare(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? '';
}

/** The back office's table library writes its styles while it runs; no other page may. */
function policyFor(path: string): string {
  const styles = path.startsWith('/back-office/') ? "'self' 'unsafe-inline'" : "'self'";
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${styles}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "media-src 'self'",
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

async function answerPage(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const path = normalize(decodeURIComponent(url.pathname));
  const type = TYPES[extname(path)];
  const isOurs = request.method === 'GET' && url.host === 'pages' && !path.split(sep).includes('..');
  if (!isOurs || type === undefined || path.includes('\0')) return new Response(null, { status: 404 });
  try {
    const bytes = await readFile(join(pagesFolder, path));
    return new Response(new Uint8Array(bytes), {
      headers: {
        'content-type': type,
        'content-security-policy': policyFor(url.pathname),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
    });
  } catch {
    return new Response(null, { status: 404 });
  }
}

/** Nothing leads out of a page: no foreign address, no new window, no frame, no embedded view. */
function shutIn(contents: WebContents): void {
  const stay = (event: { preventDefault: () => void; url: string }): void => {
    if (!PAGE_ADDRESSES.has(bare(event.url))) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

function openWindow(page: Page, place: Readonly<{ x: number; y: number }> | null): BrowserWindow {
  const window = new BrowserWindow({
    width: 1366,
    height: 768,
    ...place,
    fullscreen: place !== null,
    autoHideMenuBar: true,
    backgroundColor: '#ffffff',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !app.isPackaged,
      // A till in the background still has to show what was scanned.
      backgroundThrottling: false,
    },
  });
  window.removeMenu();
  showAgain(window.webContents);
  void window.loadURL(addressOf(page));
  return window;
}

/** A core or a page that falls over again and again is not started for ever. */
const RESTARTS_PER_MINUTE = 5;

/** A page whose process was killed or fell is loaded again, and gets its port as every page does that was loaded. */
function showAgain(contents: WebContents): void {
  const fallenMs: number[] = [];
  contents.on('render-process-gone', () => {
    if (contents.isDestroyed()) return;
    const lately = fallenMs.filter((atMs) => performance.now() - atMs < 60_000);
    if (lately.length >= RESTARTS_PER_MINUTE) return;
    fallenMs.push(performance.now());
    contents.reload();
  });
}

/** A value behind `--name=` on the command line. */
function option(name: string): string | null {
  const prefix = `--${name}=`;
  return process.argv.find((word) => word.startsWith(prefix))?.slice(prefix.length) ?? null;
}

/** The core's process and the ports that lead to it. */
function coreProcess(onListening: (address: string) => void) {
  const asked = new Set<WebContents>();
  const startedMs: number[] = [];
  let quitting = false;
  let child: UtilityProcess = start();

  function start(): UtilityProcess {
    startedMs.push(performance.now());
    const words = [
      `--data=${option('data') ?? join(app.getPath('userData'), 'shop')}`,
      `--root=${app.getAppPath()}`,
      ...(option('town') === null ? [] : [`--town=${option('town')}`]),
    ];
    const started = utilityProcess.fork(join(built, 'core-process.js'), words, { serviceName: 'One-Card Till core' });
    started.on('message', (message: unknown) => {
      if (typeof message !== 'object' || message === null || !('kind' in message)) return;
      if (message.kind === 'listening' && 'address' in message) onListening(String(message.address));
    });
    started.once('exit', () => {
      if (quitting) return;
      const lately = startedMs.filter((atMs) => performance.now() - atMs < 60_000);
      if (lately.length > RESTARTS_PER_MINUTE) return;
      child = start();
      for (const contents of asked) connect(contents);
    });
    return started;
  }

  function connect(contents: WebContents): void {
    if (contents.isDestroyed()) return void asked.delete(contents);
    const { port1, port2 } = new MessageChannelMain();
    child.postMessage({ kind: 'port' }, [port1]);
    contents.postMessage('core-port', null, [port2]);
  }

  return {
    /** Gives a page its port; called anew each time the page was loaded. */
    give(contents: WebContents): void {
      asked.add(contents);
      contents.once('destroyed', () => asked.delete(contents));
      connect(contents);
    },
    /** Lets the core close its ledger, and waits for it, but not for ever. */
    end(): Promise<void> {
      quitting = true;
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          child.kill();
          resolve();
        }, 5_000);
        child.once('exit', () => {
          clearTimeout(timer);
          resolve();
        });
        child.postMessage({ kind: 'close' });
      });
    },
  };
}

/** The customer's screen is the second one, whenever there is one. */
function customerDisplay() {
  let window: BrowserWindow | null = null;
  const settle = (): void => {
    const primary = screen.getPrimaryDisplay();
    const second = screen.getAllDisplays().find((display) => display.id !== primary.id);
    if (second === undefined) {
      window?.destroy();
      window = null;
    } else if (window === null || window.isDestroyed()) {
      window = openWindow('customer-display', second.bounds);
    }
  };
  screen.on('display-added', settle);
  screen.on('display-removed', settle);
  settle();
}

async function run(): Promise<void> {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  app.enableSandbox();
  // The young heap of `PAGE_FLAGS` in scripts/window.ts, which no bundle holds.
  app.commandLine.appendSwitch('js-flags', '--min-semi-space-size=16');
  app.on('web-contents-created', (_event, contents) => shutIn(contents));
  await app.whenReady();
  protocol.handle(SCHEME, answerPage);
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.defaultSession.setPermissionCheckHandler(() => false);
  session.defaultSession.setDevicePermissionHandler(() => false);

  // Whoever started this shell waits for the line, as it would for the loopback host's.
  const core = coreProcess((address) => void process.stdout.write(`listening ${JSON.stringify({ till: address })}\n`));
  ipcMain.on('want-core-port', (event) => {
    const frame = event.senderFrame;
    const isOurPage = frame !== null && frame.parent === null && PAGE_ADDRESSES.has(bare(frame.url));
    if (isOurPage) core.give(event.sender);
  });
  const till = openWindow('till', null);
  till.once('closed', () => app.quit());
  app.on('second-instance', () => {
    if (till.isMinimized()) till.restore();
    till.focus();
  });
  customerDisplay();

  let ended = false;
  app.on('before-quit', (event) => {
    if (ended) return;
    event.preventDefault();
    void core.end().then(() => {
      ended = true;
      app.quit();
    });
  });
  app.on('window-all-closed', () => app.quit());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.quit());
}

// Electron's lock lies in its own folder, so with one beside each shop there is one instance a shop.
const shop = option('data');
if (shop !== null) app.setPath('userData', join(shop, 'electron'));
// A second start shows the first one's window.
if (app.requestSingleInstanceLock()) void run();
else app.quit();
