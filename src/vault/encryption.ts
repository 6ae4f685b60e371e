import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

/** An age X25519 key: the identity (`AGE-SECRET-KEY-1…`) decrypts what was encrypted to the recipient (`age1…`). */
export type VaultKey = { readonly identity: string; readonly recipient: string };

export async function generateKey(): Promise<VaultKey> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** The key of an identity; undefined when the text is none. */
export async function parseKey(text: string): Promise<VaultKey | undefined> {
  const identity = text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line.startsWith('AGE-SECRET-KEY-1'));
  if (identity === undefined) return undefined;
  try {
    return { identity, recipient: await identityToRecipient(identity) };
  } catch {
    return undefined;
  }
}

export async function encryptTo(recipient: string, text: string): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(text));
}

/** Undefined when the ciphertext is damaged or is not for this key. */
export async function decryptWith(identity: string, armored: string): Promise<string | undefined> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return decrypt(decrypter, armored);
}

/** Takes about a second of scrypt by age's design. */
export async function encryptWithPassphrase(passphrase: string, text: string): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  return armor.encode(await encrypter.encrypt(text));
}

/** Undefined when the ciphertext is damaged or the passphrase is another one. */
export async function decryptWithPassphrase(passphrase: string, armored: string): Promise<string | undefined> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  return decrypt(decrypter, armored);
}

async function decrypt(decrypter: Decrypter, armored: string): Promise<string | undefined> {
  try {
    return await decrypter.decrypt(armor.decode(armored), 'text');
  } catch {
    return undefined;
  }
}
