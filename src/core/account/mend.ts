type Mendable = Readonly<Record<'provider' | 'label' | 'credential', string>> & {
  readonly profile: string | null;
  readonly baseUrl: string | null;
};

/** What to do about an account whose credential is refused: a command where there is one. */
export function mendOf({ provider, label, credential, profile, baseUrl }: Mendable): string {
  // It takes the provider's name for its agent's as well.
  if (profile !== null) return `stint account login ${provider} ${label}`;
  if (isLogin(credential)) {
    // An adopted login goes to no other host than the provider's own unless that is said each time.
    const host = baseUrl === null ? '' : ` --base-url ${baseUrl}`;
    return `stint account adopt ${provider} ${label} --replace --from <directory>${host}`;
  }
  return `stint account add ${provider} ${label} --replace`;
}

/** Says whether a kind of credential is a login that is renewed: such have this ending, whatever their provider calls them. */
export function isLogin(credential: string): boolean {
  return /(^|-)login$/.test(credential);
}
