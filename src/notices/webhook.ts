import { createHmac } from 'node:crypto';
import { parseReset } from '../core/limit/reset.ts';
import type { Notice } from '../core/notice.ts';
import { describeNotice, noticeAsText, plainFacts } from '../core/notice-text.ts';
import { Problem } from '../core/problem.ts';
import { secondMs, type EpochMs } from '../core/time.ts';
import { describeNetworkError } from '../lib/network-error.ts';
import type { Channel } from './ports.ts';
import { within } from './within.ts';

export type WebhookDeps = {
  /** Parsed before; what it holds besides the host may be a secret. */
  readonly url: string;
  readonly keys: readonly Buffer[];
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: () => EpochMs;
  readonly timeZone: string;
  readonly deadlineMs?: number;
};

const usualDeadlineMs = 10 * secondMs;

/**
 * Posts a notice, signed by Standard Webhooks 1.0.0
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */
export function webhookChannel(deps: WebhookDeps): Channel {
  const { url, keys, fetch, clock, timeZone, deadlineMs = usualDeadlineMs } = deps;
  const { host } = new URL(url);
  return {
    name: 'webhook',
    tell: async (notice, _, signal) => {
      const now = clock();
      const body = bodyOf(notice, now, timeZone);
      const headers = { 'content-type': 'application/json', ...signature({ id: notice.id, body, keys }, now) };
      const init: RequestInit = { method: 'POST', headers, body, redirect: 'manual' };
      const response = await within(deadlineMs, signal, (limited) => fetch(url, { ...init, signal: limited })).catch(
        (error: unknown) => {
          if (error instanceof Problem) throw error;
          throw new Problem('upstream', `${host} was not reached: ${describeNetworkError(error)}.`);
        },
      );
      // Nobody reads it, and it holds the connection.
      await response.body?.cancel();
      if (!response.ok) throw refusal(response, host, now);
      return null;
    },
  };
}

/**
 * Reads what `whsec_...` secrets hold, 24 to 64 bytes each; several, with space between them, each sign, so that a receiver
 * can change over. Throws a Problem, which does not hold the secret.
 */
export function parseWebhookSecrets(text: string): Buffer[] {
  const secrets = text.split(/\s+/).filter((each) => each !== '');
  if (secrets.length === 0) throw new Problem('invalid', 'The secret of the webhook is empty.', { hint });
  return secrets.map(parseSecret);
}

const hint = 'Make one: echo "whsec_$(openssl rand -base64 32)"';

function parseSecret(secret: string): Buffer {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  if (base64 === undefined)
    throw new Problem('invalid', 'The secret of the webhook is not "whsec_" with base64.', { hint });
  const key = Buffer.from(base64, 'base64');
  if (key.length >= 24 && key.length <= 64) return key;
  throw new Problem('invalid', `The secret of the webhook has ${key.length} bytes; 24 to 64 are needed.`, { hint });
}

function signature({ id, body, keys }: { id: string; body: string; keys: readonly Buffer[] }, now: EpochMs) {
  const messageId = messageIdOf(id);
  const timestamp = String(Math.floor(now / secondMs));
  const signatures = keys.map((key) => signWebhook([messageId, timestamp, body], key));
  return { 'webhook-id': messageId, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** Signs id, timestamp and body: `v1,` and the base64 of an HMAC with SHA-256. */
export function signWebhook(message: readonly [id: string, timestamp: string, body: string], key: Buffer): string {
  return `v1,${createHmac('sha256', key).update(message.join('.')).digest('base64')}`;
}

/** The id of the notice, the same in every try; a full stop would end it in what is signed. */
function messageIdOf(id: string): string {
  return encodeURIComponent(id).replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('.', '%2E');
}

function bodyOf(notice: Notice, now: EpochMs, timeZone: string): string {
  const { id, kind, thread, at, facts } = notice;
  const { title } = describeNotice(notice, now, timeZone);
  const text = noticeAsText(notice, now, timeZone);
  return JSON.stringify({
    type: `stint.${kind}`,
    timestamp: new Date(at).toISOString(),
    data: { ...plainFacts(facts), id, thread, title, text },
  });
}

function refusal(response: Response, host: string, now: EpochMs): Problem {
  const { status } = response;
  if (status === 410) {
    return new Problem('forbidden', `${host} answered 410: it wants no notices any more.`, {
      hint: 'Change notices.webhook.url in config.toml.',
    });
  }
  if (status >= 300 && status < 400)
    return new Problem('upstream', `${host} answered ${status}: notices.webhook.url is to be where that leads.`);
  const retryAt = parseReset(response.headers.get('retry-after'), now);
  const said = `${host} answered ${status}.`;
  return new Problem('upstream', said, retryAt === null ? {} : { retryAt });
}
