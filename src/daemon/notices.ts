import { platform } from 'node:os';
import type { Book } from '../book/book.ts';
import type { Config } from '../config/config-schema.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { JobId } from '../core/ids.ts';
import type { Job } from '../core/job/job.ts';
import { isClosed } from '../core/limit/limit.ts';
import { noticeKinds, type Notice } from '../core/notice.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import { describeFileError, readPrivateFile } from '../lib/atomic-file.ts';
import { localTimeZone } from '../lib/local-time-zone.ts';
import type { Log } from '../log/log.ts';
import { desktopChannel } from '../notices/desktop.ts';
import { logChannel } from '../notices/log.ts';
import { Outbox, type OutboxEvent, type OutboxSettings, type Route } from '../notices/outbox.ts';
import type { Channel, OutboxStore } from '../notices/ports.ts';
import { parseWebhookSecrets, webhookChannel } from '../notices/webhook.ts';
import type { Notices } from '../operations/context.ts';
import { jobStillHolds } from './job-events.ts';
import type { Network } from './network.ts';

export type OutboxParts = {
  readonly store: OutboxStore;
  readonly book: Book;
  readonly log: Log;
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly findJob: (id: JobId) => Job | undefined;
};

/** An outbox without channels, for `configure` and `start`. */
export function openOutbox({ store, book, log, audit, findJob }: OutboxParts): Outbox {
  const deps = {
    store,
    clock: book.clock,
    random: Math.random,
    holds: (notice: Notice) => {
      const { job } = notice.facts;
      return job === undefined ? stillHolds(book, notice) : jobStillHolds(findJob(job), notice);
    },
    tell: (event: OutboxEvent) => tellOutbox(log, audit, event),
    bug: log.bug,
  };
  return new Outbox(deps, { routes: [], quiet: { from: '', to: '', timeZone: 'UTC' } });
}

export type ChannelParts = {
  readonly config: Pick<Config, 'notices'>;
  /** The user's own: a secret for the webhook, and the way to the desktop. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly network: Pick<Network, 'fetch'>;
  readonly log: Pick<Log, 'info'>;
  readonly clock: () => EpochMs;
  /** The bot's, where there is one. */
  readonly telegram: Channel | null;
};

/** A part of the settings that is wrong. */
export type ChannelFault = { readonly part: 'notices.webhook'; readonly problem: Problem };

/** What an outbox is to tell whom. A channel whose settings are wrong is left out and has a fault, and the others are there. */
export async function outboxSettings(
  parts: ChannelParts,
): Promise<{ readonly settings: OutboxSettings; readonly faults: readonly ChannelFault[] }> {
  const { config, log, environment, clock, telegram } = parts;
  const { quiet, desktop, webhook } = config.notices;
  const timeZone = quiet.timeZone === '' ? localTimeZone() : quiet.timeZone;
  const write = (message: string, properties: object): void => log.info(message, properties);
  const logs: Route = { channel: logChannel({ write, clock, timeZone }), kinds: noticeKinds, always: true };
  const routes = [logs];
  const faults: ChannelFault[] = [];
  if (desktop.enabled) {
    const channel = desktopChannel({ platform: platform(), environment, clock, timeZone });
    routes.push({ channel, kinds: desktop.kinds, always: false });
  }
  if (webhook.url !== '') {
    try {
      routes.push({ channel: await openWebhook(parts, timeZone), kinds: webhook.kinds, always: false });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      faults.push({ part: 'notices.webhook', problem: error });
    }
  }
  if (telegram !== null) routes.push({ channel: telegram, kinds: config.notices.telegram.kinds, always: false });
  return { settings: { routes, quiet: { ...quiet, timeZone } }, faults };
}

/** The operations' way to the outbox. */
export function noticesPort(outbox: Outbox, store: OutboxStore): Notices {
  return {
    recent: (count) => store.recentNotices(count),
    channels: () => outbox.channels,
    test: (channel) => outbox.test(channel),
  };
}

/** Throws a Problem where the webhook of the settings cannot be. */
export async function checkWebhook(
  config: ChannelParts['config'],
  environment: ChannelParts['environment'],
): Promise<void> {
  if (config.notices.webhook.url !== '') await webhookKeys(config, environment);
}

async function webhookKeys({ notices }: ChannelParts['config'], environment: ChannelParts['environment']) {
  return parseWebhookSecrets(await webhookSecret(environment['STINT_WEBHOOK_SECRET'], notices.webhook.secretFile));
}

async function openWebhook({ config, environment, network, clock }: ChannelParts, timeZone: string): Promise<Channel> {
  const { url } = config.notices.webhook;
  if (!URL.canParse(url)) {
    throw new Problem('invalid', 'notices.webhook.url is no URL.', {
      hint: 'It is asked for, and not shown, by: stint config set notices.webhook.url',
    });
  }
  const keys = await webhookKeys(config, environment);
  return webhookChannel({ url, keys, fetch: network.fetch, clock, timeZone });
}

/** What is not signed, a receiver cannot tell from what anybody else sends: so there is no webhook without a secret. */
async function webhookSecret(given: string | undefined, file: string): Promise<string> {
  if (given !== undefined && given.trim() !== '') return given;
  const hint =
    'Write one that the receiver has as well into a file: echo "whsec_$(openssl rand -base64 32)" > <file>; then: stint config set notices.webhook.secretFile <file>';
  if (file === '') throw new Problem('invalid', 'notices.webhook has no secret to sign with.', { hint });
  const text = await readPrivateFile(file).catch((error: unknown) => {
    throw new Problem('invalid', `notices.webhook.secretFile ${file} cannot be read: ${describeFileError(error)}.`);
  });
  if (text === undefined) throw new Problem('invalid', `notices.webhook.secretFile ${file} does not exist.`, { hint });
  return text;
}

function tellOutbox(log: Log, audit: OutboxParts['audit'], event: OutboxEvent): void {
  if (event.kind === 'failing') {
    log.warning('notices not told', { channel: event.channel, reason: event.reason });
    return;
  }
  const { notice, channel } = event;
  const record = {
    kind: 'notice.told',
    surface: 'daemon',
    actor: 'stint',
    subject: notice.facts.pool ?? notice.facts.account ?? notice.facts.part ?? 'stint',
  } as const;
  const what = `${notice.kind} on ${channel}`;
  if (event.kind === 'told') {
    void audit({ ...record, outcome: 'done', detail: what });
    return;
  }
  log.warning(`notice ${event.kind}`, { notice: notice.id, kind: notice.kind, channel, reason: event.reason });
  if (event.kind === 'given-up') void audit({ ...record, outcome: 'unavailable', detail: `${what}: ${event.reason}` });
}

/** Whether what a notice says is still so, as far as the book knows. */
function stillHolds(book: Book, { kind, thread, facts }: Notice): boolean {
  const { state, clock } = book;
  // It may have been renamed since.
  const account = facts.account === undefined ? undefined : book.find(facts.account);
  switch (kind) {
    case 'account-needs-login':
      return account?.account.standing === 'needs-login';
    case 'account-limited':
    case 'overage-begun':
      return [...(account?.limits.values() ?? [])].some(
        (limit) => limit.window === facts.window && limit.family === (facts.family ?? null) && isClosed(limit, clock()),
      );
    case 'pool-exhausted':
      return [...state.episodes.values()].some(({ id }) => thread === `episode:${id}`);
    default:
      return true;
  }
}
