import { isHopFault } from '../core/failover/decide.ts';
import type { Fault } from '../core/failover/outcome.ts';
import { asBuffer } from '../lib/as-buffer.ts';
import type { Provider } from '../providers/provider.ts';

/** An error in one piece as its client may get it; see `Provider.paceError`. */
export function pacedBody(provider: Provider, body: Uint8Array): Uint8Array {
  const text = asBuffer(body).toString('latin1');
  const paced = provider.paceError?.(text) ?? text;
  return paced === text ? body : Buffer.from(paced, 'latin1');
}

/** The same for an error event that lies whole in one chunk of a stream, as every one does that was sent at once. */
export function pacedChunk(provider: Provider, chunk: Uint8Array): Uint8Array {
  if (provider.paceError === undefined || !namesError(asBuffer(chunk))) return chunk;
  const text = asBuffer(chunk).toString('latin1');
  const data = provider.errorDataOf(text);
  if (data === null) return chunk;
  const paced = provider.paceError(data);
  return paced === data
    ? chunk
    : Buffer.from(
        text.replace(data, () => paced),
        'latin1',
      );
}

const errorName = Buffer.from('"error"');
const noErrors = [Buffer.from(':null'), Buffer.from(': null')];

/** False where all that it says of an error is that there is none, as every whole response within an answer of OpenAI does. */
function namesError(chunk: Buffer): boolean {
  for (let at = chunk.indexOf(errorName); at !== -1; at = chunk.indexOf(errorName, at)) {
    at += errorName.length;
    const from = at;
    if (!noErrors.some((none) => chunk.compare(none, 0, none.length, from, from + none.length) === 0)) return true;
  }
  return false;
}

const longestRetryAfterSeconds = 60;
/** Of a server in trouble: Codex comes back up to 30 times, without a word to its user meanwhile. */
const longestOfTroubleSeconds = 10;

/**
 * Codex sleeps for all of Retry-After, be it an hour, and ends its turn at a 429 without one. An account that really is
 * closed so long has been told otherwise.
 */
export function paceRetries(headers: Headers, fault: Fault): void {
  const told = headers.get('retry-after');
  if (told === null && fault === 'scoped') headers.set('retry-after', '2');
  const longest = isHopFault(fault) ? longestOfTroubleSeconds : longestRetryAfterSeconds;
  if (told === null || (/^\d+(\.\d+)?$/.test(told) && Number(told) <= longest)) return;
  headers.set('retry-after', String(longest));
}
