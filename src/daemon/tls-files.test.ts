import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'bun:test';
import { makeCertificate } from '../../test/certificate.ts';
import { openRest } from '../../test/rest-rig.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { readTls } from './tls-files.ts';

describe('the certificate of a listener', () => {
  test('is not needed', async () => {
    expect(await readTls('control', { certFile: '', keyFile: '' })).toBeUndefined();
  });

  test('is read from its files', async () => {
    using folder = temporaryFolder();
    const { certFile, keyFile, cert, key } = await makeCertificate(folder.path);
    expect(await readTls('agent', { certFile, keyFile })).toEqual({ cert, key });
  });

  test('that is none, or of which a part is missing, is refused by its setting', async () => {
    using folder = temporaryFolder();
    const { certFile, keyFile } = await makeCertificate(folder.path);
    const text = join(folder.path, 'text');
    writeFileSync(text, 'no certificate');
    const missing = join(folder.path, 'missing');
    const cases = [
      [{ certFile, keyFile: '' }, 'control.tls needs both certFile and keyFile.'],
      [{ certFile: '', keyFile }, 'control.tls needs both certFile and keyFile.'],
      [{ certFile: missing, keyFile }, `${missing} cannot be read: ENOENT.`],
      [{ certFile: text, keyFile }, `${text} and ${keyFile} are not a certificate and its key.`],
      [{ certFile, keyFile: certFile }, `${certFile} and ${certFile} are not a certificate and its key.`],
    ] as const;
    for (const [files, message] of cases) {
      const refusal = await readTls('control', files).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ name: 'Problem', code: 'invalid', message });
      expect((refusal as { hint: string }).hint).toContain('config.toml');
    }
  });

  test('that does not go with the key is refused', async () => {
    using mine = temporaryFolder();
    using other = temporaryFolder();
    const { certFile } = await makeCertificate(mine.path);
    const { keyFile } = await makeCertificate(other.path);
    await expect(readTls('control', { certFile, keyFile })).rejects.toThrow('are not a certificate and its key');
  });
});

describe('the control listener with a certificate', () => {
  test('speaks TLS only, and gives its cookie to TLS only', async () => {
    using folder = temporaryFolder();
    const { cert, key } = await makeCertificate(folder.path);
    await using rest = await openRest({ tls: { cert, key } });
    expect((await rest.send('/api/status')).status).toBe(200);
    const code = rest.tokens.link().url.split('#')[1];
    const headers = { origin: rest.origin, 'sec-fetch-site': 'same-origin' };
    const login = await rest.send('/api/login', { method: 'POST', body: { code }, token: null, headers });
    expect(rest.origin).toStartWith('https://');
    expect(login.headers.get('set-cookie')).toContain('; Secure; SameSite=Strict');
    const plain = await rest.send('/api/status', { headers: { origin: rest.origin.replace('https', 'http') } });
    expect(plain.status).toBe(403);
    await expect(fetch(`http://127.0.0.1:${rest.port}/healthz`)).rejects.toThrow();
  });
});
