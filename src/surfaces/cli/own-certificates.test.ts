// An agent on a daemon whose listener has a certificate of its own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'bun:test';
import { makeCertificate } from '../../../test/certificate.ts';
import { openPlace } from '../../../test/daemon-rig.ts';
import { temporaryFolder } from '../../../test/temp-folder.ts';

const asks = `Promise.all([process.env.ANTHROPIC_BASE_URL, process.env.OTHER].map((url) =>
  fetch(url).then(({ status }) => String(status), ({ cause }) => cause.code))).then((all) => console.log(all.join(' ')))`;

test('an agent trusts the certificate of the gateway, and what its user has it trust besides', async () => {
  await using place = openPlace();
  using others = temporaryFolder();
  const own = await makeCertificate(others.path);
  using other = Bun.serve({ port: 0, tls: { cert: own.cert, key: own.key }, fetch: () => new Response('hi') });
  mkdirSync(place.home, { mode: 0o700 });
  const { certFile, keyFile, cert } = await makeCertificate(place.folder);
  const settings = `[agent.tls]\ncertFile = "${certFile}"\nkeyFile = "${keyFile}"\n`;
  writeFileSync(join(place.home, 'config.toml'), settings, { mode: 0o600 });
  const up = await place.up();
  await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: 'sk-ant-api03-test-0123456789' });
  const bin = join(place.folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'asks.mjs'), asks);
  writeFileSync(join(bin, 'claude'), `#!/bin/sh\nexec node ${join(bin, 'asks.mjs')}\n`, { mode: 0o755 });
  const env = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    OTHER: `https://127.0.0.1:${other.port}`,
    NODE_EXTRA_CA_CERTS: own.certFile,
  };
  expect(await place.stint(['claude'], { env })).toEqual({ stdout: '401 200\n', stderr: '', code: 0 });
  const { environment } = JSON.parse((await place.stint(['--json', 'env', 'claude'])).stdout) as {
    environment: Record<string, string>;
  };
  expect(await Bun.file(environment['NODE_EXTRA_CA_CERTS'] ?? '').text()).toContain(cert);
  await place.stint(['down']);
  await up.ended;
}, 20_000);
