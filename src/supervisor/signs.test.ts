import { describe, expect, test } from 'bun:test';
import type { AgentEvent } from '../agents/job-mode.ts';
import { isOwnTool, mayRepeat } from './own-tool.ts';
import { afterEvent, noSigns } from './signs.ts';

const after = (...events: AgentEvent[]) =>
  events.reduce((signs, event, place) => afterEvent(signs, event, 1000 + place), noSigns);
const retrying: AgentEvent = { kind: 'retrying', detail: 'asks again' };
const text: AgentEvent = { kind: 'text', text: 'on' };
const gave = (name: string, result: string): Extract<AgentEvent, { kind: 'tool-result' }> => ({
  kind: 'tool-result',
  name,
  call: 'c',
  result,
});

describe('what is known of an attempt', () => {
  test('is since when it has met a limit without moving', () => {
    expect(after(text, retrying, retrying)).toMatchObject({ limitedAt: 1001, limit: 'asks again' });
    expect(after(retrying, text)).toMatchObject({ limitedAt: null, limit: '' });
    expect(after(retrying, gave('Bash', 'r'), retrying)).toMatchObject({ limitedAt: 1002 });
  });

  test('is when it used Stint’s tools last, and lost them', () => {
    const own: AgentEvent = { kind: 'tool', name: 'stint-job.notes', summary: '' };
    const lost: AgentEvent = { kind: 'error', failure: 'mcp-lost', detail: 'gone', until: null };
    const crash: AgentEvent = { kind: 'error', failure: 'crash', detail: 'gone', until: null };
    expect(after(own, lost, crash)).toMatchObject({ toolAt: 1000, lostAt: 1001 });
    expect(after({ kind: 'tool', name: 'Bash', summary: '' }, crash)).toMatchObject({ toolAt: null, lostAt: null });
  });

  test('is when it did anything last with a tool that is not Stint’s, whose server knows its own', () => {
    const begun = (name: string): AgentEvent => ({ kind: 'tool-begun', id: name, name });
    expect(after(begun('Bash'), begun('mcp__stint-job__ask_user'))).toMatchObject({ workedAt: 1000 });
    expect(after(begun('mcp__stint-job__ask_user'))).toMatchObject({ workedAt: null });
  });

  test('is how often in a row a tool gave the same', () => {
    const times = (...events: AgentEvent[]) => after(...events).repeats.times;
    expect(times(gave('Bash', 'a'), text, gave('Bash', 'a'), gave('Bash', 'a'))).toBe(3);
    expect(times(gave('Bash', 'a'), gave('Bash', 'a'), gave('Bash', 'b'))).toBe(1);
    expect(times(gave('BashOutput', 'a'), gave('BashOutput', 'a'))).toBe(0);
    expect(times(gave('mcp__stint-job__wait_for_jobs', 'a'), gave('mcp__stint-job__wait_for_jobs', 'a'))).toBe(0);
  });

  test('of repeats begins anew with each turn', () => {
    expect(after(gave('Bash', 'a'), gave('Bash', 'a'), { kind: 'turn-ended' }).repeats.times).toBe(0);
    expect(after(gave('Bash', 'a'), { kind: 'result', text: '' }, gave('Bash', 'a')).repeats.times).toBe(1);
  });

  test('of a call that took its time is that it has waited', () => {
    const slept = ['1', '2', '3', '4'].reduce((signs, id, place) => {
      const at = place * 60_000;
      const begun = afterEvent(signs, { kind: 'tool-begun', id, name: 'Bash' }, at);
      return afterEvent(
        afterEvent(begun, { ...gave('Bash', 'a'), id }, at + 30_000),
        { kind: 'tool-ended', id },
        at + 30_000,
      );
    }, noSigns);
    expect(slept.repeats.times).toBe(1);
    expect(slept.open.size).toBe(0);
  });

  test('of a call is not that another one of the same tool takes its time', () => {
    const server = afterEvent(noSigns, { kind: 'tool-begun', id: 'server', name: 'Bash' }, 0);
    const looped = ['1', '2', '3', '4'].reduce((signs, id, place) => {
      const at = 60_000 + place * 2000;
      const begun = afterEvent(signs, { kind: 'tool-begun', id, name: 'Bash' }, at);
      return afterEvent(begun, { ...gave('Bash', 'a'), id }, at + 1000);
    }, server);
    expect(looped.repeats.times).toBe(4);
  });

  test('is which of its tools are at work, until they or its turn have ended', () => {
    const begun = (id: string): AgentEvent => ({ kind: 'tool-begun', id, name: `tool ${id}` });
    const [first, again, second] = [begun('1'), begun('1'), begun('2')];
    expect([...after(first, text, second, again).open.values()]).toEqual([
      { name: 'tool 1', begunAt: 1000 },
      { name: 'tool 2', begunAt: 1002 },
    ]);
    expect([...after(first, second, { kind: 'tool-ended', id: '1' }).open.keys()]).toEqual(['2']);
    expect(after(first, { kind: 'turn-ended' }).open.size).toBe(0);
  });

  test('is whether it has answered, and nothing followed', () => {
    expect(after(text, { kind: 'turn-completed' }).hasAnswered).toBe(true);
    expect(after({ kind: 'turn-completed' }, text).hasAnswered).toBe(false);
  });
});

test('Stint’s own tools are known by their names in every agent', () => {
  expect(
    ['mcp__stint-job__notes', 'mcp_stint-job_notes', 'stint-job.notes', 'stint-job__notes'].map(isOwnTool),
  ).toEqual(Array.from({ length: 4 }, () => true));
  expect(['Bash', 'mcp__stint__notes', 'not_stint-job.notes'].map(isOwnTool)).toEqual([false, false, false]);
  expect(['TaskOutput', 'Bash'].map(mayRepeat)).toEqual([true, false]);
});
