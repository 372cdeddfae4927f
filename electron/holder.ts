import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/fetch';
import type { TillClient } from './till-client.ts';

/** Who holds a till's folder, as the folder itself says. */
export type Holder = Readonly<{ pid: number; url: string | null; token: string | null }>;

/** The core of another process on this machine, over its loopback port; null when the holder opened none. */
export function clientOfHolder(holder: Holder): TillClient | null {
  if (holder.url === null || holder.token === null || !/^http:\/\/127\.0\.0\.1:\d+$/.test(holder.url)) return null;
  const link = new RPCLink({
    url: `${holder.url}/rpc-http`,
    headers: { authorization: `Bearer ${holder.token}` },
    fetch: (request, init) => fetch(request, { ...init, redirect: 'error' }),
  });
  return createORPCClient(link);
}

/** The address of the holder's page, for a person. */
export function addressOfHolder(holder: Holder): string | null {
  return holder.url === null || holder.token === null ? null : `${holder.url}/#token=${holder.token}`;
}
