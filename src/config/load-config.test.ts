import { describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { noticeKinds } from '../core/notice.ts';
import type { Config } from './config-schema.ts';
import { loadConfig, parseConfig } from './load-config.ts';

const noTls = { certFile: '', keyFile: '' };
const toldKinds = noticeKinds.filter((kind) => kind !== 'job-parked');
const usualKinds = toldKinds.filter((kind) => kind !== 'account-limited');
const defaults = {
  control: { port: 4600, host: '127.0.0.1', tls: noTls },
  agent: { port: 4610, host: '127.0.0.1', socket: '', tls: noTls },
  insecureBind: false,
  gateway: {
    bodyLimitMiB: 64,
    bodiesInFlightMiB: 512,
    headTimeoutSeconds: { streamed: 120, whole: 600 },
    idleTimeoutSeconds: 300,
    stopGraceSeconds: 30,
    holdSeconds: 240,
    probeClosed: false,
  },
  jobs: {
    ...{ places: 4, keepDays: 30, tools: true, idleMinutes: 20 },
    models: { anthropic: [], openai: [], google: [] },
  },
  agents: {},
  network: { caFile: '' },
  notices: {
    quiet: { from: '', to: '', timeZone: '' },
    desktop: { enabled: false, kinds: usualKinds },
    webhook: { url: '', secretFile: '', kinds: toldKinds },
    telegram: { kinds: usualKinds },
  },
  telegram: { tokenFile: '', chats: [], apiRoot: 'https://api.telegram.org' },
  reset: { agent: 'hermes', runtime: 'local', container: '', socket: '', timeoutSeconds: 60, agents: {}, pools: {} },
  audit: { keepDays: 90 },
  log: { level: 'info' },
  vault: { key: 'file' },
} as const satisfies Config;

describe('the settings', () => {
  test.each(['', '\n', '# nothing\r\n', '[control]\n[gateway]\n'])(
    'are the defaults where the file says %j',
    (text) => {
      expect(parseConfig(text, 'config.toml')).toEqual(defaults);
    },
  );

  test('are the defaults where there is no file', async () => {
    using folder = temporaryFolder();
    expect(await loadConfig(join(folder.path, 'config.toml'))).toEqual(defaults);
  });

  test('of the file replace their defaults and no other', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'config.toml');
    writeFileSync(
      path,
      '\uFEFFvault.key = "keychain"\r\n[gateway.headTimeoutSeconds]\r\nwhole = 60\r\n[log]\r\nlevel = "debug"\r\n',
    );
    expect(await loadConfig(path)).toEqual({
      ...defaults,
      gateway: { ...defaults.gateway, headTimeoutSeconds: { streamed: 120, whole: 60 } },
      log: { level: 'debug' },
      vault: { key: 'keychain' },
    });
  });

  test('cannot be read from a directory, which is said in one sentence', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'config.toml');
    mkdirSync(path);
    await expect(loadConfig(path)).rejects.toMatchObject({
      name: 'Problem',
      code: 'invalid',
      message: `${path} cannot be read: it is a directory.`,
    });
  });
});

const aPort = 'must be a whole number from 0 to 65535';
const aHost = 'must be a host name or an address';

