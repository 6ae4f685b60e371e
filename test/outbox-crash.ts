// A process that tells a webhook what the database has to be told, until it is killed; run by src/notices/outbox-crash.test.ts.
import { Outbox } from '../src/notices/outbox.ts';
import { parseWebhookSecrets, webhookChannel } from '../src/notices/webhook.ts';
import { openStore } from '../src/store/open-store.ts';
import { noticeKinds } from '../src/core/notice.ts';

/** The database, and where notices go, signed with what. */
export type CrashArguments = readonly [path: string, url: string, secret: string];

if (import.meta.main) {
  const [path, url, secret] = process.argv.slice(2) as unknown as CrashArguments;
  const clock = Date.now;
  const store = await openStore(path, { now: clock() });
  const channel = webhookChannel({ url, keys: parseWebhookSecrets(secret), fetch, clock, timeZone: 'UTC' });
  const outbox = new Outbox(
    {
      store,
      clock,
      random: Math.random,
      holds: () => true,
      tell: (event) => void process.stdout.write(`${event.kind}\n`),
      bug: (error) => {
        throw error;
      },
    },
    { routes: [{ channel, kinds: noticeKinds, always: true }], quiet: { from: '', to: '', timeZone: 'UTC' } },
  );
  outbox.start();
}
