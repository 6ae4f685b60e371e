import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { ask, type Fixture, keySecret, loginSecret, startedAt, startFixture } from './request-fixture.ts';
import type { GoogleScenarioInput } from './scenario.ts';
import type { GoogleSimulator } from './simulator.ts';

let fixture: Fixture;

beforeEach(() => {
  fixture = startFixture();
});
afterEach(() => fixture.simulator.stop());

type Windows = GoogleScenarioInput['credentials'][number]['windows'];
const second = 'AIza-test-second';
const foreign = 'AIza-test-foreign';

/** Starts anew with these windows for the project `shop`, which two keys share. */
function startShop(windows: Windows): GoogleSimulator {
  fixture.simulator.stop();
  fixture = startFixture({
    scenario: {
      credentials: [
        { secret: keySecret, name: 'first', project: 'shop', windows },
        { secret: second, name: 'second', project: 'shop' },
        { secret: foreign, name: 'foreign', project: 'other' },
        { secret: loginSecret, name: 'login', project: 'own-login', windows },
      ],
    },
  });
  return fixture.simulator;
}

const statusOf = async (...asked: Parameters<typeof ask>): Promise<number> => (await ask(...asked)).status;

describe('quota of a project', () => {
  test('is shared by its keys and by nobody else', async () => {
    const simulator = startShop([{ name: 'minute', limit: 2 }]);
    expect(await statusOf(simulator)).toBe(200);
    expect(await statusOf(simulator, { secret: second })).toBe(200);
    expect(await statusOf(simulator)).toBe(429);
    expect(await statusOf(simulator, { secret: second })).toBe(429);
    expect(await statusOf(simulator, { secret: foreign })).toBe(200);
  });

  test('counts each model on its own', async () => {
    const simulator = startShop([{ name: 'minute', limit: 1 }]);
    expect(await statusOf(simulator)).toBe(200);
    expect(await statusOf(simulator)).toBe(429);
    expect(await statusOf(simulator, { model: 'gemini-2.5-flash' })).toBe(200);
  });

  test('may count some models only', async () => {
    const simulator = startShop([{ name: 'minute', model: 'pro', limit: 0 }]);
    expect(await statusOf(simulator)).toBe(429);
    expect(await statusOf(simulator, { model: 'gemini-2.5-flash' })).toBe(200);
  });

  test('of a minute starts again with the next one, and says when', async () => {
    const simulator = startShop([{ name: 'minute', limit: 1 }]);
    await ask(simulator);
    fixture.clock.now += 15_000;
    expect(await (await ask(simulator)).json()).toMatchObject({
      error: {
        message: expect.stringContaining('limit: 1, model: gemini-2.5-pro\nPlease retry in 45s.'),
        details: expect.arrayContaining([expect.objectContaining({ retryDelay: '45s' })]),
      },
    });
    fixture.clock.now += 45_000;
    expect(await statusOf(simulator)).toBe(200);
  });

  test('of a day starts again at midnight Pacific time, and tells a delay that is not that', async () => {
    const simulator = startShop([{ name: 'day', limit: 20, used: 20 }]);
    const body = await (await ask(simulator)).text();
    expect(body).toContain('GenerateRequestsPerDayPerProjectPerModel-FreeTier');
    expect(body).toContain('"retryDelay":"60s"');
    fixture.clock.now = startedAt + 8 * 3_600_000 - 1;
    expect(await (await ask(simulator)).text()).toContain('"retryDelay":"0.001s"');
    fixture.clock.now += 1;
    expect(await statusOf(simulator)).toBe(200);
    expect(await statusOf(simulator, { model: 'gemini-2.5-flash' })).toBe(200);
  });

  test('may count input tokens', async () => {
    const simulator = startShop([{ name: 'input_tokens_minute', limit: 100 }]);
    const response = await ask(simulator, { prompt: 'x'.repeat(1000) });
    expect(response.status).toBe(429);
    expect(await response.text()).toContain('input_token_count, limit: 100,');
    expect(await statusOf(simulator)).toBe(200);
  });

  test('of 0 is a model that the tier does not include', async () => {
    const simulator = startShop([{ name: 'day', limit: 0 }]);
    expect(await (await ask(simulator)).text()).toContain('limit: 0, model: gemini-2.5-pro');
  });

  test('is spent by embeddings and not by counting', async () => {
    const simulator = startShop([{ name: 'minute', limit: 1 }]);
    const path = '/v1beta/models/gemini-embedding-001:';
    expect(await statusOf(simulator, { path: `${path}countTokens` })).toBe(200);
    expect(await statusOf(simulator, { path: `${path}embedContent` })).toBe(200);
    expect(await statusOf(simulator, { path: `${path}embedContent` })).toBe(429);
  });
});

