import { expect, test } from 'bun:test';
import { Problem } from '../../core/problem.ts';
import { execute } from '../../operations/operation.ts';
import { openOperations } from '../../../test/operation-rig.ts';
import { operations } from '../../operations/registry.ts';
import { inCliWords } from './cli-words.ts';

test('a refusal names arguments and flags as they are typed', async () => {
  await using rig = await openOperations();
  const operation = operations.find(({ name }) => name === 'pool.set');
  if (operation === undefined) throw new Error('no operation');
  const refusal: unknown = await execute(operation, { pool: 'a', holdSeconds: -1 }, rig.context).catch(
    (error: unknown) => error,
  );
  if (!(refusal instanceof Problem)) throw refusal;
  const { message, hint } = inCliWords(refusal, operation);
  expect(message).toStartWith('--hold-seconds must be ');
  expect(hint).toStartWith('It takes: <pool>, --');
  const other = new Problem('conflict', 'pool is in use.', { hint: 'See: stint pool list' });
  expect(inCliWords(other, operation)).toBe(other);
});
