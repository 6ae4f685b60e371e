import { describe, expect, test } from 'bun:test';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { runCommand } from '../../test/run-command.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { configSchema } from '../config/config-schema.ts';
import { describeNetworkError } from '../lib/network-error.ts';
import { openNetwork } from './network.ts';

const configOf = (caFile: string) => configSchema.parse({ network: { caFile } });

/** An upstream whose certificate nobody trusts but who is told to. */
async function startUpstream(folder: string) {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'ca.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await runCommand(
    [
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      ...subject,
      '-keyout',
      key,
      '-out',
      certificate,
    ],
    { cwd: folder },
  );
  const files = { key: await Bun.file(key).text(), cert: await Bun.file(certificate).text() };
  const server = createServer(files, (_, response) => response.end('reached'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    certificate,
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

describe('an upstream behind a certificate of one’s own network', () => {
  test('is trusted with network.caFile, and not without', async () => {
    using folder = temporaryFolder();
    await using upstream = await startUpstream(folder.path);
    const trusting = await openNetwork(configOf(upstream.certificate), undefined);
    expect(await (await trusting.fetch(upstream.url, {})).text()).toBe('reached');
    const usual = await openNetwork(configOf(''), undefined);
    const error: unknown = await usual.fetch(upstream.url, {}).catch((reason: unknown) => reason);
    expect(describeNetworkError(error)).toBe('its certificate is not trusted');
  });

  test('is trusted with NODE_EXTRA_CA_CERTS, also where there is a caFile of another', async () => {
    using folder = temporaryFolder();
    using other = temporaryFolder();
    await using upstream = await startUpstream(folder.path);
    await using unused = await startUpstream(other.path);
    const both = await openNetwork(configOf(unused.certificate), upstream.certificate);
    expect(await (await both.fetch(upstream.url, {})).text()).toBe('reached');
  });
});

describe('network.caFile', () => {
  test('has to be there and to hold a certificate', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'ca.pem');
    expect(openNetwork(configOf(file), undefined)).rejects.toThrow(`network.caFile ${file} cannot be read`);
    writeFileSync(file, 'not a certificate');
    expect(openNetwork(configOf(file), undefined)).rejects.toThrow(`network.caFile ${file} holds no certificate.`);
  });
});
