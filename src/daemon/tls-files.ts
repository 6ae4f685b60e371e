import { createSecureContext } from 'node:tls';
import { Problem } from '../core/problem.ts';
import { describeFileError } from '../lib/atomic-file.ts';
import { readRegularFile } from '../lib/regular-file.ts';

/** A certificate and its key, as PEM. */
export type TlsPair = { readonly cert: string; readonly key: string };

type Files = { readonly certFile: string; readonly keyFile: string };

/** Reads what a listener needs for TLS; undefined where it has none. Throws a Problem that names the setting. */
export async function readTls(
  listener: 'control' | 'agent',
  { certFile, keyFile }: Files,
): Promise<TlsPair | undefined> {
  if (certFile === '' && keyFile === '') return undefined;
  if (certFile === '' || keyFile === '') {
    throw new Problem('invalid', `${listener}.tls needs both certFile and keyFile.`, {
      hint: 'Set both in config.toml, or neither.',
    });
  }
  const pair = {
    cert: await readPem(`${listener}.tls.certFile`, certFile),
    key: await readPem(`${listener}.tls.keyFile`, keyFile),
  };
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new Problem('invalid', `${certFile} and ${keyFile} are not a certificate and its key.`, {
      hint: `Mend ${listener}.tls in config.toml`,
      cause: error,
    });
  }
  return pair;
}

async function readPem(field: string, path: string): Promise<string> {
  try {
    return await readRegularFile(path);
  } catch (error) {
    throw new Problem('invalid', `${path} cannot be read: ${describeFileError(error)}.`, {
      hint: `Mend ${field} in config.toml`,
      cause: error,
    });
  }
}
