import { withoutSecrets } from '../../core/secret-form.ts';

/** What people paste that is no token by its form: a login file of a CLI, a key of a service account, a client secret. */
const files = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\bGOCSPX-[\w-]{6,}/,
  /"(access_?token|refresh_?token|private_key|client_secret|api_?key|OPENAI_API_KEY)"\s*:\s*"[^"]{6,}/i,
];

/** Whether a message has something in it that must not be in a chat. A secret of no known form cannot be told from a word. */
export function looksSecret(text: string): boolean {
  return withoutSecrets(text) !== text || files.some((form) => form.test(text));
}
