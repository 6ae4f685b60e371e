import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { captured, idOf } from '../../test/builders.ts';
import { mutated } from '../../test/mutations.ts';
import { observeClosed } from '../core/limit/observe.ts';
import { dayMs } from '../core/time.ts';
import { LineSplitter } from '../profiles/line-splitter.ts';
import type { Channel, Told } from './profile.ts';
import { agents } from './registry.ts';

const message = { model: '<synthetic>', content: [{ type: 'text', text: 'You’ve hit your limit · resets 8pm (UTC)' }] };
const window = { used_percent: 100, window_minutes: 300, resets_at: 1_795_267_577 };
const failure = { message: 'You’ve hit your usage limit.', codex_error_info: 'usage_limit_exceeded' };
const limitInfo = { status: 'rejected', resetsAt: 1_795_267_577, rateLimitType: 'five_hour' };
const quota = '[API Error: You have exhausted your daily quota on this model.]';

/** Lines as the three CLIs write them. */
const lines = [
  ...[
    { type: 'system', subtype: 'init', session_id: 'one' },
    { type: 'rate_limit_event', rate_limit_info: limitInfo },
    { type: 'assistant', error: 'rate_limit', message, parent_tool_use_id: null },
    { type: 'result', is_error: true },
    { type: 'thread.started', thread_id: 'two' },
    { type: 'error', message: 'Reconnecting... 1/5' },
    { type: 'turn.failed', error: failure },
    { type: 'event_msg', payload: { type: 'token_count', rate_limits: { limit_id: 'codex', primary: window } } },
    { type: 'event_msg', payload: { type: 'task_complete', error: failure } },
    { type: 'init', session_id: 'three', model: 'gemini-2.5-pro' },
    { type: 'result', status: 'error', error: { message: quota } },
  ].map((each) => JSON.stringify(each)),
  'Attempt 1 failed: You have exhausted your capacity. Retrying after 11761497ms...',
  'TerminalQuotaError: You have exhausted your capacity on this model.',
  'prose, “quoted”, of no meaning',
];

const channels: readonly Channel[] = ['stdout', 'stderr', 'transcript'];
const all = [...agents.values()].map((agent) => [agent.id, agent] as const);

describe.each(all)('the listener of %s', (_, { profile }) => {
  const heardIn = (pieces: readonly Buffer[], channel: Channel): Told[] => {
    const listen = profile.listen(() => captured);
    const splitter = new LineSplitter();
    const whole = [...pieces.flatMap((piece) => splitter.push(piece)), splitter.end()];
    return whole.flatMap((line) => listen(channel, line.toString('utf8').trimEnd()).told);
  };

  test('hears the same, whichever byte its lines are split at', () => {
    const bytes = Buffer.from(lines.join('\n'));
    for (const channel of channels) {
      const told = heardIn([bytes], channel);
      for (let at = 1; at < bytes.length; at += 1) {
        const split = heardIn([bytes.subarray(0, at), bytes.subarray(at)], channel);
        if (!Bun.deepEquals(split, told)) expect({ at, split }).toEqual({ at, split: told });
      }
      expect(
        heardIn(
          Array.from(bytes, (byte) => Buffer.of(byte)),
          channel,
        ),
      ).toEqual(told);
    }
  });

  test('hears something in the lines of its own CLI', () => {
    const bytes = Buffer.from(lines.join('\n'));
    expect(channels.flatMap((channel) => heardIn([bytes], channel))).not.toBeEmpty();
  });

  test('hears any lines without a fault, and closes nothing for longer than 35 days', () => {
    const line = mutated(lines);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.constantFrom(...channels), (said, channel) => {
        for (const told of heardIn([Buffer.from(said.join('\n'))], channel)) {
          if (told.kind !== 'signal' && told.kind !== 'stopped') continue;
          const { signal } = told;
          if (signal.kind === 'reading') expect(signal.utilization ?? 0).not.toBeNaN();
          if (signal.kind !== 'closed') continue;
          expect(signal.evidence.length).toBeLessThan(400);
          const until = observeClosed(idOf('a'), undefined, signal, captured).until;
          expect(until - captured).toBeGreaterThan(0);
          expect(until - captured).toBeLessThanOrEqual(35 * dayMs);
        }
      }),
      { seed: 5, numRuns: 1500 },
    );
  });
});
