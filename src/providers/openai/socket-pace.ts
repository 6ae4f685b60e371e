import type { Fault } from '../../core/failover/outcome.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { field } from './error.ts';
import { paceError } from './pace.ts';

const longestSeconds = 60;
const bareSeconds = 2;

/**
 * Shortens the waits of a failed message on a WebSocket. Codex 0.169.0 sleeps for all of the Retry-After in it and for
 * all that its words say, be it hours, and ends its turn at a 429 that says neither.
 */
export function paceMessage(text: string, fault: Fault): string {
  const message = parseJson(text);
  if (!isRecord(message)) return text;
  const errors = [message, message['error'], field(message['response'], 'error')].filter(isRecord);
  const isPaced = [paceHeaders(message, fault), ...errors.map(paceWords)].includes(true);
  return isPaced ? JSON.stringify(message) : text;
}

function paceHeaders(message: Record<string, unknown>, fault: Fault): boolean {
  const headers = isRecord(message['headers']) ? message['headers'] : {};
  const told = Object.keys(headers).filter((name) => name.toLowerCase() === 'retry-after');
  if (told.length === 0 && fault === 'scoped') {
    message['headers'] = { ...headers, 'retry-after': String(bareSeconds) };
    return true;
  }
  const long = told.filter((name) => !isShort(String(headers[name])));
  for (const name of long) headers[name] = String(longestSeconds);
  return long.length > 0;
}

function isShort(seconds: string): boolean {
  return /^\d+(\.\d+)?$/.test(seconds) && Number(seconds) <= longestSeconds;
}

function paceWords(error: Record<string, unknown>): boolean {
  const { message } = error;
  if (typeof message !== 'string') return false;
  const paced = paceError(message);
  error['message'] = paced;
  return paced !== message;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
