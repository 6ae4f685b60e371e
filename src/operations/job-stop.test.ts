import { describe, expect, test } from 'bun:test';
import { buildJob } from '../../test/job-builder.ts';
import type { Abilities } from '../core/job/abilities.ts';
import type { JobSpec } from '../core/job/job.ts';
import { noStop } from '../core/job/stop.ts';
import { stopSpecOf, stopWarnings } from './job-stop.ts';

const able: Abilities = { spending: 'answer', namesModel: true, mcp: true };
const jobs = {
  abilities: new Map<string, Abilities>([
    ['claude', able],
    ['codex', { ...able, spending: 'turn', namesModel: false }],
    ['gemini', { ...able, spending: 'turn' }],
    ['own', { spending: 'never', namesModel: false, mcp: false }],
  ]),
};

test('the conditions of a job are what was asked for, all of them together or none', () => {
  expect(stopSpecOf({ jobs }, { completion: false }, ['claude'])).toEqual(noStop);
  expect(stopSpecOf({ jobs }, { turns: 5, budget: 2.5, time: 90, completion: true }, ['claude', 'codex'])).toEqual({
    ...{ turns: 5, budget: 2.5, timeMs: 90_000, completion: true },
  });
});

test.each([[['own']], [['claude', 'own']]])('%j cannot say with a tool that it is finished', (agents) => {
  expect(() => stopSpecOf({ jobs }, { completion: true }, agents)).toThrow(
    expect.objectContaining({
      ...{ code: 'invalid', message: 'own cannot be given the tool finish_job, so that it could never finish.' },
      hint: 'Leave out completion: the job is done when its agent ends its turn.',
    }) as Error,
  );
  expect(stopSpecOf({ jobs }, { completion: false, turns: 1 }, agents).turns).toBe(1);
});

describe('whoever adds a job is warned', () => {
  const budget = { ...noStop, budget: 5 };
  const noPrice =
    /^Stint has no price for nobody-knows \(its prices are of \w+ \d{4}\), .* until (claude|gemini) tells it\.$/;
  const atTheEnd = (agent: string): RegExp =>
    new RegExp(`^${agent} tells what it has spent at the end of its turn only: its budget is looked at then\\.$`);
  test.each<[string, Partial<JobSpec>, RegExp[]]>([
    ['of nothing without a condition', { agent: 'own' }, []],
    ['of nothing that can be kept', { stop: { turns: 5, budget: 5, timeMs: 5, completion: true } }, []],
    ['of nothing for a model with a price', { stop: budget, model: 'opus[1m]' }, []],
    ['of a model without a price', { stop: budget, model: 'nobody-knows' }, [noPrice]],
    [
      'of a later model without a price',
      { stop: budget, model: 'opus', ladder: { models: ['sonnet', 'nobody-knows'], agents: [] } },
      [noPrice],
    ],
    [
      'of a model that is not named',
      { stop: budget, agent: 'codex' },
      [/^codex does not tell which model it uses, .* Name one: --model$/, atTheEnd('codex')],
    ],
    ['of tokens that are told late', { stop: budget, agent: 'codex', model: 'gpt-5.2-codex' }, [atTheEnd('codex')]],
    [
      'of agents that may take it over',
      { stop: budget, ladder: { models: null, agents: ['gemini'] } },
      [atTheEnd('gemini')],
    ],
    [
      'of an agent that tells nothing',
      { stop: { ...budget, turns: 5 }, agent: 'own' },
      [
        /^own does not tell of its answers: each time that it ends counts as one turn\.$/,
        /^own does not tell what it spends, so that its budget cannot be kept\. Limit its time as well\.$/,
      ],
    ],
  ])('%s', (_, more, expected) => {
    const warnings = stopWarnings({ jobs }, { ...buildJob().spec, ...more });
    expect(warnings).toEqual(expected.map((each) => expect.stringMatching(each) as string));
  });
});
