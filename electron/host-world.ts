import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash as digest,
  type KeyObject,
  randomBytes,
  scryptSync,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createORPCClient } from '@orpc/client';
import { ResponseValidationPlugin } from '@orpc/contract/plugins';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import defaultPolicy from '../resources/policy-default.json' with { type: 'json' };
import type { Devices } from '../shared/devices.ts';
import { policySchema } from '../shared/policy.ts';
import { LAST_INSTANT_MS } from '../shared/time.ts';
import { townContract } from '../shared/town-contract.ts';
import type { TownApi } from './core/town-api.ts';
import type { Clock, Crypto, DemoShop, World } from './core/world.ts';

/** The real world that every host hands to the core: this machine's clock, randomness and cryptography. */

/** Where this till keeps what no backup may hold: its private key and its high-water mark. */
export function keepFolderOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const named = env['ONE_CARD_TILL_KEEP'];
  if (named !== undefined && named !== '') return named;
  if (platform === 'win32') {
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'one-card-till');
  }
  const state = env['XDG_STATE_HOME'];
  // The XDG rule is that a path which is not absolute counts as unset.
  return join(state?.startsWith('/') === true ? state : join(homedir(), '.local', 'state'), 'one-card-till');
}

/** The longest delay of a Node timer; a longer one would fire at once. */
const DELAY_MAX_MS = 2_147_483_647;

export const hostClock: Clock = {
  // A clock that was set out of the calendar is wrong in any case, and still must have a day.
  nowMs: () => Math.min(Math.max(Date.now(), 0), LAST_INSTANT_MS),
  later(delayMs, task) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const stepMs = Math.max(0, Math.min(leftMs, DELAY_MAX_MS));
      timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : task()), stepMs);
      // A task in the future is no reason for a command to stay alive.
      timer.unref();
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};

/** How hard a PIN is to try: about 50 ms on a shop's machine. Written into each hash, so that it may grow. */
const PIN_COST = 16_384;
const PIN_BYTES = 32;

const publicKeys = new Map<string, KeyObject>();

function publicKeyOf(base64: string): KeyObject {
  const known = publicKeys.get(base64);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  // A till meets a handful of keys; a stream of foreign ones must not fill the memory.
  if (publicKeys.size > 64) publicKeys.clear();
  publicKeys.set(base64, key);
  return key;
}

export const hostCrypto: Crypto = {
  hash: (bytes) => digest('sha256', bytes, 'hex'),
  verify(publicKey, bytes, signature) {
    try {
      return verify(null, bytes, publicKeyOf(publicKey), Buffer.from(signature, 'base64'));
    } catch {
      // A key that is none has signed nothing.
      return false;
    }
  },
  newKeys() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { format: 'der', type: 'spki' },
      privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    });
    return { publicKey: publicKey.toString('base64'), privateKey: privateKey.toString('base64') };
  },
  signWith(privateKey) {
    const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
    return (bytes) => sign(null, bytes, key).toString('base64');
  },
  hashPin(pin) {
    const salt = randomBytes(16);
    return `scrypt$${PIN_COST}$${salt.toString('base64')}$${stretch(pin, salt, PIN_COST).toString('base64')}`;
  },
  pinMatches(pin, hashed) {
    const [scheme, cost, salt, wanted] = hashed.split('$');
    if (scheme !== 'scrypt' || cost === undefined || salt === undefined || wanted === undefined) return false;
    const found = stretch(pin, Buffer.from(salt, 'base64'), Number(cost));
    const kept = Buffer.from(wanted, 'base64');
    return found.length === kept.length && timingSafeEqual(found, kept);
  },
};

function stretch(pin: string, salt: Uint8Array, cost: number): Buffer {
  return scryptSync(pin, salt, PIN_BYTES, { cost, maxmem: 256 * cost * 8 });
}

