import { expect, test } from 'bun:test';
import { Problem } from '../../core/problem.ts';
import { adoption } from './adoption.ts';

const tokens = {
  id_token: 'eyJ.test.id',
  access_token: 'eyJ.test.access',
  refresh_token: 'rt-test-0123456789',
  account_id: 'account-test',
};
const fileOf = (more: object): string =>
  JSON.stringify({ auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens, last_refresh: '2026-11-21T00:00:00Z', ...more });

test('the auth.json of a ChatGPT plan gives its login, and nothing of it stays', () => {
  if (adoption.kind !== 'file') throw new Error('it cannot be moved');
  const read = adoption.read(fileOf({}));
  if (read instanceof Problem) throw read;
  expect(read.rest).toBeNull();
  expect(JSON.parse(read.secret)).toMatchObject({ refreshToken: tokens.refresh_token, accountId: 'account-test' });
});

test.each([
  ['of an API key', '{"auth_mode":"apikey","OPENAI_API_KEY":"sk-test-key"}', 'no login of a ChatGPT plan'],
  ['with an API key besides', fileOf({ OPENAI_API_KEY: 'sk-test-key' }), 'an API key besides'],
  ['without a refresh token', fileOf({ tokens: { ...tokens, refresh_token: undefined } }), 'no refresh token'],
  ['that is no JSON', 'auth', 'no login of a ChatGPT plan'],
])('an auth.json %s is refused, with what to do', (_, text, message) => {
  if (adoption.kind !== 'file') throw new Error('it cannot be moved');
  const problem = adoption.read(text);
  if (!(problem instanceof Problem)) throw new Error('it was taken');
  expect(problem.message).toContain(message);
  expect(problem.hint).toContain('codex');
  expect(problem.message + problem.hint).not.toContain('sk-test');
});
