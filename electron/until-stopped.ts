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
  });
  await close();
}
