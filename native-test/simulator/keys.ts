import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Crypto } from '../../electron/core/world.ts';
import type { Random } from './random.ts';

/** What stands before the 32 bytes of an Ed25519 key in PKCS8 (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const privateKeys = new Map<string, KeyObject>();
const publicKeys = new Map<string, KeyObject>();

function keyOf(
  known: Map<string, KeyObject>,
  base64: string,
  read: (der: Buffer<ArrayBuffer>) => KeyObject,
): KeyObject {
  const found = known.get(base64);
  if (found !== undefined) return found;
  const key = read(Buffer.from(base64, 'base64'));
  if (known.size > 500) known.clear();
  known.set(base64, key);
  return key;
}

/** A key pair that the seed decides; its signatures are real ones. */
export function newKeysFrom(random: Random): { publicKey: string; privateKey: string } {
  const der = Buffer.concat([PKCS8_PREFIX, random.bytes(32)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  return { publicKey, privateKey: der.toString('base64') };
}

export function signWith(privateKey: string): (bytes: Uint8Array) => string {
  const key = keyOf(privateKeys, privateKey, (der) => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return (bytes) => sign(null, bytes, key).toString('base64');
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Real hashes and signatures from keys that the seed decides; only the PIN's hash is a quick one. */
export function cryptoFrom(random: Random): Crypto {
  const pinHash = (pin: string): string => sha256(Buffer.from(`pin${pin}`));
  return {
    hash: sha256,
    verify: (publicKey, bytes, signature) => {
      try {
        const key = keyOf(publicKeys, publicKey, (der) => createPublicKey({ key: der, format: 'der', type: 'spki' }));
        return verify(null, bytes, key, Buffer.from(signature, 'base64'));
      } catch {
        return false;
      }
    },
    newKeys: () => newKeysFrom(random),
    signWith,
    hashPin: pinHash,
    pinMatches: (pin, hashed) => pinHash(pin) === hashed,
  };
}
