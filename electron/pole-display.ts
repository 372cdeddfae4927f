import { customerFigure } from '../shared/customer-figure.ts';
import type { CustomerFigure, Devices } from '../shared/devices.ts';
import type { TillClient } from './till-client.ts';

/**
 * Shows the customer's figure of every screen on the pole display, which watches the till like a page does. Answers a
 * function that ends it.
 */
export function showFigures(client: TillClient, devices: Pick<Devices, 'show'>): () => void {
  const leaving = new AbortController();
  let last: CustomerFigure | null = null;
  const watch = async (): Promise<void> => {
    try {
      for await (const screen of await client.watch(undefined, { signal: leaving.signal })) {
        const figure = customerFigure(screen);
        const isSame =
          last !== null &&
          last.what === figure.what &&
          last.amountFen === figure.amountFen &&
          last.name === figure.name;
        if (isSame) continue;
        last = figure;
        devices.show(figure);
      }
    } catch {
      // The core closed; what shows on the pole is cleared by whoever switches it off.
    }
  };
  void watch();
  return () => leaving.abort();
}
