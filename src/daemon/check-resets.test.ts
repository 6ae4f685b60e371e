import { expect, test } from 'bun:test';
import { buildPool } from '../../test/builders.ts';
import { configSchema } from '../config/config-schema.ts';
import { checkResets } from './check-resets.ts';

const pool = { ...buildPool([]), authResetTarget: 'mine' };

test.each<[string, object, string[]]>([
  ['is right', { reset: {} }, []],
  [
    'has a runtime without a container',
    { reset: { runtime: 'docker' } },
    ['its runtime is docker, and reset.container is empty'],
  ],
  [
    'has an agent that nobody declared',
    { reset: { agent: 'other' } },
    ['Stint knows no reset command of the agent other.'],
  ],
  [
    'has a socket that is not there',
    { reset: { runtime: 'docker', container: 'box', socket: '/nowhere/docker.sock' } },
    ['reset.socket /nowhere/docker.sock cannot be reached: ENOENT'],
  ],
])('a reset that %s is found before it is needed', async (_, config, expected) => {
  const { reset } = configSchema.parse(config);
  const found = await checkResets(() => reset, [pool]);
  expect(found.map(({ ok, detail }) => [ok, detail])).toEqual(expected.map((detail) => [false, detail]));
});

test('of a pool that wants none nothing is said', async () => {
  const { reset } = configSchema.parse({ reset: { agent: 'other' } });
  expect(await checkResets(() => reset, [{ ...pool, authResetTarget: '' }])).toEqual([]);
});
