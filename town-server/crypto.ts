import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash as hashOf,
  type KeyObject,
  randomBytes,
  scrypt,
  scryptSync,
  sign as signBytes,
  timingSafeEqual,
  verify as verifyBytes,
} from 'node:crypto';
import type { Hash, Sign, Verify } from '../shared/signed.ts';

/** SHA-256 as 64 lower-case hex digits. */
export const hash: Hash = (bytes) => hashOf('sha256', bytes, 'hex');

/** SHA-256 of a text's UTF-8 bytes. */
export function hashText(text: string): string {
  return hashOf('sha256', text, 'hex');
}

/** Ed25519 keys as base64 of SPKI and PKCS8 (DER). */
export function newKeys(): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  };
}

export function signWith(privateKey: string): Sign {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), type: 'pkcs8', format: 'der' });
  return (bytes) => signBytes(null, bytes, key).toString('base64');
}

/** False for a wrong signature as well as for a key or a signature that is none. */
export const verify: Verify = (publicKey, bytes, signature) => {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
    if (key.asymmetricKeyType !== 'ed25519') return false;
    return verifyBytes(null, bytes, key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
};

/** The same on a thread of its own, for what is long enough that everybody else would wait for it. */
export function verifyAside(publicKey: string, bytes: Uint8Array, signature: string): Promise<boolean> {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
  } catch {
    return Promise.resolve(false);
  }
  if (key.asymmetricKeyType !== 'ed25519') return Promise.resolve(false);
  return new Promise((resolve) =>
    verifyBytes(null, bytes, key, Buffer.from(signature, 'base64'), (error, holds) => resolve(error === null && holds)),
  );
}

/** A random id of 128 bits, as 32 hex digits. */
export function newId(): string {
  return randomBytes(16).toString('hex');
}

/** A code that a person types: eight characters of which none looks like another, in two groups. */
export function newCode(): string {
  const letters = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
  const characters = [...randomBytes(8)].map((byte) => letters[byte % letters.length] ?? '');
  return `${characters.slice(0, 4).join('')}-${characters.slice(4).join('')}`;
}

export function hashPassword(password: string): string {
  const salt = randomBytes(16);
  return `${salt.toString('hex')}:${scryptSync(password, salt, 32).toString('hex')}`;
}

export function passwordMatches(password: string, hashed: string): boolean {
  const [salt = '', key = ''] = hashed.split(':');
  const expected = Buffer.from(key, 'hex');
  const given = scryptSync(password, Buffer.from(salt, 'hex'), 32);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** A PIN has six digits only: each guess at a stolen hash must cost a fraction of a second and 64 MB. */
const PIN_COST = { N: 65_536, r: 8, p: 1, maxmem: 128 * 1024 * 1024 } as const;

function pinKey(pin: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(pin, salt, 32, PIN_COST, (error, key) => (error === null ? resolve(key) : reject(error))),
  );
}

/** A slow salted hash, made on a thread of its own. */
export async function hashPin(pin: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('hex')}:${(await pinKey(pin, salt)).toString('hex')}`;
}

export async function pinMatches(pin: string, hashed: string): Promise<boolean> {
  const [salt = '', key = ''] = hashed.split(':');
  const expected = Buffer.from(key, 'hex');
  const given = await pinKey(pin, Buffer.from(salt, 'hex'));
  return expected.length === given.length && timingSafeEqual(expected, given);
}