/** Randomness is fetched by the page: a call to the system for each id would be the dearest part of a scan. */
let pool = Buffer.alloc(0);
let poolUsed = 0;
let lastMs = 0;
let lastCounter = 0;

/** A UUID of version 7: sorted by time, and within one millisecond by a counter in its twelve free bits. */
export function newId(): string {
  if (poolUsed + 16 > pool.length) {
    pool = randomBytes(4_096);
    poolUsed = 0;
  }
  const bytes = Buffer.from(pool.subarray(poolUsed, poolUsed + 16));
  poolUsed += 16;
  let atMs = Date.now();
  if (atMs <= lastMs) {
    atMs = lastMs;
    lastCounter += 1;
    if (lastCounter > 0xfff) {
      atMs += 1;
      lastCounter = 0;
    }
  } else {
    lastCounter = bytes.readUInt16BE(6) & 0x7ff;
  }
  lastMs = atMs;
  bytes.writeUIntBE(atMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | lastCounter, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A plug that a demo shop can pull. */
export type Network = { connected: boolean };

/** Nothing at the town takes longer; the core has shorter limits of its own where a customer waits. */
const TOWN_TIMEOUT_MS = 60_000;

/** As many connections as a till keeps may have died while nobody used them. */
const DEAD_CONNECTIONS_MAX = 3;
const DEAD = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/**
 * Fetches, and does so again where the connection turns out to be dead: one that was kept from before an outage says so
 * only when it is used, and the first call after the outage must not fail over it. Every call of a till may be repeated.
 */
async function fetchAnew(request: Request, init: RequestInit): Promise<Response> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await fetch(request.clone(), init);
    } catch (error) {
      const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined;
      if (tries >= DEAD_CONNECTIONS_MAX || !DEAD.has(cause?.code ?? '')) throw error;
    }
  }
}

/**
 * The town's API over HTTP. Its address may still be coming up (a demo town starts beside the till), so every call
 * waits for it; a call rejects when there is no town, no network, or no whole answer within `timeoutMs`.
 */
export function townOver(
  address: () => Promise<string>,
  network: Network = { connected: true },
  timeoutMs: () => number = () => TOWN_TIMEOUT_MS,
): TownApi {
  const link = new OpenAPILink(townContract, {
    // Only documents are signed: whatever else a faulty town says has to be what the contract lets it say.
    plugins: [new ResponseValidationPlugin(townContract)],
    url: async () => `${await address()}/api`,
    fetch: async (request, init) => {
      if (!network.connected) throw new Error('the network is cut');
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs())]);
      const response = await fetchAnew(request, { ...init, redirect: 'error', signal });
      // An answer that was on its way when the plug was pulled does not arrive either.
      if (!network.connected) throw new Error('the network is cut');
      return response;
    },
  });
  return createORPCClient(link);
}

/** Puts together what a host has found out. */
export function hostWorld(parts: {
  dataFolder: string;
  devices: Devices;
  town: TownApi | null;
  demo: DemoShop | null;
  log: (line: string) => void;
  keepFolder?: string | undefined;
  backups?: NonNullable<World['backups']>;
  /** Where the audit worker was built to; beside the sources when nothing is said. */
  auditWorker?: URL | undefined;
  powerOff?: (() => Promise<void>) | undefined;
}): World {
  return {
    dataFolder: parts.dataFolder,
    keepFolder: parts.keepFolder ?? keepFolderOf(process.env, process.platform),
    ...(parts.backups === undefined ? {} : { backups: parts.backups }),
    devices: parts.devices,
    town: parts.town,
    clock: hostClock,
    policy: policySchema.parse(defaultPolicy),
    newId,
    crypto: hostCrypto,
    processId: process.pid,
    auditWorker: parts.auditWorker ?? pathToFileURL(join(import.meta.dirname, 'core', 'audit-worker.ts')),
    log: parts.log,
    demo: parts.demo,
    ...(parts.powerOff === undefined ? {} : { powerOff: parts.powerOff }),
  };
}
