import { describe, expect, test } from 'bun:test';
import { coversModel } from './family.ts';

describe('a limit on a family', () => {
  test.each([
    [null, 'claude-opus-4-8', true],
    [null, null, true],
    ['opus', 'claude-opus-4-8', true],
    ['opus', 'claude-opus-4-8[1m]', true],
    ['opus', 'claude-3-opus-20240229', true],
    ['opus', 'opus', true],
    ['Opus', 'claude-opus-4-8', true],
    ['claude-sonnet-4', 'Claude-Sonnet-4-20250514', true],
    ['opus', 'claude-sonnet-5', false],
    ['opus', 'claude-opusculum-1', false],
    ['opus', 'magnopus', false],
    ['opus', 'magnopus-opus', true],
    ['opus', '', false],
    ['opus', null, false],
    ['fable', 'claude-fable-5', true],
    ['claude-sonnet-4', 'claude-sonnet-4', true],
    ['claude-sonnet-4', 'claude-sonnet-4-20250514', true],
    ['claude-sonnet-4', 'claude-sonnet-4@20250514', true],
    ['claude-sonnet-4', 'claude-sonnet-4-latest', true],
    ['claude-sonnet-4', 'claude-sonnet-4[1m]', true],
    ['claude-sonnet-4', 'claude-sonnet-4-5', false],
    ['claude-sonnet-4', 'claude-sonnet-4-5-20250929', false],
    ['claude-opus-4', 'claude-opus-4-8[1m]', false],
    ['claude-sonnet-4-5', 'claude-sonnet-4', false],
    ['gpt-5', 'gpt-5-mini', false],
    ['gpt-5', 'gpt-5.1', false],
    ['', 'claude-opus-4-8', false],
    ['', '', true],
  ])('%j, on the model %j: %p', (family, model, covers) => {
    expect(coversModel(family, model)).toBe(covers);
  });
});
