import { secrets } from 'bun';
import { Problem } from '../core/problem.ts';

/** Entries of the operating system's keychain, all under one service. */
export type Keychain = {
  get(name: string): Promise<string | null>;
  set(name: string, value: string): Promise<void>;
};

const service = 'stint';

/** The keychain of macOS, or the Secret Service (libsecret) of a Linux desktop. */
export const systemKeychain: Keychain = {
  get: (name) => reach(() => secrets.get({ service, name })),
  set: (name, value) => reach(() => secrets.set({ service, name, value })),
};

async function reach<Value>(use: () => Promise<Value>): Promise<Value> {
  try {
    return await use();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Problem('unavailable', `The keychain cannot be reached: ${reason}.`, {
      hint: 'Unlock it and try again; a machine without a desktop has none: set vault.key = "file" in config.toml.',
    });
  }
}
