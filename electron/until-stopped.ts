/**
 * Waits for Ctrl-C, the system's end or `ended`, and closes what is open. A second Ctrl-C does not wait: everything that
 * was called paid is on disk, so leaving at once loses nothing.
 */
export async function untilStopped(close: () => Promise<void>, ended: Promise<unknown> | null = null): Promise<void> {
  await new Promise<void>((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(130);
      asked = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    void ended?.then(() => resolve());
    if (process.env['npm_lifecycle_event'] !== undefined) watchParent(stop);
  });
  await close();
}

/**
 * npm puts a shell between itself and us, and a signal that was sent to npm alone ends that shell without reaching us. A
 * parent that is gone is then the only sign that we were asked to end.
 */
function watchParent(gone: () => void): void {
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    gone();
  }, 500);
  look.unref();
}
