import { describe, expect, test } from 'bun:test';
import { changeConfig } from './change-config.ts';
import { configSchema } from './config-schema.ts';
import { parseConfig } from './load-config.ts';
import { valueAt } from './field.ts';

const held = configSchema.parse({});
const change = (text: string, field: string, value: string | null) =>
  changeConfig(text, { path: '/home/me/config.toml', held }, { field, value });

describe('a text that people type', () => {
  test.each<[string, string, unknown]>([
    ['gateway.probeClosed', 'true', true],
    ['gateway.probeClosed', ' false ', false],
    ['gateway.holdSeconds', '30', 30],
    ['jobs.models.anthropic', '["opus", "haiku"]', ['opus', 'haiku']],
    ['jobs.models.openai', 'gpt', ['gpt']],
    ['gateway.headTimeoutSeconds.whole', '+60', 60],
    ['log.level', 'debug', 'debug'],
    ['log.level', '"debug"', 'debug'],
    ['log.level', "'debug'", 'debug'],
    ['control.tls.certFile', '', ''],
    ['notices.quiet.timeZone', 'Europe/Rome', 'Europe/Rome'],
    ['notices.quiet.from', '22:00', '22:00'],
    ['telegram.chats', '12, -34', [12, -34]],
    ['telegram.chats', '[12, -34]', [12, -34]],
    ['telegram.chats', '', []],
    ['notices.desktop.kinds', 'pool-exhausted,pool-recovered', ['pool-exhausted', 'pool-recovered']],
    ['notices.desktop.kinds', '["pool-exhausted"]', ['pool-exhausted']],
    ['reset.agents', '{ mine = { command = ["mine", "reset"] } }', { mine: { command: ['mine', 'reset'], user: '' } }],
    ['reset.agents', '{"mine":{"command":["mine"]}}', { mine: { command: ['mine'], user: '' } }],
    ['reset.agents.mine.command', '["mine", "reset, now"]', ['mine', 'reset, now']],
    ['reset.pools.work.container', 'box', 'box'],
    ['notices.webhook.url', 'https://example.com/a?b=1,2', 'https://example.com/a?b=1,2'],
  ])('for %s: %j is %j', (field, value, expected) => {
    const edited = change('# mine\n', field, value);
    expect(edited).toStartWith('# mine\n');
    expect(valueAt(parseConfig(edited, 'config.toml'), field.split('.'))).toEqual(expected);
  });

  test.each<[string, string, string]>([
    ['gateway.holdSeconds', 'long', 'gateway.holdSeconds must be a whole number from 0 to 3600.'],
    ['gateway.holdSeconds', '3601', 'gateway.holdSeconds must be a whole number from 0 to 3600.'],
    ['gateway.holdSeconds', '1.5', 'gateway.holdSeconds must be a whole number from 0 to 3600.'],
    ['gateway.probeClosed', 'yes', 'gateway.probeClosed must be true or false.'],
    ...['["opus", "opus"]', '[""]', '[1]'].map((value): [string, string, string] => [
      ...(['jobs.models.anthropic', value] as const),
      'jobs.models.anthropic must be a list of models, best first, each once: ["opus", "sonnet"].',
    ]),
    ['jobs.idleMinutes', '-1', 'jobs.idleMinutes must be a whole number from 0 to 1440.'],
    ['telegram.chats', 'me', 'telegram.chats must be a list of chat ids, which are whole numbers.'],
    ['telegram.chats', '[1', 'telegram.chats must be a list of chat ids, which are whole numbers.'],
    ['agent.port', '4600', 'agent.port must differ from control.port, and both are 4600.'],
    ['reset.pools.Work.container', 'box', 'reset.pools.Work must have a name of a-z, 0-9 and -.'],
    ['reset.agents.mine.user', '0', 'reset.agents.mine.command must be a list of the command and its arguments.'],
    ['gateway.nothing', '1', 'There is no setting gateway.nothing.'],
    ['gateway', '1', 'gateway must be a table.'],
    ['__proto__.x', '1', 'There is no setting __proto__.x.'],
  ])('for %s: %j is refused', (field, value, message) => {
    expect(() => change('', field, value)).toThrow(message);
  });
});

describe('a change', () => {
  test('takes a setting out', () => {
    expect(change('[log]\nlevel = "debug" # why\n', 'log.level', null)).toBe('[log]\n# why\n');
    expect(change('[log]\n', 'log.level', null)).toBe('[log]\n');
  });

  test('leaves another section as wrong as it is', () => {
    expect(change('[audit]\nkeepDays = 0\n', 'log.level', 'error')).toBe(
      '[audit]\nkeepDays = 0\n\n[log]\nlevel = "error"\n',
    );
  });

  test('mends what is wrong', () => {
    expect(change('[audit]\nkeepDays = 0\n', 'audit.keepDays', '8')).toBe('[audit]\nkeepDays = 8\n');
  });

  test('is refused in a section that would not act, and in a file that is no TOML', () => {
    expect(() => change('[log]\nlevel = "debug"\nx = 1', 'log.level', 'error')).toThrow(
      'config.toml line 3: log.x is not a setting.',
    );
    expect(() => change('[log', 'log.level', 'error')).toThrow('config.toml line 1');
  });

  test('does not repeat a secret in its refusal', () => {
    expect(() => change('', 'notices.webhook.url', 'sk-test-secret')).toThrow(/^(?!.*sk-test-secret)/s);
  });
});
