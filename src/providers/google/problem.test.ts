import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import { Problem, problemCodes, type ProblemCode } from '../../core/problem.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { parseError } from './error.ts';
import { renderErrorFrame, renderProblem, renderProblemFrame } from './problem.ts';
import { streamEnd } from './stream.ts';

const now = captured;
const closed = new Problem('exhausted', 'Stint: every account is closed.', {
  hint: 'See: stint status',
  retryAt: now + 4001,
});

describe('a problem, in the words of Google’s APIs', () => {
  const table: Record<ProblemCode, [number, string]> = {
    invalid: [400, 'INVALID_ARGUMENT'],
    unauthorized: [401, 'UNAUTHENTICATED'],
    forbidden: [403, 'PERMISSION_DENIED'],
    not_found: [404, 'NOT_FOUND'],
    conflict: [409, 'ABORTED'],
    exhausted: [429, 'RESOURCE_EXHAUSTED'],
    too_large: [413, 'INVALID_ARGUMENT'],
    upstream: [502, 'UNAVAILABLE'],
    unavailable: [503, 'UNAVAILABLE'],
    internal: [500, 'INTERNAL'],
  };

  test.each(problemCodes.map((code) => [code, ...table[code]] as const))('%s is %d %s', (code, status, name) => {
    const rendered = renderProblem(new Problem(code, 'No.', { hint: 'Go.' }), now);
    expect(rendered.status).toBe(status);
    expect(parseError(rendered.body)).toMatchObject({ code: status, status: name, message: 'No. Go.' });
  });

  test('of a closed pool has nothing in it that Gemini CLI sleeps on or retries', () => {
    const { headers, body } = renderProblem(closed, now);
    expect(headers['retry-after']).toBe('5');
    expect(parseError(body)).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED', retryDelay: null, violations: [] });
    expect(body).toContain('"domain":"cloudcode-pa.googleapis.com"');
    expect(body).not.toMatch(/QUOTA_EXHAUSTED|RetryInfo|exhausted your capacity/);
  });
});

describe('an event that ends a held stream', () => {
  test('is an error without `data:`, as the clients of the SDK expect it, that is not asked again', () => {
    const frame = renderProblemFrame(closed, { framing: 'sse' });
    expect(frame).toEndWith('}\r\n\r\n');
    expect(parseError(frame)).toMatchObject({ code: 403, status: 'RESOURCE_EXHAUSTED' });
    // Gemini CLI prints all of it.
    expect(frame).not.toContain('details');
    expect(streamEnd(frame)).toBe('failed');
  });

  test.each([
    ['unavailable', 503],
    ['internal', 500],
    ['forbidden', 403],
  ] as const)('keeps the status of %s, which tells the client whether to ask again', (code, status) => {
    expect(parseError(renderProblemFrame(new Problem(code, 'No.'), { framing: 'sse' }))?.code).toBe(status);
  });

  test('is the only element of an array where the client reads one', () => {
    expect(parseJson(`\r\n\r\n${renderProblemFrame(closed, { framing: 'json-array' })}`)).toMatchObject([
      { error: { code: 403 } },
    ]);
  });

  test.each([
    ['{\n "error": {"code": 400}\n}', { error: { code: 400 } }],
    ['[{"error": {"code": 400}}]', { error: { code: 400 } }],
  ])('takes the provider’s own error %j in', (body, expected) => {
    expect(parseJson(renderErrorFrame({ body }, { framing: 'sse' }))).toEqual(expected);
    expect(parseJson(renderErrorFrame({ body }, { framing: 'json-array' }))).toEqual([expected]);
  });
});
