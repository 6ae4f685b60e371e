import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { readRegularFile } from '../lib/regular-file.ts';

type Trust = {
  /** The certificate of the listener for agents, as PEM; null where that speaks no TLS. */
  readonly cert: string | null;
  /** Where an agent of this machine reaches it. */
  readonly url: string;
  /** `network.caFile`, which may hold whoever signed it; empty for none. */
  readonly caFile: string;
};

/**
 * Writes what an agent has to trust into its folder, since a certificate of one's own is in no list that it has; returns
 * the path, undefined where nothing is needed. Throws a Problem where no agent could trust it.
 */
export async function writeAgentCa(folder: string, { cert, url, caFile }: Trust): Promise<string | undefined> {
  if (cert === null) return undefined;
  const { hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const parsed = new X509Certificate(cert);
  // It would retry for ever, without a word.
  if (parsed.checkIP(host) === undefined && parsed.checkHost(host) === undefined)
    throw new Problem(
      'conflict',
      `The certificate of agent.tls.certFile is not for ${host}: no agent here trusts it.`,
      {
        hint: `Make one with ${host} among its subject alternative names, then: stint down && stint up --detach`,
      },
    );
  const more = caFile === '' ? '' : await readRegularFile(caFile).catch(() => '');
  const path = join(folder, 'ca.pem');
  await writeFileAtomic(path, `${cert}\n${more}`);
  return path;
}
