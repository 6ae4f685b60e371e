import { join } from 'node:path';
import { runCommand } from './run-command.ts';

export type Certificate = {
  readonly keyFile: string;
  readonly certFile: string;
  readonly key: string;
  readonly cert: string;
};

/** A certificate of its own for 127.0.0.1, and its key, in a folder. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await runCommand(['openssl', 'req', '-x509', ...newKey, ...subject, '-keyout', keyFile, '-out', certFile], {
    cwd: folder,
  });
  return { keyFile, certFile, key: await Bun.file(keyFile).text(), cert: await Bun.file(certFile).text() };
}
