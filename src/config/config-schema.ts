import { z } from 'zod';
import { noticeKinds } from '../core/notice.ts';
import { declaredAgents } from './agent-schema.ts';

const logLevels = ['debug', 'info', 'warning', 'error'] as const;
const vaultKeys = ['file', 'keychain', 'passphrase'] as const;
const runtimes = ['local', 'docker', 'apple', 'tart'] as const;
const command = 'must be a list of the command and its arguments';
/** Where the agent lives whose login is reset. */
const place = resetPlace();
/** A job that waits for a limit goes on by itself. */
const toldKinds = noticeKinds.filter((kind) => kind !== 'job-parked');
/** An account that meets a limit is what Stint is for: the log has it. */
const usualKinds = toldKinds.filter((kind) => kind !== 'account-limited');

const port = () => wholeNumber(0, 65_535);
const host = () => z.string({ error: 'must be a host name or an address' }).min(1, { error: 'must not be empty' });

/**
 * All of `config.toml`: every field has a default, and a field that is not here is an error. The messages complete the
 * sentence that begins with the field's name.
 */
export const configSchema = section({
  control: section({
    port: port().default(4600).describe('Port of the control API; 0 takes any free one.'),
    host: host().default('127.0.0.1').describe('Address on which the control API listens.'),
    tls: tls('the control API'),
  }),
  agent: section({
    port: port().default(4610).describe('Port of the gateway that agents speak to; 0 takes any free one.'),
    host: host().default('127.0.0.1').describe('Address on which the gateway listens.'),
    socket: absolutePath()
      .default('')
      .describe('Unix socket on which the gateway listens as well, for agents in containers that have it mounted.'),
    tls: tls('the gateway'),
  }),
  insecureBind: z
    .boolean({ error: 'must be true or false' })
    .default(false)
    .describe('Allows a host outside loopback without TLS, where tokens travel unencrypted.'),
  gateway: section({
    bodyLimitMiB: wholeNumber(1, 1024).default(64).describe('Largest request body, in MiB.'),
    bodiesInFlightMiB: wholeNumber(1, 65_536).default(512).describe('Memory for request bodies in all, in MiB.'),
    headTimeoutSeconds: section({
      streamed: wholeNumber(1, 3600).default(120).describe('Longest wait for the head of a streamed answer.'),
      whole: wholeNumber(1, 3600).default(600).describe('Longest wait for the head of an answer in one piece.'),
    }),
    idleTimeoutSeconds: wholeNumber(1, 3600).default(300).describe('Longest silence within an answer.'),
    stopGraceSeconds: wholeNumber(0, 3600).default(30).describe('Time for open requests to end when Stint stops.'),
    holdSeconds: wholeNumber(0, 3600)
      .default(240)
      .describe('Longest wait for an account inside an open request of `stint claude`; 0 never waits.'),
    probeClosed: z
      .boolean({ error: 'must be true or false' })
      .default(false)
      .describe(
        'Lets one request an hour find out whether an account that is closed for long is open, when no other is.',
      ),
  }),
  jobs: section({
    places: wholeNumber(0, 1000).default(4).describe('Jobs that may run at once; 0 starts none.'),
    keepDays: wholeNumber(1, 3650)
      .default(30)
      .describe('Days that a job which has ended stays, with what its agents said.'),
    tools: z
      .boolean({ error: 'must be true or false' })
      .default(true)
      .describe('Whether agents of jobs get tools of Stint’s: to create jobs, wait, ask, report, lock files.'),
    idleMinutes: wholeNumber(0, 1440)
      .default(20)
      .describe(
        'Minutes without any sign of life after which an agent is stopped and resumed, 60 or more while a tool works for it; 0 for never.',
      ),
    models: section({
      anthropic: chain('of Anthropic', 'opus, sonnet[1m], sonnet, haiku'),
      openai: chain('of OpenAI', 'none'),
      google: chain('of Google', 'none'),
    }),
  }),
  agents: declaredAgents(),
  network: section({
    caFile: z
      .string({ error: 'must be a path' })
      .regex(/^(\/.*)?$/, { error: 'must be an absolute path' })
      .default('')
      .describe('PEM file with certificates to trust besides the usual ones, as a proxy that opens TLS needs it.'),
  }),
  notices: section({
    quiet: section({
      from: timeOfDay().describe('From this time of day on only the log is told; empty for no quiet hours.'),
      to: timeOfDay().describe('Until this time of day, when what still holds is told.'),
      timeZone: z
        .string({ error: 'must be a name such as "Europe/Rome"' })
        .refine(isTimeZone, { error: 'must be a name such as "Europe/Rome"' })
        .default('')
        .describe('Zone of those times; that of the machine when empty.'),
    }),
    desktop: section({
      enabled: yesOrNo().default(false).describe('Shows notices on the desktop, by notify-send or osascript.'),
      kinds: kinds(usualKinds, 'The kinds of notice that the desktop shows.'),
    }),
    webhook: section({
      url: z
        .string({ error: 'must be a URL' })
        .regex(/^(https?:\/\/.*)?$/, { error: 'must begin with https:// or http://' })
        .default('')
        .meta({ secret: true })
        .describe('Where notices are posted, signed by the Standard Webhooks rules; empty for nowhere.'),
      secretFile: absolutePath()
        .default('')
        .describe('File with the secret that signs them, `whsec_...`; STINT_WEBHOOK_SECRET goes before it.'),
      kinds: kinds(toldKinds, 'The kinds of notice that are posted.'),
    }),
    telegram: section({ kinds: kinds(usualKinds, 'The kinds of notice that the bot tells its chats.') }),
  }),
  telegram: section({
    tokenFile: absolutePath()
      .default('')
      .describe('File with the token of the bot; TELEGRAM_BOT_TOKEN goes before it.'),
    chats: z
      .array(z.int({ error: 'must be a list of chat ids, which are whole numbers' }), {
        error: 'must be a list of chat ids, which are whole numbers',
      })
      .default([])
      .describe('Chats that may use the bot, and are told notices.'),
    apiRoot: z
      .string({ error: 'must be a URL' })
      .regex(/^https?:\/\/.+$/, { error: 'must begin with https:// or http://' })
      .default('https://api.telegram.org')
      .describe('Where the Bot API is, for a server of your own.'),
  }),
  reset: section({
    agent: place.agent.default('hermes'),
    runtime: place.runtime.default('local'),
    container: place.container.default(''),
    socket: place.socket.default(''),
    timeoutSeconds: place.timeoutSeconds.default(60),
    agents: z
      .record(
        z.string().regex(/^[a-z0-9-]{1,40}$/),
        z.strictObject(
          {
            command: z.array(z.string({ error: command }), { error: command }).min(1, { error: command }),
            user: z.string({ error: 'must be a user, such as "10000:10000"' }).default(''),
          },
          { error: isNoTable },
        ),
        { error: 'must be tables with a command' },
      )
      .default({})
      .describe('Commands that reset an agent’s login, by the agent’s name; `{target}` is the pool’s target.'),
    pools: z
      .record(z.string().regex(/^[a-z0-9-]{1,40}$/), z.strictObject(place, { error: isNoTable }).partial(), {
        error: 'must be tables',
      })
      .default({})
      .describe('What is different for one pool, by the pool’s name.'),
  }),
  audit: section({
    keepDays: wholeNumber(1, 3650).default(90).describe('How long the audit trail goes back, in days.'),
  }),
  log: section({
    level: oneOf(logLevels).default('info').describe('The least important messages that are logged.'),
  }),
  vault: section({
    key: oneOf(vaultKeys).default('file').describe('Where the key of a new vault is kept.'),
  }),
});

