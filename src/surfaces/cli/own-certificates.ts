import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { readRegularFile } from '../../lib/regular-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that name a file with what an agent trusts, each with what the agent reads in its place. */
const variables = [['NODE_EXTRA_CA_CERTS'], ['CODEX_CA_CERTIFICATE', 'SSL_CERT_FILE']] as const;

/** What an agent is given for the gateway's certificate, with what its user has it trust besides. */
export async function withOwnCertificates(
  given: Readonly<Record<string, string>>,
  user: Environment,
): Promise<Readonly<Record<string, string>>> {
  const combined = { ...given };
  for (const names of variables) {
    const ours = given[names[0]];
    const theirs = names.map((name) => user[name]).find((each) => each !== undefined && each !== '');
    if (ours === undefined || theirs === undefined || dirname(theirs) === dirname(ours)) continue;
    // The agent itself goes on without one that cannot be read.
    const more = await readRegularFile(theirs, mostBytes).catch(() => '');
    const text = `${await readRegularFile(ours, mostBytes)}\n${more}`;
    const path = join(dirname(ours), `ca-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.pem`);
    await writeFileAtomic(path, text);
    combined[names[0]] = path;
  }
  return combined;
}

/** A bundle of certificates has a few hundred KiB. */
const mostBytes = 16 * 1024 * 1024;
