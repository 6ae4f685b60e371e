import { describe, expect, test } from 'bun:test';
import { inputFields } from '../../operations/text-input.ts';
import { operations } from '../../operations/registry.ts';
import { commandName, findOperation, inChatWords, menuOf, offered } from './command.ts';

describe('the menu', () => {
  test('is one that Telegram takes, with every operation that a chat has', () => {
    const menu = menuOf(operations);
    const names = menu.map((each) => each.command);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeLessThanOrEqual(100);
    for (const { command, description } of menu) {
      expect(command).toMatch(/^[a-z0-9_]{1,32}$/);
      expect(description.length).toBeGreaterThanOrEqual(3);
      expect(description.length).toBeLessThanOrEqual(256);
    }
    expect(menu.reduce((sum, each) => sum + each.description.length, 0)).toBeLessThanOrEqual(3500);
    expect(names).toEqual(expect.arrayContaining(offered(operations).map((each) => commandName(each.name))));
  });

  test('begins with what is asked for most', () => {
    expect(
      menuOf(operations)
        .map((each) => each.command)
        .slice(0, 5),
    ).toEqual(['status', 'pools', 'accounts', 'jobs', 'help']);
  });

  test('takes a hundred at most, in short words where they are many', () => {
    const [first] = operations;
    if (first === undefined) throw new Error('no operation');
    const many = Array.from({ length: 120 }, (_, index) => ({
      ...first,
      name: `a.b${index}`,
      summary: 'word '.repeat(40),
    }));
    const menu = menuOf(many);
    expect(menu.length).toBe(100);
    expect(menu.reduce((sum, each) => sum + each.description.length, 0)).toBeLessThanOrEqual(3000);
  });
});

describe('an operation', () => {
  test('that takes or gives a secret is not in a chat', () => {
    const names = offered(operations).map((each) => each.name);
    for (const operation of operations) {
      const secret = Object.values(inputFields(operation).fields).some((each) => each.secret === true);
      if (secret) expect(names).not.toContain(operation.name);
    }
    for (const name of [
      'account.add',
      'account.adopt',
      'phantom.issue',
      'token.rotate',
      'dashboard.link',
      'config.set',
    ])
      expect(names).not.toContain(name);
  });

  test('is found by its command and by a short name', () => {
    for (const operation of operations) expect(findOperation(operations, commandName(operation.name))).toBe(operation);
    expect(findOperation(operations, 'status')?.name).toBe('daemon.status');
    expect(findOperation(operations, 'pools')?.name).toBe('pool.list');
    expect(findOperation(operations, 'nothing')).toBeUndefined();
  });

  test.each([
    ['See: stint account list', 'See: /account_list'],
    ['See: stint pool explain work', 'See: /pool_explain work'],
    ['stint limit clear work; stint limit clear --all', '/limit_clear work; /limit_clear --all'],
    ['Run: stint pool set-auth-reset work', 'Run: /pool_set_auth_reset work'],
    ['Next: stint status', 'Next: /status'],
    ['stint account add anthropic work', 'stint account add anthropic work'],
    ['stint logs', 'stint logs'],
    ['Stint is well', 'Stint is well'],
  ])('%j reads %j in a chat', (text, told) => {
    expect(inChatWords(text, operations)).toBe(told);
  });
});
