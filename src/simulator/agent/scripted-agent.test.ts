import { afterEach, describe, expect, test } from 'bun:test';
import type { FaultInput } from '../anthropic/fault.ts';
import { startAnthropicSimulator, type Simulator } from '../anthropic/simulator.ts';
import type { AgentEvent } from './agent-event.ts';
import { runScriptedAgent, type ScriptedAgentOptions } from './scripted-agent.ts';

const token = 'sk-test-agent';
let simulator: Simulator | undefined;

afterEach(() => simulator?.stop());

async function run(faults: FaultInput[], options: Partial<ScriptedAgentOptions> = {}) {
  const provider = startAnthropicSimulator({ scenario: { credentials: [{ secret: token, name: 'demo' }], faults } });
  simulator = provider;
  const events: AgentEvent[] = [];
  const waits: number[] = [];
  const outcome = await runScriptedAgent({
    baseUrl: provider.url,
    token,
    sessionId: 'session-1',
    turns: 1,
    onEvent: (event) => events.push(event),
    wait: async (delayMs) => {
      waits.push(delayMs);
    },
    ...options,
  });
  return { provider, outcome, events, waits };
}

const kinds = (events: readonly AgentEvent[]): string[] => events.map(({ kind }) => kind);

describe('scripted agent', () => {
  test('turns stream in one conversation with the headers of the CLI', async () => {
    const { provider, outcome, events } = await run([], { turns: ['[[say:one two]]', 'and then?'] });
    expect(outcome).toEqual({ turnsDone: 2, errorsSeen: 0, requestsSent: 3, completed: true });
    expect(kinds(events).slice(0, 5)).toEqual(['started', 'turn-started', 'delta', 'delta', 'turn-done']);
    expect(events.at(-2)).toMatchObject({ kind: 'turn-done', turn: 2, text: expect.stringContaining('2 prompts') });
    const [head, first] = provider.requests;
    expect(head).toMatchObject({ method: 'HEAD', path: '/', credential: null });
    expect(first).toMatchObject({ query: 'beta=true', stream: true, sessionId: 'session-1', credential: 'demo' });
    expect(first?.headers).toMatchObject({
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
      'x-app': 'cli',
      'user-agent': 'stint-demo-agent',
    });
  });

  test('tools are called until the answer is a text', async () => {
    const { outcome, events } = await run([], { turns: ['[[steps:2]]'] });
    expect(outcome.requestsSent).toBe(4);
    expect(events.flatMap((event) => (event.kind === 'tool-called' ? [event.command] : []))).toEqual([
      'echo step 1',
      'echo step 2',
    ]);
  });

  test('words size the answers of its own prompts', async () => {
    const { events } = await run([], { words: 12 });
    expect(events.filter(({ kind }) => kind === 'delta')).toHaveLength(12);
  });

  test.each<FaultInput>([
    { kind: 'error_event_mid', afterDeltas: 1 },
    { kind: 'error_event_before_content', afterPing: true },
    { kind: 'clean_end_mid' },
    { kind: 'cut_mid' },
  ])('a stream broken by $kind is an error, then asked for again whole and at once', async (fault) => {
    const { provider, outcome, waits } = await run([fault]);
    expect(outcome).toEqual({ turnsDone: 1, errorsSeen: 1, requestsSent: 3, completed: true });
    expect(provider.requests.map(({ stream }) => stream)).toEqual([false, true, false]);
    expect(waits).toEqual([]);
  });

  test('a 429 is retried after the time it names', async () => {
    const { outcome, waits, events } = await run([{ kind: 'throttle', retryAfterSeconds: 7 }]);
    expect(outcome).toMatchObject({ completed: true, errorsSeen: 1 });
    expect(waits).toEqual([7000]);
    expect(events).toContainEqual({ kind: 'retrying', turn: 1, delayMs: 7000, streamed: true });
  });

  test('a 429 beyond a minute ends the run', async () => {
    const { outcome, events } = await run([{ kind: 'five_hour', resetInSeconds: 61 }], { turns: 3 });
    expect(outcome).toEqual({ turnsDone: 0, errorsSeen: 1, requestsSent: 2, completed: false });
    expect(kinds(events).slice(-2)).toEqual(['turn-failed', 'stopped']);
  });

  test('overload and lost connections are retried with growing pauses', async () => {
    const { outcome, waits, provider } = await run([
      { kind: 'overloaded', times: 2 },
      { kind: 'cut_before_head', skip: 2 },
    ]);
    expect(outcome).toMatchObject({ completed: true, errorsSeen: provider.requests.length - 2 });
    expect(waits.slice(0, 2)).toEqual([500, 1000]);
  });

  test('an error that no retry mends ends the turn', async () => {
    const { outcome, waits } = await run([{ kind: 'invalid_request' }]);
    expect(outcome).toMatchObject({ completed: false, requestsSent: 2 });
    expect(waits).toEqual([]);
  });

  test('the signal ends a hanging request', async () => {
    const stopping = new AbortController();
    const { outcome } = await run([{ kind: 'stall_mid' }], {
      signal: stopping.signal,
      onEvent: ({ kind }) => {
        if (kind === 'delta') stopping.abort();
      },
    });
    expect(outcome).toMatchObject({ completed: false, errorsSeen: 0 });
  });
});
