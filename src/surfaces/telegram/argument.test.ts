import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { operation } from '../../operations/operation.ts';
import { parseCommand, parseInput, usageOf } from './argument.ts';

const move = operation({
  name: 'pool.put-in',
  summary: 'Put accounts in',
  effect: 'write',
  positional: ['pool', 'accounts'],
  input: z.object({
    pool: z.string(),
    accounts: z.array(z.string()),
    shareSessions: z.boolean().default(false),
    holdSeconds: z.int().optional(),
    note: z.string().optional(),
    key: z.string().optional().meta({ secret: true }),
  }),
  output: z.object({}),
  run: () => ({}),
});

describe('a command', () => {
  test.each([
    ['/status', { name: 'status', bot: undefined, rest: '' }],
    ['/Pool_Use@Stint_Bot  work  home', { name: 'pool_use', bot: 'Stint_Bot', rest: 'work  home' }],
    ['/pool_use\nwork', { name: 'pool_use', bot: undefined, rest: 'work' }],
    ['status', undefined],
    ['see /status', undefined],
    ['/', undefined],
  ])('%j is %j', (text, parsed) => {
    expect(parseCommand(text)).toEqual(parsed);
  });
});

describe('what follows a command', () => {
  test.each([
    ['', {}],
    ['work', { pool: 'work' }],
    ['work a b', { pool: 'work', accounts: ['a', 'b'] }],
    ['work a,b, c', { pool: 'work', accounts: ['a', 'b', 'c'] }],
    ['accounts=a,b pool=work', { pool: 'work', accounts: ['a', 'b'] }],
    ['Pool=work', { pool: 'work' }],
    ['work holdSeconds=90', { pool: 'work', holdSeconds: 90 }],
    ['work hold-seconds=90', { pool: 'work', holdSeconds: 90 }],
    ['work --hold-seconds 90 a', { pool: 'work', holdSeconds: 90, accounts: ['a'] }],
    ['work --share-sessions a', { pool: 'work', shareSessions: true, accounts: ['a'] }],
    ['work —share-sessions', { pool: 'work', shareSessions: true }],
    ['work shareSessions=false', { pool: 'work', shareSessions: false }],
    ['work holdSeconds=soon', { pool: 'work', holdSeconds: 'soon' }],
    ['work note="two words"', { pool: 'work', note: 'two words' }],
    ['work note=“two words”', { pool: 'work', note: 'two words' }],
    ['"my pool"', { pool: 'my pool' }],
    ['work note=', { pool: 'work', note: '' }],
    ['work nothing=1', { pool: 'work', nothing: '1' }],
  ])('%j is %j', (text, input) => {
    expect(parseInput(move, text)).toEqual(input);
  });

  test('is refused where there is no place for it', () => {
    const one = operation({ ...move, name: 'pool.show', positional: ['pool'], run: () => ({}) });
    expect(() => parseInput(one, 'work home')).toThrow('“home” is one too many.');
  });

  test('is told without secrets', () => {
    expect(usageOf(move)).toBe('Usage: /pool_put_in <pool> <accounts …> [shareSessions=…] [holdSeconds=…] [note=…]');
  });
});
