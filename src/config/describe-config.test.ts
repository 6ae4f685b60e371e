import { describe, expect, test } from 'bun:test';
import { noticeKinds } from '../core/notice.ts';
import { configSchema } from './config-schema.ts';
import { describeConfig } from './describe-config.ts';

describe('the list of settings', () => {
  test('has every field with its default, in the order of the file', () => {
    const rows = describeConfig().filter((row) => !row.field.endsWith('.<name>'));
    expect(rows.map((row): [string, unknown] => [row.field, JSON.parse(row.default)])).toEqual(
      leavesOf(configSchema.parse({}), []),
    );
  });

  test('says in a sentence what each field is for', () => {
    const rows = describeConfig();
    for (const { description } of rows) expect(description).toMatch(/^[A-Z].{10,}\.$/);
    expect(new Set(rows.map((row) => row.description)).size).toBe(rows.length);
  });

  const types: [string, string][] = [
    ['control.port', '0 to 65535'],
    ['agent.host', 'text'],
    ['insecureBind', 'true, false'],
    ['gateway.headTimeoutSeconds.streamed', '1 to 3600'],
    ['log.level', '"debug", "info", "warning", "error"'],
    ['telegram.chats', 'list of numbers'],
    ['notices.desktop.kinds', `list of ${noticeKinds.map((kind) => `"${kind}"`).join(', ')}`],
    ['notices.webhook.url', 'text (secret)'],
    ['reset.agents.<name>', 'command, user'],
    ['reset.pools.<name>', 'agent, runtime, container, socket, timeoutSeconds'],
  ];
  test.each(types)('says that %s takes %s', (field, type) => {
    expect(describeConfig().find((row) => row.field === field)?.type).toBe(type);
  });
});

function leavesOf(value: object, path: readonly string[]): [string, unknown][] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]): [string, unknown][] => {
    const field = [...path, name];
    return typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? leavesOf(inner, field)
      : [[field.join('.'), inner]];
  });
}
