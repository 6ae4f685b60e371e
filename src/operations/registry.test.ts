import { describe, expect, test } from 'bun:test';
import { operations } from './registry.ts';
import { inputFields } from './text-input.ts';

const cases = operations.map((each) => [each.name, each] as const);

test('no two operations have one name', () => {
  expect(new Set(operations.map((each) => each.name)).size).toBe(operations.length);
});

describe('an operation', () => {
  test.each(cases)('%s is named noun.verb, and says in one line what it does', (name, { summary, output, kind }) => {
    expect(name).toMatch(/^[a-z]+\.[a-z]+(-[a-z]+)*$/);
    expect(summary).toMatch(/^[A-Z][^\n]{5,110}[^.\n]$/);
    expect([output === undefined, ['call', 'stream'].includes(kind)]).toEqual([false, true]);
  });

  test.each(cases)('%s describes every field that people see', (name, operation) => {
    const { fields } = inputFields(operation);
    const bare = Object.entries(fields).filter(([, field]) => field.description === undefined);
    // What programs tell each other needs no words.
    if (!name.startsWith('session.')) expect(bare.map(([field]) => field)).toEqual([]);
    for (const named of [...operation.positional, ...(operation.subject ?? [])]) expect(fields[named]).toBeDefined();
  });

  test.each(cases)('%s takes no secret in a chat or from a model, nor notes one', (_, operation) => {
    const { fields } = inputFields(operation);
    const secrets = Object.entries(fields).flatMap(([name, field]) => (field.secret === true ? [name] : []));
    for (const name of secrets) expect([...operation.positional, ...(operation.subject ?? [])]).not.toContain(name);
    if (secrets.length === 0) return;
    expect(operation.hidden?.mcp).toContain('secret');
    expect(operation.hidden?.telegram).toContain('secret');
  });

  test.each(cases)('%s has a reading precheck that takes its fields, where it has one', (_, operation) => {
    if (operation.precheck === undefined) return;
    const precheck = operations.find((each) => each.name === operation.precheck);
    if (precheck === undefined) throw new Error(`there is no operation ${operation.precheck}`);
    expect(precheck.effect).toBe('read');
    const own = inputFields(operation).fields;
    for (const name of inputFields(precheck).required) expect(own[name]).toBeDefined();
  });

  test.each(cases)('%s is left out of a surface for a reason that names the command', (_, operation) => {
    for (const reason of Object.values(operation.hidden ?? {})) {
      expect(reason.length).toBeGreaterThan(20);
      expect(reason).toMatch(/\bstint [a-z]+/);
    }
  });
});

test.each(['account.add', 'account.adopt', 'phantom.issue', 'dashboard.link', 'token.rotate', 'config.set'])(
  '%s is in no chat and no model’s hands',
  (name) => {
    const hidden = operations.find((each) => each.name === name)?.hidden;
    expect([typeof hidden?.mcp, typeof hidden?.telegram]).toEqual(['string', 'string']);
  },
);

test.each(['account.remove', 'account.adopt', 'pool.remove', 'daemon.stop'])('%s is asked for first', (name) => {
  expect(operations.find((each) => each.name === name)?.effect).toBe('destructive');
});
