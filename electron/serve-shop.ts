import { enterShop, type Entered, type Entering, type OwnShop } from './open-shop.ts';
import { type Served, serve } from './serve.ts';

/** A shop whose pages are open on the loopback, or why not. */
export type Serving =
  | Readonly<{ kind: 'serving'; shop: OwnShop; served: Served; close: () => Promise<void> }>
  /** The core is stopped, and the pages say why and what to do. */
  | Readonly<{ kind: 'stopped'; reason: string; detail: string; served: Served; close: () => Promise<void> }>
  | Exclude<Entered, OwnShop>;

/** Enters a shop's folder and opens its pages; a core that may not run still gets its page. */
export async function serveShop(
  entering: Entering,
  host: Readonly<{ port: number; pagesFolder: string; token?: string | null }>,
): Promise<Serving> {
  const entered = await enterShop(entering);
  switch (entered.kind) {
    case 'holder':
      return entered;
    case 'refused': {
      if (entered.router === null || entered.reason === 'held') return entered;
      const served = await serve({ ...host, router: entered.router, log: entering.log });
      const { reason, detail } = entered;
      return { kind: 'stopped', reason, detail, served, close: () => served.close() };
    }
    case 'own': {
      const close = async (served: Served): Promise<void> => {
        await served.close();
        await entered.close();
      };
      try {
        const served = await serve({
          ...host,
          router: entered.pages,
          commandLine: entered.core.router,
          log: entering.log,
        });
        entered.core.announce({ url: served.origin, token: served.token });
        return { kind: 'serving', shop: entered, served, close: () => close(served) };
      } catch (error) {
        await entered.close();
        throw error;
      }
    }
    default:
      return entered satisfies never;
  }
}
