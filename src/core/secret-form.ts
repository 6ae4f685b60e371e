/**
 * What secrets look like: the first group stays, so that people see which kind it was. A phantom without a capital letter
 * could be the name of a pool, and is one in 100,000.
 */
const forms: readonly RegExp[] = [
  /\b(sk-)[\w-]{6,}/gi,
  /\b(AIza)[\w-]{8,}/g,
  /\b(ya29\.)[\w.-]{4,}/g,
  /\b(1\/\/0)[\w-]{16,}/g,
  /\b(eyJ)[\w-]{6,}(?:\.[\w-]*)*/g,
  /\b(stint-)(?=[a-z\d-]*[A-Z_])[\w-]{22}(?![\w-])/g,
  /\b(stjob_)[\w.-]{16,}/g,
  /\b(whsec_)[\w+/=-]{8,}/g,
  /\b(\d{6,12}:)[\w-]{35}(?![\w-])/g,
  /\b(gh[oprsu]_|github_pat_|glpat-|xox[a-z](?:\.[a-z]+)?-|xapp-|rt_)[\w-]{16,}/g,
  /\b(A[KS]IA)[A-Z\d]{16}(?![A-Z\d])/g,
  /\b(Bearer\s+)[\w.~+/=-]{8,}/gi,
  /\b()[\da-f]{64}(?![\da-f])/gi,
];

/**
 * Takes out what looks like a secret. The last guard, for where none should come: of agents' tokens, keys of providers, bots
 * and webhooks, and the API's own token.
 */
export function withoutSecrets(text: string): string {
  return forms.reduce((rest, form) => rest.replace(form, '$1…'), text);
}

export function looksSecret(text: string): boolean {
  return withoutSecrets(text) !== text;
}
