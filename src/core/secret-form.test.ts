import { describe, expect, test } from 'bun:test';
import { withoutSecrets } from './secret-form.ts';

const random22 = 'Ab0_'.repeat(5) + 'Cd';

describe('a text without secrets', () => {
  test.each([
    ['key sk-test-0123456789abcdef is wrong', 'key sk-… is wrong'],
    ['sk-ant-oat01-test-0123456789', 'sk-…'],
    ['AIza-test-0123456789,', 'AIza…,'],
    ['ya29.test-0123456789 expired', 'ya29.… expired'],
    ['(eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.c2ln)', '(eyJ…)'],
    [`phantom stint-${random22}!`, 'phantom stint-…!'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_…'],
    [`bot 123456789:${'A'.repeat(35)}/getMe`, 'bot 123456789:…/getMe'],
    ['authorization: Bearer abcdefgh.ijkl', 'authorization: Bearer …'],
    ['1//0test-0123456789abcdef', '1//0…'],
    ['0f'.repeat(32), '…'],
    ['github_pat_11TEST0123456789_abcdef', 'github_pat_…'],
    ['ghr_0123456789abcdef gho_0123456789abcdef', 'ghr_… gho_…'],
    ['xoxb-0123456789-test-0 xoxe.xoxp-1-test0123456789abc xapp-1-test0123456789', 'xoxb-… xoxe.xoxp-… xapp-…'],
    ['id AKIATEST0123456789AB and ASIATEST0123456789AB.', 'id AKIA… and ASIA….'],
    ['rt_test-0123456789abcdef and ghp_0123456789abcdef', 'rt_… and ghp_…'],
  ])('%p reads %p', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  test.each([
    'anthropic/work',
    'session 0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b moved from openai/a to openai/b',
    'phantom:0123456789abcdef',
    'opening:0123456789abcdef',
    'the disk-full task-force, risk-averse',
    'stint-a-pool-of-that-lengt',
    'claude-opus-4-8, gemini-2.5-pro, until 2026-11-21T13:05:00Z',
    'sha256 of nothing: e3b0c44298fc1c149afbf4c8',
  ])('%p stays as it is', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });
});
