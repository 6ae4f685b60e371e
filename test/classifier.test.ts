// How often a job takes a failure for another one, and words about limits for a limit: from what an agent prints to how
// its attempt ends.
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { claudeJob } from '../src/agents/claude/job.ts';
import { codexJob } from '../src/agents/codex/job.ts';
import { geminiJob } from '../src/agents/gemini/job.ts';
import { asAttemptId, asJobId } from '../src/core/ids.ts';
import type { Attempt, AttemptOutcome } from '../src/core/job/job.ts';
import { nothingSpent } from '../src/core/job/stop.ts';
import { followAttempt } from '../src/supervisor/follow.ts';
import { labelFrom } from './builders.ts';
import {
  claudeTexts,
  codexTexts,
  geminiTexts,
  lastWords,
  notices,
  sleeps,
  type AgentName,
  type FailureText,
} from './failure-texts.ts';

const modes = { claude: claudeJob, codex: codexJob, gemini: geminiJob } as const;

/** Codex tells times in the zone of its machine, the others in UTC here. */
const nows: Readonly<Record<AgentName, number>> = {
  claude: Date.parse('2026-11-21T11:00:00Z'),
  codex: Date.parse('2026-11-21T11:00:00'),
  gemini: Date.parse('2026-11-21T11:00:00Z'),
};

type Said = { readonly channel: 'stdout' | 'stderr'; readonly line: string };
type Run = {
  readonly agent: AgentName;
  readonly said: readonly Said[];
  /** Null for one that was killed. */
  readonly exitCode: number | null;
  /** It goes on without a word until it is told to stop. */
  readonly sleeps?: boolean;
};

async function outcomeOf({ agent, said, exitCode, sleeps: isAsleep = false }: Run): Promise<AttemptOutcome> {
  const attempt: Attempt = {
    ...{ id: asAttemptId('job1.1'), job: asJobId('job1'), number: 1, agent, model: null, pool: labelFrom('work') },
    ...{
      account: null,
      pid: 7,
      birth: 'b',
      startedAt: 0,
      endedAt: null,
      exitCode: null,
      outcome: null,
      spent: nothingSpent,
      waitedMs: 0,
    },
  };
  const stopped = Promise.withResolvers<void>();
  const found = Promise.withResolvers<AttemptOutcome>();
  const processes = {
    ended: () => Promise.resolve({ code: exitCode, at: null }),
    end: () => Promise.resolve(),
    async *lines() {
      for (const each of said) yield { ...each, by: nows[agent] };
      if (isAsleep) await stopped.promise;
    },
  };
  const deps = {
    ...{ processes, accounts: { concluded: () => undefined }, clock: () => nows[agent], silenceMs: 0 },
    ...{ tell: () => undefined, bug: found.reject, spent: () => undefined },
    conversation: () => ({ session: null, told: null }),
    apply: async (event: { kind: string; outcome?: AttemptOutcome }) => {
      if (event.kind === 'switch') stopped.resolve();
      if (event.outcome !== undefined) found.resolve(event.outcome);
    },
  } as unknown as Parameters<typeof followAttempt>[0];
  await followAttempt(deps, { attempt, mode: modes[agent] }, new AbortController().signal);
  return found.promise;
}

function printed(...events: readonly object[]): Said[] {
  return events.map((event): Said => ({ channel: 'stdout', line: JSON.stringify(event) }));
}

function onStderr(text: string): Said[] {
  return text.split('\n').map((line): Said => ({ channel: 'stderr', line }));
}

/** A turn that the CLI ends with these words. */
const failing = {
  claude: (text: string, error = 'unknown') =>
    printed(
      {
        type: 'assistant',
        message: { model: '<synthetic>', role: 'assistant', content: [{ type: 'text', text }] },
        ...{ error, parent_tool_use_id: null },
      },
      { type: 'result', subtype: 'success', is_error: true, result: text },
    ),
  codex: (message: string) => printed({ type: 'error', message }, { type: 'turn.failed', error: { message } }),
  gemini: (message: string) => printed({ type: 'result', status: 'error', error: { type: 'unknown', message } }),
} as const;

/** A turn that ends well. */
const ending: Readonly<Record<AgentName, readonly Said[]>> = {
  claude: printed({ type: 'result', subtype: 'success', is_error: false, result: 'all done' }),
  codex: printed(
    { type: 'item.completed', item: { type: 'agent_message', text: 'all done' } },
    { type: 'turn.completed' },
  ),
  gemini: printed(
    { type: 'message', role: 'assistant', content: 'all done', delta: true },
    { type: 'result', status: 'success' },
  ),
};

/** What a person asked, what a model said, and what a tool printed. */
const talking: Readonly<Record<AgentName, (text: string) => readonly Said[]>> = {
  claude: (text) =>
    printed(
      { type: 'user', message: { role: 'user', content: text } },
      {
        type: 'assistant',
        message: {
          model: 'claude-opus-4-8',
          content: [
            { type: 'text', text },
            { type: 'tool_use', name: 'Write', input: { content: text } },
          ],
        },
        parent_tool_use_id: null,
      },
      { type: 'user', message: { role: 'user', content: [{ type: 'tool_result', content: text, is_error: true }] } },
    ),
  codex: (text) =>
    printed(
      { type: 'item.completed', item: { type: 'reasoning', text } },
      { type: 'item.completed', item: { type: 'agent_message', text } },
      { type: 'item.started', item: { type: 'command_execution', command: text } },
      { type: 'item.completed', item: { type: 'command_execution', aggregated_output: text, exit_code: 1 } },
    ),
  gemini: (text) =>
    printed(
      { type: 'message', role: 'user', content: text },
      { type: 'message', role: 'assistant', content: text, delta: true },
      { type: 'tool_use', tool_name: 'write_file', parameters: { content: text } },
      { type: 'tool_result', status: 'error', output: text },
    ),
};

