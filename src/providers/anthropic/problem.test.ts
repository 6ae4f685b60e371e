import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import { Problem, problemCodes, type ProblemCode } from '../../core/problem.ts';
import { readFrame } from '../../lib/sse.ts';
import { parseError } from './error.ts';
import { renderProblem, renderProblemFrame } from './problem.ts';
import { errorDataOf, streamEnd } from './stream.ts';

const now = captured;

describe('a problem, in the words of Anthropic’s API', () => {
  const table: Record<ProblemCode, [number, string]> = {
    invalid: [400, 'invalid_request_error'],
    unauthorized: [401, 'authentication_error'],
    forbidden: [403, 'permission_error'],
    not_found: [404, 'not_found_error'],
    conflict: [409, 'invalid_request_error'],
    exhausted: [429, 'rate_limit_error'],
    too_large: [413, 'request_too_large'],
    upstream: [502, 'api_error'],
    unavailable: [503, 'api_error'],
    internal: [500, 'api_error'],
  };

  test.each(problemCodes.map((code) => [code, ...table[code]] as const))('%s is %d %s', (code, status, type) => {
    expect(renderProblem(new Problem(code, 'No.'), now)).toEqual({
      status,
      headers: { 'content-type': 'application/json' },
      body: `{"type":"error","error":{"type":"${type}","message":"No."}}`,
    });
  });

  test('has its next step in the message, since the client shows nothing else', () => {
    const { body } = renderProblem(
      new Problem('unauthorized', 'Stint: wrong token.', { hint: 'Run: stint env claude' }),
      now,
    );
    expect(parseError(body)?.message).toBe('Stint: wrong token. Run: stint env claude');
  });

  test.each([
    [now + 5000, '5'],
    [now + 4001, '5'],
    [now + 3_600_000, '3600'],
    [now + 1, '1'],
    [now, '1'],
    [now - 5000, '1'],
  ])('with a time to come back says so in whole seconds, never too early', (retryAt, seconds) => {
    expect(renderProblem(new Problem('exhausted', 'Later.', { retryAt }), now).headers['retry-after']).toBe(seconds);
  });

  test('is one event of a stream, which the client and we take for its failure', () => {
    const message = 'Every account is closed:\n\nevent: message_stop "until" 14:05.';
    const frame = renderProblemFrame(new Problem('exhausted', message));
    const bytes = Buffer.from(frame);
    expect(readFrame(bytes, 0)).toMatchObject({ name: 'error', end: bytes.length });
    expect(streamEnd(frame)).toBe('failed');
    expect(parseError(errorDataOf(frame))).toEqual({ type: 'rate_limit_error', message, code: null });
  });
});
