import { describe, expect, test } from 'bun:test';
import type { AttemptOutcome } from '../core/job/job.ts';
import { noTokens } from '../core/spend/tokens.ts';
import type { Usage } from '../core/spend/usage.ts';
import { metered, meteredAtEnd, type MeterStart } from './meter.ts';

const start: MeterStart = { model: 'gpt-5.2-codex', session: 's1', told: null };
const million = 1_000_000;
const usage = (more: Partial<Usage>): Usage => ({
  turns: 1,
  models: null,
  costUsd: null,
  ofConversation: false,
  ...more,
});
const models = (inputTokens: number, model: string | null = null): Usage['models'] => [
  { ...noTokens, model, inputTokens },
];

describe('what an agent has told', () => {
  test.each<[string, Usage, MeterStart, object]>([
    ['nothing of tokens yet', usage({ turns: 3 }), start, { turns: 3, inputTokens: 0, costUsd: 0 }],
    ['that it never tells', usage({ models: [] }), start, { inputTokens: 0, costUsd: null }],
    ['a model with a price', usage({ models: models(million, 'claude-opus-4-8') }), start, { costUsd: 5 }],
    ['no model: that of the attempt', usage({ models: models(million) }), start, { costUsd: 1.75 }],
    ['no model, nor has the attempt', usage({ models: models(7) }), { ...start, model: null }, { costUsd: null }],
    [
      'one of two without a price',
      usage({ models: [...(models(1, 'claude-opus-5') ?? []), ...(models(1, 'x') ?? [])] }),
      start,
      { inputTokens: 2, costUsd: null },
    ],
    [
      'its own cost',
      usage({ models: models(million, 'x'), costUsd: 0.26 }),
      start,
      { inputTokens: million, costUsd: 0.26 },
    ],
    ['a cost of nothing', usage({ models: [], costUsd: 0 }), start, { costUsd: 0 }],
  ])('%s', (...[, told, from, spent]) => {
    expect(metered(told, from).spent).toMatchObject(spent);
  });
});

describe('an agent that tells the whole of a conversation', () => {
  const whole = (inputTokens: number): Usage => usage({ models: models(inputTokens), ofConversation: true });

  test('has spent in this attempt what came since the last one ended', () => {
    const first = metered(whole(18_075), start);
    expect([first.spent.inputTokens, first.told?.session]).toEqual([18_075, 's1']);
    const second = metered(whole(35_859), { ...start, told: first.told });
    expect(second.spent.inputTokens).toBe(35_859 - 18_075);
    const third = metered(whole(54_435), { ...start, told: second.told });
    expect(third.spent.inputTokens).toBe(54_435 - 35_859);
  });

  test.each([
    ['in another conversation', 's2', 20_000, 20_000],
    ['whose thread began anew', 's1', 9000, 9000],
  ])('%s has spent all of it', (...[, session, tokens, expected]) => {
    const { told } = metered(whole(18_075), start);
    expect(metered(whole(tokens), { ...start, session, told }).spent.inputTokens).toBe(expected);
  });
});

describe('the cost of an attempt that has ended', () => {
  const done: AttemptOutcome = { kind: 'done', result: 'ok' };
  const failed = (failure: 'window' | 'crash'): AttemptOutcome => ({
    kind: 'failed',
    failure,
    detail: '',
    until: null,
  });
  const turns = metered(usage({ turns: 3 }), start);
  const told = metered(usage({ models: models(million), costUsd: 0 }), start);
  const tells = { isMute: false, hasHeard: true };
  test.each([
    ['was told', told, { ...tells, outcome: done }, 0],
    ['was told before a limit', told, { ...tells, outcome: failed('window') }, 0],
    ['is not known of one that told nothing', null, { ...tells, outcome: done }, null],
    ['is not known of one that crashed in the middle', null, { ...tells, outcome: failed('crash') }, null],
    ['is nothing of one that met a limit at once', null, { ...tells, outcome: failed('window') }, 0],
    ['is not known of one that met a limit after some turns', turns, { ...tells, outcome: failed('window') }, null],
    ['is nothing of one that never said a word', null, { ...tells, hasHeard: false, outcome: failed('crash') }, 0],
    ['is not known of one that never tells', null, { isMute: true, hasHeard: false, outcome: failed('crash') }, null],
  ] as const)('%s', (...[, last, end, costUsd]) => {
    expect(meteredAtEnd(last, end).spent.costUsd).toBe(costUsd);
  });
});
