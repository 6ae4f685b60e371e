import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import { classify, classifyErrorEvent } from './classify.ts';
import { evidenceOf, parseError } from './error.ts';

const withMessage = (message: string) => ({ type: 'api_error', message, code: null });

describe('the evidence of an error', () => {
  test.each([
    ['a key', 'invalid x-api-key: sk-ant-api03-test-AbC_123', 'invalid x-api-key: sk-…'],
    ['a setup token', 'token sk-ant-oat01-test-AbC_123-xyz has expired', 'token sk-… has expired'],
    ['a vendor’s key', 'key "sk-test-0123456789abcdef" is unknown', 'key "sk-…" is unknown'],
    ['a key in upper case', 'SK-ANT-API03-TEST', 'sk-…'],
    ['two keys', 'sk-test-one, sk-test-two', 'sk-…, sk-…'],
    ['a key right after punctuation', '(key=sk-test-one)', '(key=sk-…)'],
    ['a bearer', 'Authorization: Bearer dGVzdC10b2tlbg== is malformed', 'Authorization: Bearer … is malformed'],
    ['a bearer in lower case', 'got bearer 0123456789abcdef', 'got Bearer …'],
    ['a bearer that is a key', 'Bearer sk-ant-oat01-test-x', 'Bearer …'],
    ['a bearer in quotes', 'bearer "abcdefgh.ijkl"', 'Bearer …"'],
  ])('does not repeat %s', (_, message, shown) => {
    expect(evidenceOf(401, withMessage(message))).toBe(`HTTP 401 api_error: ${shown}`);
  });

  test.each([
    ['Invalid bearer token'],
    ['invalid x-api-key'],
    ['This is a risk-free, ask-me-anything message'],
    ['the task-sk and the disk-space'],
  ])('leaves %j as it is', (message) => {
    expect(evidenceOf(401, withMessage(message))).toBe(`HTTP 401 api_error: ${message}`);
  });

  test('is short, and not cut inside a secret', () => {
    expect(evidenceOf(500, withMessage('x'.repeat(500)))).toBe(`HTTP 500 api_error: ${'x'.repeat(160)}`);
    const evidence = evidenceOf(500, withMessage(`${'x'.repeat(150)} sk-ant-api03-test-AbC_123`));
    expect(evidence).not.toContain('ant-');
  });

  test('has no secret from the type of the error either', () => {
    expect(evidenceOf(500, { type: `sk-test-one ${'x'.repeat(500)}`, message: 'no', code: null })).toMatch(
      /^HTTP 500 sk-… x+: no$/,
    );
    expect(evidenceOf(500, { type: 'x'.repeat(5000), message: 'no', code: null }).length).toBeLessThan(200);
  });

  test('is the bare status without an error', () => {
    expect(evidenceOf(502, null)).toBe('HTTP 502');
  });

  const secret = 'sk-ant-api03-test-AbC_123';
  const keyHeaders = { 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-limit': '50' };
  test.each([
    [400, 'invalid_request_error', {}],
    [401, 'authentication_error', {}],
    [402, 'billing_error', {}],
    [403, 'permission_error', {}],
    [429, 'rate_limit_error', {}],
    [429, 'rate_limit_error', keyHeaders],
    [500, 'api_error', {}],
  ])('is without the secret in every verdict: %d %s %j', (status, type, headers: Record<string, string>) => {
    const body = JSON.stringify({ type: 'error', error: { type, message: `${secret} and Bearer ${secret}` } });
    const context = { model: 'claude-sonnet-5', now: captured };
    const verdicts = [
      classify({ status, headers: new Headers(headers), body }, context),
      classifyErrorEvent(body, context),
    ];
    expect(JSON.stringify(verdicts)).toContain('sk-…');
    expect(JSON.stringify(verdicts)).not.toContain('AbC_123');
  });
});

describe('an error body', () => {
  test.each([
    [
      '{"type":"error","error":{"type":"api_error","message":"no","details":{"error_code":"x"}}}',
      { type: 'api_error', message: 'no', code: 'x' },
    ],
    ['{"error":{"type":"api_error"}}', { type: 'api_error', message: '', code: null }],
    ['{"error":{"type":"api_error","message":5,"details":null}}', { type: 'api_error', message: '', code: null }],
    ['{"error":{"type":5}}', null],
    ['{"error":null}', null],
    ['null', null],
    ['"error"', null],
    ['', null],
    ['<html>', null],
    [null, null],
  ])('%j is read', (body, error) => {
    expect(parseError(body)).toEqual(error);
  });
});
