import { contextBridge, ipcRenderer } from 'electron';

/**
 * Forwards one MessagePort from the core process to the page, and nothing else: the page has no way to anything of
 * Electron. Its script must listen before the port comes, so the port waits for the page to be loaded.
 */
const loaded = new Promise<void>((resolve) => {
  window.addEventListener('load', () => resolve(), { once: true });
});

ipcRenderer.on('core-port', (event) => {
  const { ports } = event;
  void loaded.then(() => window.postMessage({ kind: 'core-port' }, window.location.origin, ports));
});

// The page only asks whether it is there, to know that a port will come.
contextBridge.exposeInMainWorld('oneCardShell', { kind: 'electron' });

ipcRenderer.send('want-core-port');
