import { ORPCError } from '@orpc/server';

/**
 * What every transport does before and after the contract's own checks: a message that is none never reaches the
 * handler, and what went wrong is logged here in one line while the caller hears only its typed name.
 */

/** The longest message: an import carries a whole file in base64. */
export const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

/** Why a message is not one of the contract's, or null when it is. The contract carries no binary bodies. */
export function messageFault(message: unknown): string | null {
  if (typeof message !== 'string') return 'notText';
  if (message.length > MESSAGE_BYTES_MAX) return 'tooLong';
  let read: unknown;
  try {
    read = JSON.parse(message);
  } catch {
    return 'notJson';
  }
  if (!isObject(read)) return 'notAnObject';
  const { i: id, t: type = 1, p: payload } = read;
  if (typeof id !== 'string' && typeof id !== 'number') return 'noId';
  switch (type) {
    case 4:
      return null;
    case 3:
      return isObject(payload) ? null : 'noPayload';
    case 1:
      return isObject(payload) ? requestFault(payload) : 'noPayload';
    default:
      return 'unknownType';
  }
}

function requestFault(request: Readonly<Record<string, unknown>>): string | null {
  const { u: path, h: headers = {}, m: method = 'POST' } = request;
  if (typeof path !== 'string' || !/^\/[\w/-]*$/.test(path)) return 'wrongPath';
  if (typeof method !== 'string') return 'wrongMethod';
  if (!isObject(headers)) return 'wrongHeaders';
  // A body of a kind that the contract does not have would be parsed before the contract is asked.
  return 'content-type' in headers || 'content-disposition' in headers ? 'wrongHeaders' : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Call<O, T> = O & Readonly<{ next: (options?: O) => Promise<T> }>;
type Asked = Readonly<{ request: Readonly<{ url: URL }>; context: object }>;

/**
 * Logs a call that failed; what was sent stays out of the log, since it may hold a PIN or a card. A request that never
 * reached the contract is the caller's fault, and what a parser says of it quotes it: of that nothing is kept at all.
 */
export function logFailures(log: (line: string) => void) {
  const reached = new WeakSet<object>();
  return {
    interceptors: [
      async <O extends Asked, T>(call: Call<O, T>): Promise<T> => {
        const { next, ...options } = call;
        // Of this call alone, so that it can be told whether its input was ever understood.
        const context = { ...call.context };
        try {
          return await next({ ...(options as unknown as O), context });
        } catch (error) {
          const isOurs = reached.has(context) || error instanceof ORPCError;
          log(`rpc ${call.request.url.pathname}: ${isOurs ? faultOf(error) : 'BAD_REQUEST, unreadable'}`);
          throw error;
        }
      },
    ],
    clientInterceptors: [
      <O extends Readonly<{ context: object }>, T>(call: Call<O, T>): Promise<T> => {
        reached.add(call.context);
        return call.next();
      },
    ],
  };
}

function faultOf(error: unknown): string {
  if (error instanceof ORPCError && error.code !== 'INTERNAL_SERVER_ERROR') return String(error.code);
  // A throw is a bug of ours, so the log keeps all there is.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