/** The settings of a daemon. */
export type Config = z.infer<typeof configSchema>;

/** A table of the file; one that is left out is one whose fields are all left out. */
function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const table = z.strictObject(shape, { error: isNoTable });
  return table.prefault({} as z.input<typeof table>);
}

function isNoTable({ code }: { readonly code: string }): string | undefined {
  return code === 'invalid_type' ? 'must be a table' : undefined;
}

function tls(listener: string) {
  return section({
    certFile: absolutePath().default('').describe(`PEM file with the certificate of ${listener}; empty for no TLS.`),
    keyFile: absolutePath().default('').describe(`PEM file with the key of ${listener}.`),
  });
}

function resetPlace() {
  return {
    agent: z.string({ error: 'must be a name' }).describe('The agent whose command is run.'),
    runtime: oneOf(runtimes).describe('What the agent runs in; docker is Podman’s API as well.'),
    container: z.string({ error: 'must be a name' }).describe('Name of its container or machine.'),
    socket: absolutePath().describe('Socket of the container engine; that of Docker when empty.'),
    timeoutSeconds: wholeNumber(1, 600).describe('Longest time that the command may take.'),
  };
}

function kinds(usual: readonly (typeof noticeKinds)[number][], description: string) {
  const error = `must be a list of: ${noticeKinds.join(', ')}`;
  return z
    .array(z.enum(noticeKinds, { error }), { error })
    .default([...usual])
    .describe(description);
}

function chain(whose: string, usual: string) {
  const error = 'must be a list of models, best first, each once: ["opus", "sonnet"]';
  return z
    .array(z.string({ error }).regex(/^\S{1,200}$/, { error }), { error })
    .refine((models) => new Set(models).size === models.length, { error })
    .default([])
    .describe(`Models ${whose} that jobs go on with, best first; the agent’s own when empty (${usual}).`);
}

function yesOrNo() {
  return z.boolean({ error: 'must be true or false' });
}

function absolutePath() {
  return z.string({ error: 'must be a path' }).regex(/^(\/.*)?$/, { error: 'must be an absolute path' });
}

function timeOfDay() {
  const error = 'must be a time of day such as "22:00"';
  return z
    .string({ error })
    .regex(/^(([01]\d|2[0-3]):[0-5]\d)?$/, { error })
    .default('');
}

function isTimeZone(name: string): boolean {
  if (name === '') return true;
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function wholeNumber(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `must be ${values.slice(0, -1).map(quote).join(', ')} or ${quote(values.at(-1))}` });
}

function quote(text: string | undefined): string {
  return `"${text ?? ''}"`;
}