type Case = { readonly what: string; readonly run: Run; readonly expected: string };

const told = (agent: AgentName, [source, text, failure, until]: FailureText, run: Omit<Run, 'agent'>): Case => ({
  what: `${agent}, ${source}: ${text}`,
  run: { agent, ...run },
  expected: until === undefined ? failure : `${failure} until ${Date.parse(until)}`,
});

const failures: Case[] = [
  ...Object.entries(claudeTexts).flatMap(([error, texts]) =>
    texts.map((each) => told('claude', each, { said: failing.claude(each[1], error), exitCode: 1 })),
  ),
  ...codexTexts.map((each) => told('codex', each, { said: failing.codex(each[1]), exitCode: 1 })),
  ...geminiTexts.map((each) => told('gemini', each, { said: failing.gemini(each[1]), exitCode: 1 })),
  ...lastWords.map(([agent, exitCode, ...each]) => told(agent, each, { said: onStderr(each[1]), exitCode })),
  ...sleeps.map((each) => told('gemini', each, { said: onStderr(each[1]), exitCode: null, sleeps: true })),
];

const repository = join(import.meta.dir, '..');
const files = ['README.md', 'docs/guide/jobs.md', 'docs/fault-matrix.md', 'test/failure-texts.ts'].concat(
  ['claude', 'codex', 'gemini'].map((agent) => `src/agents/${agent}/job.ts`),
);

/** Said by a person, a model, a tool or a file: every real text, in its own form and as lines of a program's events, and more. */
const talk: readonly string[] = [
  ...failures.flatMap(({ run: { said } }) => said.map(({ line }) => line)),
  ...[...Object.values(claudeTexts).flat(), ...codexTexts, ...geminiTexts].map(([, text]) => text),
  ...files.map((path) => readFileSync(join(repository, path), 'utf8')),
  'HTTP/1.1 429 Too Many Requests\nretry-after: 3600',
  '{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account’s rate limit."}}',
  'if (response.status === 429) throw new RateLimitError("usage limit reached");',
  'RESOURCE_EXHAUSTED: Quota exceeded for metric, Please retry in 35.6s.',
  '# Limits\nWhen an account is rate limited (529 Overloaded), Stint moves on. ENOSPC, ECONNRESET, out of memory.',
  // Of the issue that asked for this.
  'fixtures with the real texts and as many that only talk about limits (source code with `429`, this issue, a README)',
  'Reset phrases of all three agents parse ("resets 3pm (Europe/Rome)", "Nov 23rd, 2026 7:46 AM", "after 3h12m5s")',
];

const sayings: Case[] = [
  ...talk.flatMap((text) =>
    (['claude', 'codex', 'gemini'] as const).flatMap((agent): Case[] => {
      const said = talking[agent](text);
      const what = `${agent}: ${text.slice(0, 200)}`;
      // Gemini CLI copies what a failed tool printed to its error channel.
      const copied = agent === 'gemini' ? onStderr(text) : [];
      return [
        { what, run: { agent, said: [...said, ...copied, ...ending[agent]], exitCode: 0 }, expected: 'done' },
        { what: `${what}, killed`, run: { agent, said, exitCode: null }, expected: 'crash' },
        { what: `${what}, crashed`, run: { agent, said, exitCode: 9 }, expected: 'crash' },
      ];
    }),
  ),
  ...notices.map(([agent, source, line, channel]): Case => ({
    what: `${agent}, ${source}: ${line}`,
    run: { agent, said: [{ channel, line }, ...ending[agent]], exitCode: 0 },
    expected: 'done',
  })),
];

async function wrongOf(cases: readonly Case[]): Promise<{ what: string; expected: string; found: string }[]> {
  const wrong = [];
  for (const { what, run, expected } of cases) {
    const outcome = await outcomeOf(run);
    const found = outcome.kind === 'failed' ? wordOf(outcome) : outcome.kind;
    if (found !== expected) wrong.push({ what, expected, found });
  }
  return wrong;
}

function wordOf({ failure, until }: Extract<AttemptOutcome, { kind: 'failed' }>): string {
  return until === null ? failure : `${failure} until ${until}`;
}

function rate(wrong: number, of: number): string {
  return `${wrong} of ${of} (${((100 * wrong) / of).toFixed(1)} %)`;
}

test('what the agents say when a turn fails is known for what it is, with the reset that it names', async () => {
  const wrong = await wrongOf(failures);
  const limits = failures.filter(({ expected }) => expected.startsWith('window'));
  const missed = wrong.filter(({ expected }) => expected.startsWith('window'));
  console.log(`false negatives: ${rate(missed.length, limits.length)} limits missed or with another reset;`);
  console.log(`  ${rate(wrong.length, failures.length)} failures of any kind taken for another one`);
  expect(wrong).toEqual([]);
});

test('what only speaks of limits is none', async () => {
  const wrong = await wrongOf(sayings);
  console.log(
    `false positives: ${rate(wrong.length, sayings.length)} attempts, of ${talk.length} texts in three agents`,
  );
  expect(wrong).toEqual([]);
});
