import { expect, test } from 'bun:test';
import { unreachable } from './engine-problem.ts';

const socket = '/run/engine.sock';

for (const [code, problem, says] of [
  ['ENOENT', 'unavailable', 'there is no such socket'],
  ['ECONNREFUSED', 'unavailable', 'the connection was refused'],
  ['EACCES', 'forbidden', 'may not use the container engine'],
  ['EPERM', 'forbidden', 'may not use the container engine'],
] as const) {
  test(`an engine that cannot be reached for ${code} is ${problem}`, () => {
    const error = Object.assign(new Error('Was there a typo in the url or port?'), { code });
    const { code: told, message, hint } = unreachable(socket, error);
    expect(told).toBe(problem);
    expect(message).toContain(says);
    expect(message).toContain(socket);
    expect(hint).toContain('reset.socket');
  });
}
