import { describe, expect, test } from 'bun:test';
import { labelFrom } from '../../test/builders.ts';
import { configSchema } from '../config/config-schema.ts';
import type { ResetSettings } from './ports.ts';
import { planReset } from './reset-command.ts';

const usual: ResetSettings = configSchema.parse({}).reset;
const work = labelFrom('work');

describe('the reset of a pool', () => {
  test('is that of Hermes, on this machine as its own user, where nothing else is set', () => {
    expect(planReset(usual, work, 'openai-codex')).toEqual({
      place: expect.objectContaining({ runtime: 'local', socket: '' }),
      target: {
        container: '',
        command: ['hermes', 'auth', 'reset', 'openai-codex'],
        user: undefined,
        timeoutMs: 60_000,
      },
      text: 'hermes auth reset openai-codex on this machine',
    });
  });

  for (const [runtime, user] of [
    ['docker', '10000:10000'],
    ['apple', '10000:10000'],
    ['tart', undefined],
  ] as const) {
    test(`of Hermes in ${runtime} is run as ${user ?? 'whom the machine has'}`, () => {
      const plan = planReset({ ...usual, runtime, container: 'box' }, work, 'nous');
      expect(plan.target).toMatchObject({ container: 'box', user });
      expect(plan.text).toBe(`hermes auth reset nous in box${user === undefined ? '' : ` as ${user}`}`);
    });
  }

  test('of another agent is what is declared for it, as its container has it where no user is', () => {
    const { reset } = configSchema.parse({
      reset: { agent: 'mine', runtime: 'docker', agents: { mine: { command: ['agent', '--provider={target}', 'x'] } } },
    });
    expect(planReset(reset, work, 'a.b-c_d').target).toMatchObject({
      command: ['agent', '--provider=a.b-c_d', 'x'],
      user: undefined,
    });
  });

  test('is what is different for the pool, and else what is usual', () => {
    const { reset } = configSchema.parse({
      reset: { runtime: 'docker', container: 'box', pools: { work: { container: 'other', timeoutSeconds: 5 } } },
    });
    expect(planReset(reset, work, 'nous').target).toMatchObject({ container: 'other', timeoutMs: 5000 });
    expect(planReset(reset, labelFrom('play'), 'nous').target).toMatchObject({ container: 'box', timeoutMs: 60_000 });
  });

  test('is refused for an agent without a command', () => {
    for (const agent of ['claude', 'constructor', '__proto__']) {
      expect(() => planReset({ ...usual, agent }, work, 'nous')).toThrow(`no reset command of the agent ${agent}`);
    }
  });

  test('is refused where the target would be the program', () => {
    const agents = { mine: { command: ['{target}'], user: '' } };
    expect(() => planReset({ ...usual, agent: 'mine', agents }, work, 'nous')).toThrow('does not begin with a program');
  });

  for (const target of ['', '-rf', 'a b', 'a;id', '$(id)', '`id`', 'a|b', '../a', 'a/b', 'a\n', 'é', 'x'.repeat(65)]) {
    test(`is refused for the target ${JSON.stringify(target)}`, () => {
      expect(() => planReset(usual, work, target)).toThrow();
    });
  }
});
