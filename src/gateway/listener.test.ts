import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'bun:test';
import { makeCertificate } from '../../test/certificate.ts';
import { startRig, type Rig } from '../../test/gateway-rig.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { revokePhantom } from '../book/phantoms.ts';

const body = JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] });

describe('the agent listener', () => {
  test('serves on a Unix socket as on its port, to whoever has a phantom, and takes it away at the end', async () => {
    using folder = temporaryFolder();
    const socket = join(folder.path, 'agent.sock');
    await using rig = await startRig();
    rig.gateway.start({ hostname: '127.0.0.1', port: 0, socket });
    const on = { unix: socket };
    expect((await ask('http://agent', rig.token, on)).status).toBe(200);
    expect((await ask('http://agent', 'nobody', on)).status).toBe(401);
    expect((await ask('http://agent', null, on)).status).toBe(401);
    await rig.gateway.stop();
    expect(existsSync(socket)).toBe(false);
  });

  test('says which socket it cannot have', async () => {
    using folder = temporaryFolder();
    const socket = join(folder.path, 'missing', 'agent.sock');
    await using rig = await startRig();
    expect(() => rig.gateway.start({ hostname: '127.0.0.1', port: 0, socket })).toThrow(
      `Nothing can listen on ${socket} for agents: ENOENT.`,
    );
  });

  test('speaks TLS where it has a certificate', async () => {
    using folder = temporaryFolder();
    const { cert, key } = await makeCertificate(folder.path);
    await using rig = await startRig();
    const port = rig.gateway.start({ hostname: '127.0.0.1', port: 0, tls: { cert, key } });
    expect((await ask(`https://127.0.0.1:${port}`, rig.token, { tls: { ca: cert } })).status).toBe(200);
    await expect(ask(`http://127.0.0.1:${port}`, rig.token)).rejects.toThrow();
  });
});

describe('the phantom of another session', () => {
  test('opens nothing once it is revoked, and revoking it closes nobody else’s', async () => {
    await using rig = await startRig();
    const other = await rig.issue(0);
    expect((await ask(rig.url, other)).status).toBe(200);
    const id = idOfPhantom(rig, other);
    await revokePhantom(rig.book, id);
    expect([(await ask(rig.url, other)).status, (await ask(rig.url, rig.token)).status]).toEqual([401, 200]);
  });

  test('is none at the door of another provider', async () => {
    await using rig = await startRig();
    for (const path of [
      '/openai/v1/responses',
      '/codex/responses',
      '/gemini/v1beta/models/gemini-2.5-pro:generateContent',
    ]) {
      const headers = { authorization: `Bearer ${rig.token}`, 'x-goog-api-key': rig.token };
      const response = await fetch(`${rig.url.replace(/\/anthropic$/, '')}${path}`, {
        method: 'POST',
        headers,
        body: '{}',
      });
      expect([path, response.status]).toEqual([path, 401]);
      await response.arrayBuffer();
    }
  });

  test('is not made of the id that lists show', async () => {
    await using rig = await startRig();
    expect((await ask(rig.url, idOfPhantom(rig, rig.token))).status).toBe(401);
  });
});

function idOfPhantom(rig: Rig, token: string) {
  const hash = new Bun.CryptoHasher('sha256').update(token).digest('hex');
  const found = [...rig.book.state.phantoms.values()].find((each) => hash.startsWith(each.id));
  if (found === undefined) throw new Error('there is no such phantom');
  return found.id;
}

async function ask(url: string, token: string | null, init: object = {}): Promise<Response> {
  const response = await fetch(`${url.replace(/\/anthropic$/, '')}/anthropic/v1/messages`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body,
    ...init,
  });
  await response.arrayBuffer();
  return response;
}