describe('quota of a Google login', () => {
  test.each([
    ['day', 'QUOTA_EXHAUSTED', '8h0m0s', '28800s'],
    ['minute', 'RATE_LIMIT_EXCEEDED', '1m0s', '60s'],
  ] as const)('of a %s is refused as %s', async (...[name, reason, delay, retryDelay]) => {
    const simulator = startShop([{ name, limit: 0 }]);
    expect(await (await ask(simulator, { secret: loginSecret })).json()).toMatchObject({
      error: {
        code: 429,
        details: [{ reason, metadata: { quotaResetDelay: delay } }, { retryDelay }],
      },
    });
  });

  test('is shown per model before it is used up', async () => {
    const simulator = startShop([{ name: 'day', model: 'pro', limit: 4 }]);
    await ask(simulator, { secret: loginSecret });
    const path = '/v1internal:retrieveUserQuota';
    const body = (await (await ask(simulator, { secret: loginSecret, path })).json()) as { buckets: unknown[] };
    const resetTime = '2026-11-21T08:00:00.000Z';
    const bucket = { tokenType: 'REQUESTS', resetTime };
    expect(body.buckets).toContainEqual({
      ...bucket,
      modelId: 'gemini-2.5-pro',
      remainingFraction: 0.75,
      remainingAmount: '3',
    });
    expect(body.buckets).toContainEqual({ ...bucket, modelId: 'gemini-2.5-flash', remainingFraction: 1 });
  });
});

describe('change of a credential', () => {
  test('uses a window up for every model, used or not, and frees it again', async () => {
    const { simulator } = fixture;
    await ask(simulator);
    simulator.changeCredential('key', { windows: [{ name: 'day', limit: 5, used: 'all' }] });
    expect(await statusOf(simulator)).toBe(429);
    expect(await statusOf(simulator, { model: 'gemini-2.5-flash' })).toBe(429);
    simulator.changeCredential('key', { windows: [{ name: 'day', used: 0 }] });
    expect(await statusOf(simulator)).toBe(200);
    expect(await statusOf(simulator, { model: 'gemini-2.5-flash' })).toBe(200);
  });

  test('closes one model until the time given', async () => {
    const { simulator, clock } = fixture;
    const window = { name: 'day', model: 'pro', limit: 1, used: 'all', resetAt: startedAt + 1000 } as const;
    simulator.changeCredential('key', { windows: [window] });
    expect(await statusOf(simulator)).toBe(429);
    expect(await statusOf(simulator, { model: 'gemini-2.5-flash' })).toBe(200);
    clock.now += 1000;
    expect(await statusOf(simulator)).toBe(200);
  });

  test('shows in the state of every key of the project', async () => {
    const simulator = startShop([{ name: 'minute', limit: 3 }]);
    await ask(simulator);
    const windows = [
      {
        name: 'minute',
        model: 'gemini-2.5-pro',
        used: 1,
        limit: 3,
        utilization: 0.3333,
        resetAt: startedAt + 60_000,
      },
    ];
    expect(simulator.state().slice(0, 3)).toMatchObject([
      { name: 'first', kind: 'api_key', project: 'shop', windows },
      { name: 'second', windows },
      { name: 'foreign', windows: [] },
    ]);
  });
});
