import type { ContractRouterClient } from '@orpc/contract';
import { type Context, createRouterClient, type Router } from '@orpc/server';
import type { Screen, TillContract } from '../shared/till-contract.ts';

/** The core as anyone calls it, in this process, through a port or over a socket. */
export type TillClient = ContractRouterClient<TillContract>;

/** What answers such calls; the hosts need to know no more of the core than this. */
export type TillRouter = Router<TillContract, Context>;

/** The same client for a router in this process. */
export function clientOf(router: TillRouter): TillClient {
  return createRouterClient(router, { context: {} });
}

/** The screen as it is now. */
export async function currentScreen(client: TillClient): Promise<Screen> {
  const screens = await client.watch();
  for await (const screen of screens) return screen;
  throw new Error('the core ended its screens');
}
