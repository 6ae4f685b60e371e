import { z } from 'zod';
import { Problem } from '../core/problem.ts';
import { parseJson } from '../lib/parse-json.ts';

const keySourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), path: z.string().optional() }),
  z.strictObject({ kind: z.literal('keychain') }),
  z.strictObject({ kind: z.literal('passphrase'), identity: z.string() }),
]);

const vaultFileSchema = z.strictObject({
  version: z.literal(1),
  keySource: keySourceSchema,
  recipient: z.string().startsWith('age1'),
  payload: z.string(),
});

/**
 * Where the key of a vault is:
 *
 * - `file`: in `vault.key` beside the vault, or at `path`.
 * - `keychain`: in the keychain of the operating system, under the vault's recipient.
 * - `passphrase`: here in `identity`, encrypted with the passphrase.
 */
export type KeySource = z.infer<typeof keySourceSchema>;

/** `vault.json`: the secrets as one armored age ciphertext to `recipient`. */
export type VaultFile = z.infer<typeof vaultFileSchema>;

export function parseVaultFile(text: string, path: string): VaultFile {
  const content = parseJson(text);
  if (isNewer(content)) {
    throw new Problem('conflict', `The vault ${path} was written by a newer Stint.`, { hint: 'Upgrade Stint.' });
  }
  const parsed = vaultFileSchema.safeParse(content);
  if (!parsed.success) throw damagedVault(path);
  return parsed.data;
}

export function formatVaultFile(file: VaultFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

export function damagedVault(path: string): Problem {
  return new Problem('unavailable', `The vault ${path} is damaged; nothing was changed.`, {
    hint: 'Restore it from a backup, or move it away and add the accounts again: stint account add',
  });
}

function isNewer(content: unknown): boolean {
  return typeof content === 'object' && content !== null && 'version' in content && Number(content.version) > 1;
}
