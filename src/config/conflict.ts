import { isLoopback } from '../lib/loopback.ts';
import type { Config } from './config-schema.ts';

/** What is wrong with a field in view of others, as the end of a sentence that begins with its name. */
export type Conflict = {
  readonly path: readonly string[];
  /** The setting that it does not go with, which may be the only one of the two in the file. */
  readonly other: readonly string[];
  readonly says: string;
};

/** Finds every setting that does not go with another one. */
export function findConflicts(config: Config): readonly Conflict[] {
  return [
    ...(['control', 'agent'] as const).flatMap((name) => [findOpenHost(config, name), findHalfTls(config, name)]),
    findSharedPort(config),
    findSmallBudget(config),
  ].filter((each) => each !== undefined);
}

/** Finds what is no mistake by itself, and yet does nothing. A sentence each. */
export function findWarnings({ telegram, notices }: Config): readonly { path: readonly string[]; says: string }[] {
  const deaf = telegram.tokenFile !== '' && telegram.chats.length === 0;
  const unsigned = notices.webhook.secretFile !== '' && notices.webhook.url === '';
  return [
    ...(deaf ? [{ path: ['telegram', 'chats'], says: 'is empty: the bot answers nobody, and tells nobody' }] : []),
    ...(unsigned ? [{ path: ['notices', 'webhook', 'url'], says: 'is empty: nothing is posted' }] : []),
    ...findHalfQuiet(notices),
  ];
}

function findOpenHost(config: Config, name: 'control' | 'agent'): Conflict | undefined {
  const { host, tls } = config[name];
  if (isLoopback(host) || config.insecureBind || (tls.certFile !== '' && tls.keyFile !== '')) return undefined;
  const says = `must be a loopback address: on "${host}" tokens would travel unencrypted, which only ${name}.tls.certFile and ${name}.tls.keyFile prevent, or insecureBind = true allows (stint up --insecure-bind)`;
  return { path: [name, 'host'], other: ['insecureBind'], says };
}

function findHalfTls(config: Config, name: 'control' | 'agent'): Conflict | undefined {
  const { certFile, keyFile } = config[name].tls;
  if ((certFile === '') === (keyFile === '')) return undefined;
  const [given, missing] = certFile === '' ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
  const says = `needs ${name}.tls.${missing} as well`;
  return { path: [name, 'tls', given], other: [name, 'tls', missing], says };
}

/** No mistake: whoever sets them one by one is between the two. */
function findHalfQuiet({ quiet }: Config['notices']): { path: readonly string[]; says: string }[] {
  if ((quiet.from === '') === (quiet.to === '')) return [];
  const [given, missing] = quiet.from === '' ? ['to', 'from'] : ['from', 'to'];
  return [
    {
      path: ['notices', 'quiet', missing],
      says: `is empty: with notices.quiet.${given} alone there are no quiet hours`,
    },
  ];
}

function findSharedPort({ control, agent }: Config): Conflict | undefined {
  if (control.port === 0 || control.port !== agent.port) return undefined;
  const says = `must differ from control.port, and both are ${control.port}`;
  return { path: ['agent', 'port'], other: ['control', 'port'], says };
}

function findSmallBudget({ gateway }: Config): Conflict | undefined {
  if (gateway.bodiesInFlightMiB >= gateway.bodyLimitMiB) return undefined;
  const says = `must be at least gateway.bodyLimitMiB, which is ${gateway.bodyLimitMiB}`;
  return { path: ['gateway', 'bodiesInFlightMiB'], other: ['gateway', 'bodyLimitMiB'], says };
}
