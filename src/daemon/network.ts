import type { Config } from '../config/config-schema.ts';
import { Problem } from '../core/problem.ts';
import { describeFileError } from '../lib/atomic-file.ts';
import { readRegularFile } from '../lib/regular-file.ts';
import type { Fetch } from '../providers/provider.ts';

const deadlineMs = 30_000;
/** A bundle of certificates has a few hundred KiB. */
const mostBytes = 16 * 1024 * 1024;

/** How the daemon reaches providers. The proxy is that of HTTPS_PROXY and NO_PROXY, which Bun's fetch reads itself. */
export type Network = {
  /** The certificates that are trusted, as PEM; absent where they are the runtime's own. */
  readonly tls: { readonly ca: string } | undefined;
  /** For a provider's endpoints besides the gateway's own: with a deadline of 30 s unless they bring a signal, and no redirect is followed. */
  readonly fetch: Fetch;
};

/** Reads `network.caFile`. Throws a Problem when it holds no certificate. */
export async function openNetwork({ network }: Config, extraCaFile: string | undefined): Promise<Network> {
  const tls = network.caFile === '' ? undefined : { ca: await trusted(network.caFile, extraCaFile) };
  return {
    tls,
    fetch: (url, init) => {
      const signal = init.signal ?? AbortSignal.timeout(deadlineMs);
      return fetch(url, { redirect: 'manual', ...init, signal, ...(tls === undefined ? {} : { tls }) });
    },
  };
}

/** A list of one's own takes the place of the runtime's, NODE_EXTRA_CA_CERTS included: so it has all of them. */
async function trusted(caFile: string, extraCaFile: string | undefined): Promise<string> {
  const own = await readCertificates(caFile);
  // Takes 7 ms to load, which only those pay who need it.
  const { rootCertificates } = await import('node:tls');
  const extra =
    extraCaFile === undefined || extraCaFile === ''
      ? ''
      : await readRegularFile(extraCaFile, mostBytes).catch(() => '');
  return [...rootCertificates, extra, own].join('\n');
}

async function readCertificates(file: string): Promise<string> {
  const hint = 'Set network.caFile in config.toml to a file with certificates in PEM form.';
  const text = await readRegularFile(file, mostBytes).catch((error: unknown) => {
    throw new Problem('invalid', `network.caFile ${file} cannot be read: ${describeFileError(error)}.`, { hint });
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new Problem('invalid', `network.caFile ${file} holds no certificate.`, { hint });
}
