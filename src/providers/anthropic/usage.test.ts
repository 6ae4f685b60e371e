import { describe, expect, test } from 'bun:test';
import { captured } from '../../../test/builders.ts';
import type { Signal } from '../../core/limit/signal.ts';
import type { Reach, UsageReport } from '../provider.ts';
import { usageEndpoint } from './usage.ts';

const hour = 3_600_000;
const resetsAt = captured + 2 * hour;
const resets_at = new Date(resetsAt).toISOString();
const credential = { kind: 'login', secret: 'sk-ant-oat01-test', scope: { scopes: 'user:inference user:profile' } };

const reading = (window: string, family: string | null, utilization: number): Signal => ({
  kind: 'reading',
  window,
  family,
  utilization,
  resetsAt,
});
const open = (window: string, family: string | null = null): Signal => ({ kind: 'open', window, family });
const closed = (window: string, family: string | null, overage = false): Signal => ({
  kind: 'closed',
  window,
  family,
  overage,
  until: resetsAt,
  evidence: `${window} at 100 % by the usage endpoint`,
});

async function read(answer: Response | Error, more: Partial<Reach> = {}): Promise<UsageReport & { url: string }> {
  let asked = '';
  const fetch: Reach['fetch'] = (url) => {
    asked = url;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const report = await usageEndpoint.read(credential, { fetch, baseUrl: null, now: captured, ...more });
  return { ...report, url: asked };
}

describe('an answer', () => {
  const cases: [string, object, Signal[]][] = [
    [
      'tells of windows with room',
      { five_hour: { utilization: 25, resets_at }, seven_day: { utilization: 99.5, resets_at }, seven_day_opus: null },
      [reading('five_hour', null, 0.25), open('five_hour'), reading('seven_day', null, 0.995), open('seven_day')],
    ],
    [
      'closes a window that is used up, with its family',
      { seven_day_opus: { utilization: 100, resets_at } },
      [reading('seven_day_opus', 'opus', 1), closed('seven_day_opus', 'opus')],
    ],
    [
      'says when extra money serves it',
      { five_hour: { utilization: 100, resets_at }, extra_usage: { is_enabled: true, utilization: 12 } },
      [reading('five_hour', null, 1), open('five_hour'), closed('five_hour', null, true)],
    ],
    [
      'says when extra money is used up as well',
      { five_hour: { utilization: 100, resets_at }, extra_usage: { is_enabled: true, utilization: 100 } },
      [reading('five_hour', null, 1), closed('five_hour', null)],
    ],
    [
      'says when extra money is disabled',
      {
        five_hour: { utilization: 100, resets_at },
        extra_usage: { is_enabled: true, disabled_reason: 'out_of_credits' },
      },
      [reading('five_hour', null, 1), closed('five_hour', null)],
    ],
    [
      'may come as a list',
      {
        limits: [
          { kind: 'session', percent: 10, resets_at },
          { kind: 'weekly_all', percent: 20, resets_at },
          { kind: 'weekly_scoped', percent: 100, resets_at, scope: { model: { display_name: 'Claude Fable 5' } } },
          { kind: 'weekly_scoped', percent: 100, resets_at, scope: null },
          { kind: 'later', percent: 100, resets_at },
        ],
      },
      [
        ...[reading('five_hour', null, 0.1), open('five_hour'), reading('seven_day', null, 0.2), open('seven_day')],
        reading('seven_day_overage_included', 'fable', 1),
        closed('seven_day_overage_included', 'fable'),
      ],
    ],
    [
      'tells a window once',
      { five_hour: { utilization: 25, resets_at }, limits: [{ kind: 'session', percent: 90, resets_at }] },
      [reading('five_hour', null, 0.25), open('five_hour')],
    ],
  ];

  test.each(cases)('%s', async (_, body, signals) => {
    expect(await read(Response.json(body))).toMatchObject({ kind: 'known', signals });
  });

  test.each([
    [null, 'https://api.anthropic.com/api/oauth/usage'],
    ['http://127.0.0.1:1', 'http://127.0.0.1:1/api/oauth/usage'],
  ])('comes, with the base URL %s, from %s', async (baseUrl, url) => {
    expect((await read(Response.json({}), { baseUrl })).url).toBe(url);
  });
});

describe('nothing is known', () => {
  test.each<[string, Response | Error, number | null]>([
    ['of a rate limit with a time', new Response('', { status: 429, headers: { 'retry-after': '600' } }), 600_000],
    ['of a rate limit without sense', new Response('', { status: 429, headers: { 'retry-after': '0' } }), null],
    ['of a missing endpoint', new Response('{}', { status: 404 }), null],
    ['of a refused token', new Response('{}', { status: 401 }), null],
    ['of garbage', new Response('<html>'), null],
    ['of windows that are all empty', Response.json({ five_hour: null, limits: [] }), null],
    ['of windows of another shape', Response.json({ five_hour: { utilization: 'much' } }), null],
    ['of a broken connection', new Error('reset'), null],
  ])('%s', async (_, answer, retryAfterMs) => {
    expect(await read(answer)).toMatchObject({ kind: 'unknown', retryAfterMs });
  });
});