const faults: [string, string, string][] = [
  ['text in place of a number', '[control]\nport = "4600"', `line 2: control.port ${aPort}.`],
  ['a number that is too large', '\n\nagent.port = 65536', `line 3: agent.port ${aPort}.`],
  [
    'a number below zero',
    '[gateway]\n\nholdSeconds = -1',
    'line 3: gateway.holdSeconds must be a whole number from 0 to 3600.',
  ],
  [
    'a zero where there must be something',
    'gateway.bodyLimitMiB = 0',
    'line 1: gateway.bodyLimitMiB must be a whole number from 1 to 1024.',
  ],
  ['a fraction', '[control]\nport = 1.5', `line 2: control.port ${aPort}.`],
  ['no number', '[control]\nport = nan', `line 2: control.port ${aPort}.`],
  ['a date in place of a number', '[control]\nport = 2026-11-21', `line 2: control.port ${aPort}.`],
  [
    'a number beyond all bounds',
    '[control]\nport = 99999999999999999999',
    'line 2: integer value cannot be represented losslessly.',
  ],
  ['a number in place of text', '[agent]\nhost = 3', `line 2: agent.host ${aHost}.`],
  ['an empty text', '[agent]\nhost = ""', 'line 2: agent.host must not be empty.'],
  ['text in place of a yes or no', 'insecureBind = "yes"', 'line 1: insecureBind must be true or false.'],
  ['an unknown choice', '[log]\nlevel = "loud"', 'line 2: log.level must be "debug", "info", "warning" or "error".'],
  ['another unknown choice', '[vault]\nkey = "cloud"', 'line 2: vault.key must be "file", "keychain" or "passphrase".'],
  ['a value in place of a table', '# ports\ncontrol = 4600', 'line 2: control must be a table.'],
  ['a list of tables', '[[control]]\nport = 1', 'line 1: control must be a table.'],
  ['an inline table', 'log = { level = "info" }\ncontrol = { port = 1, host = 3 }', `line 2: control.host ${aHost}.`],
  ['an unknown field', '[control]\nport = 1\nprot = 4600', 'line 3: control.prot is not a setting.'],
  [
    'an unknown field deep within',
    '[gateway.headTimeoutSeconds]\nstreamd = 3',
    'line 2: gateway.headTimeoutSeconds.streamd is not a setting.',
  ],
  ['an unknown table', '[log]\n[logs]\nlevel = "info"', 'line 2: logs is not a setting.'],
  ['a field at the top that belongs into a table', 'port = 1', 'line 1: port is not a setting.'],
  ['a name that every object has', '\n__proto__ = 1', 'line 2: __proto__ is not a setting.'],
  ['another name that every object has', '[constructor]', 'line 1: constructor is not a setting.'],
  ['a table that is not closed', '[log]\n[control\nport = 1', 'line 2: illegal character in key.'],
  [
    'the same field twice',
    '[log]\nlevel = "info"\nlevel = "info"',
    'line 3: trying to redefine an already defined table or value.',
  ],
  ['the line ends of Windows', '# ports\r\n[control]\r\nport = "x"\r\n', `line 3: control.port ${aPort}.`],
  ['a mark of the byte order', '\uFEFF[control]\nport = "x"', `line 2: control.port ${aPort}.`],
  [
    'the same port twice',
    '[control]\nport = 5000\n[agent]\nport = 5000',
    'line 4: agent.port must differ from control.port, and both are 5000.',
  ],
  [
    'the other’s default as control port',
    '[control]\nport = 4610',
    'line 2: agent.port must differ from control.port, and both are 4610.',
  ],
  [
    'the other’s default as agent port',
    '[agent]\nport = 4600',
    'line 2: agent.port must differ from control.port, and both are 4600.',
  ],
  [
    'a budget that is too small for one request',
    '[gateway]\nbodiesInFlightMiB = 63',
    'line 2: gateway.bodiesInFlightMiB must be at least gateway.bodyLimitMiB, which is 64.',
  ],
  [
    'a certificate without a key',
    '[agent.tls]\ncertFile = "/c"',
    'line 2: agent.tls.certFile needs agent.tls.keyFile as well.',
  ],
  [
    'a key without a certificate',
    'control.tls.keyFile = "/k"',
    'line 1: control.tls.keyFile needs control.tls.certFile as well.',
  ],
  [
    'a time zone that is none',
    'notices.quiet.timeZone = "Mars"',
    'line 1: notices.quiet.timeZone must be a name such as "Europe/Rome".',
  ],
  [
    'a kind of notice that is none',
    'notices.webhook.kinds = ["x"]',
    `line 1: notices.webhook.kinds must be a list of: ${noticeKinds.join(', ')}.`,
  ],
  [
    'a chat that is no number',
    '[telegram]\nchats = [1,\n"x"]',
    'line 2: telegram.chats must be a list of chat ids, which are whole numbers.',
  ],
  [
    'an agent without a command',
    '[reset.agents.mine]\nuser = "1"',
    'line 1: reset.agents.mine.command must be a list of the command and its arguments.',
  ],
  [
    'a command that is text',
    'reset.agents.mine.command = "mine reset"',
    'line 1: reset.agents.mine.command must be a list of the command and its arguments.',
  ],
  [
    'an agent whose name is none',
    '[reset.agents."My Own"]\ncommand = ["x"]',
    'line 1: reset.agents.My Own must have a name of a-z, 0-9 and -.',
  ],
  [
    'an own agent without a word for its end',
    '[agents.mine]\ncommand = ["mine"]',
    'line 1: agents.mine.result must be a regular expression.',
  ],
  [
    'an own agent without a command',
    '[agents.mine]\nresult = "x"\ncommand = []',
    'line 3: agents.mine.command must be a list of the command and its arguments.',
  ],
  [
    'a pattern that is none',
    '[agents.mine]\ncommand = ["mine"]\nresult = "x"\nlimits = ["("]',
    'line 4: agents.mine.limits must be a regular expression.',
  ],
  [
    'an own agent with the name of another',
    '[agents.claude]\ncommand = ["mine"]\nresult = "x"',
    'line 1: agents.claude must have a name of a-z, 0-9 and -.',
  ],
  ['a pool that is no table', '[reset.pools]\nwork = 1', 'line 2: reset.pools.work must be a table.'],
  ['an unknown field of a pool', '[reset.pools.work]\nplace = 1', 'line 2: reset.pools.work.place is not a setting.'],
  [
    'a request that is too large for the budget',
    '[gateway]\nbodyLimitMiB = 513',
    'line 2: gateway.bodiesInFlightMiB must be at least gateway.bodyLimitMiB, which is 513.',
  ],
];

