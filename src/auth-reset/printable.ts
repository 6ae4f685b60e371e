import { oneLine } from '../core/one-line.ts';
import { withoutSecrets } from '../core/secret-form.ts';

const longest = 300;
/** What a command printed as one short line, of a long output the end; without what may be a secret. */
export function printable(output: string): string {
  const safe = oneLine(withoutSecrets(Bun.stripANSI(output)), Number.POSITIVE_INFINITY);
  return safe.length > longest ? `…${oneLine(safe.slice(-longest), longest)}` : safe;
}
