import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { hostCrypto, keepFolderOf, newId, townOver } from './host-world.ts';

test('ids are UUIDs of version 7, never twice, and sort in the order in which they were made', () => {
  const ids = Array.from({ length: 10_000 }, newId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids.slice(0, 100)) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

for (const [what, env, platform, folder] of [
  ['what is named', { ONE_CARD_TILL_KEEP: tmpdir(), XDG_STATE_HOME: '/state' }, 'linux', tmpdir()],
  ['the state folder', { XDG_STATE_HOME: '/state' }, 'linux', '/state/one-card-till'],
  ['not a relative state folder', { XDG_STATE_HOME: 'state' }, 'linux', /\/\.local\/state\/one-card-till$/],
  ['the local application data', { LOCALAPPDATA: '/local' }, 'win32', '/local/one-card-till'],
] as const) {
  test(`keys are kept in ${what} on ${platform}`, () => {
    const found = keepFolderOf(env, platform).replaceAll('\\', '/');
    if (typeof folder === 'string') expect(found).toBe(folder);
    else expect(found).toMatch(folder);
  });
}

test('a signature holds for its bytes and key alone, and a key that is none verifies nothing', () => {
  const bytes = new TextEncoder().encode('record');
  const keys = hostCrypto.newKeys();
  const signature = hostCrypto.signWith(keys.privateKey)(bytes);
  expect(hostCrypto.verify(keys.publicKey, bytes, signature)).toBe(true);
  expect(hostCrypto.verify(keys.publicKey, new TextEncoder().encode('Record'), signature)).toBe(false);
  expect(hostCrypto.verify(hostCrypto.newKeys().publicKey, bytes, signature)).toBe(false);
  for (const noKey of ['', 'AAAA', keys.privateKey]) expect(hostCrypto.verify(noKey, bytes, signature)).toBe(false);
  expect(hostCrypto.hash(bytes)).toMatch(/^[0-9a-f]{64}$/);
});

test('a PIN matches its own hash only, two hashes of it differ, and a foreign text matches nothing', () => {
  const hashed = hostCrypto.hashPin('909090');
  expect(hashed).not.toContain('909090');
  expect(hostCrypto.hashPin('909090')).not.toBe(hashed);
  expect(hostCrypto.pinMatches('909090', hashed)).toBe(true);
  expect(hostCrypto.pinMatches('909091', hashed)).toBe(false);
  for (const foreign of ['', 'scrypt$', 'plain$16384$AAAA$AAAA']) {
    expect(hostCrypto.pinMatches('909090', foreign)).toBe(false);
  }
});

test('a town behind a cut network, or that never came up, is a call that rejects', async () => {
  const cut = townOver(async () => 'http://127.0.0.1:9', { connected: false });
  await expect(cut.signIn({ password: 'x' })).rejects.toThrow('network is cut');
  const absent = townOver(() => Promise.reject(new Error('no town is running')));
  await expect(absent.signIn({ password: 'x' })).rejects.toThrow('no town');
});

test('a connection that was kept and died unseen costs no call: it is made anew on another', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    let answered = false;
    socket.on('error', () => socket.destroy());
    socket.on('data', () => {
      // What is sent on it later meets a machine that was started again since, and knows nothing of it.
      if (answered) return void socket.resetAndDestroy();
      answered = true;
      const body = JSON.stringify({ kind: 'refused', reason: 'unknownTill' });
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const town = townOver(() => Promise.resolve(`http://127.0.0.1:${port}`));
  const from = { town: 'town', till: 't01', incarnation: 1, since: 0, signature: 's'.repeat(40) };
  for (let call = 0; call < 3; call += 1)
    expect(await town.members(from)).toEqual({ kind: 'refused', reason: 'unknownTill' });
  expect(connections).toBe(3);
  server.close();
});
