/** IANA name of this machine's zone, in which people and CLIs tell a time that names none. */
export function localTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