describe('a settings file', () => {
  test.each(faults)('with %s is refused with its line and field', (_, text, says) => {
    expect(refusalOf(text)).toMatchObject({
      name: 'Problem',
      code: 'invalid',
      message: `config.toml ${says}`,
      hint: 'Edit /home/me/config.toml',
    });
  });

  test('may let the system choose both ports', () => {
    expect(parseConfig('control.port = 0\nagent.port = 0', 'config.toml')).toMatchObject({
      control: { port: 0 },
      agent: { port: 0 },
    });
  });
});

describe('a host outside loopback', () => {
  const open = [
    '0.0.0.0',
    '::',
    '192.168.1.2',
    'example.com',
    '127.0.0.1.example.com',
    '1127.0.0.1',
    ' 127.0.0.1',
    '::1%eth0',
  ];
  test.each(open)('such as %j is refused for both listeners', (host) => {
    for (const listener of ['control', 'agent']) {
      expect(refusalOf(`[log]\n[${listener}]\nhost = "${host}"`)).toMatchObject({
        code: 'invalid',
        message: `config.toml line 3: ${listener}.host must be a loopback address: on "${host}" tokens would travel unencrypted, which only ${listener}.tls.certFile and ${listener}.tls.keyFile prevent, or insecureBind = true allows (stint up --insecure-bind).`,
      });
    }
  });

  test('is taken when the file says that this is meant', () => {
    const config = parseConfig('insecureBind = true\ncontrol.host = "0.0.0.0"\nagent.host = "::"', 'config.toml');
    expect(config).toMatchObject({ control: { host: '0.0.0.0' }, agent: { host: '::' } });
  });

  test.each(['control', 'agent'])('is taken with both files of TLS on that listener: %s', (listener) => {
    const host = `${listener}.host = "0.0.0.0"\n`;
    const files = (name: string) => `${name}.tls.certFile = "/cert.pem"\n${name}.tls.keyFile = "/key.pem"\n`;
    expect(parseConfig(host + files(listener), 'config.toml')).toMatchObject({ [listener]: { host: '0.0.0.0' } });
    const other = listener === 'control' ? 'agent' : 'control';
    expect(refusalOf(host + files(other))).toMatchObject({ code: 'invalid' });
  });

  test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('is not %j', (host) => {
    expect(parseConfig(`agent.host = "${host}"`, 'config.toml').agent.host).toBe(host);
  });
});

function refusalOf(text: string): unknown {
  try {
    return parseConfig(text, '/home/me/config.toml');
  } catch (error) {
    return error;
  }
}
