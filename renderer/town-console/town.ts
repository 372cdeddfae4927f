import { createORPCClient } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import type { JsonifiedClient } from '@orpc/openapi-client';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import { useSyncExternalStore } from 'react';
import { type TownContract, type TownRefusal, townContract } from '../../shared/town-contract.ts';

/** Who is signed in at this window; it ends with the window. */
export type Session = Readonly<{ token: string; townName: string }>;

const KEY = 'town-console.session';
const listeners = new Set<() => void>();
let session: Session | null = stored();

/** The town this page came from. */
export const town: JsonifiedClient<ContractRouterClient<TownContract>> = createORPCClient(
  new OpenAPILink(townContract, {
    url: new URL('/api', window.location.href).href,
    headers: () => (session === null ? {} : { authorization: `Bearer ${session.token}` }),
  }),
);

export function useSession(): Session | null {
  return useSyncExternalStore(subscribe, () => session);
}

export function setSession(next: Session | null): void {
  session = next;
  if (next === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, JSON.stringify(next));
  for (const listener of listeners) listener();
}

/** Passes an answer on; a session that has ended leads back to the sign-in, wherever it was noticed. */
export async function asked<A extends { kind: 'ok' } | { kind: 'refused'; reason: TownRefusal }>(
  answer: Promise<A>,
): Promise<A> {
  const given = await answer;
  if (given.kind === 'refused' && given.reason === 'notSignedIn') setSession(null);
  return given;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function stored(): Session | null {
  const found: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
  const isSession = typeof found === 'object' && found !== null && 'token' in found && 'townName' in found;
  return isSession ? { token: String(found.token), townName: String(found.townName) } : null;
}
