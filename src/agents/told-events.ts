import type { AgentEvent } from './job-mode.ts';
import type { Told } from './profile.ts';

/** What a listener of profile mode tells, as events of a job. */
export function eventsOf(told: readonly Told[]): AgentEvent[] {
  return told.flatMap((each): AgentEvent[] => {
    switch (each.kind) {
      case 'session':
        return [{ kind: 'session', id: each.id }];
      case 'signal':
        return [{ kind: 'signal', signal: each.signal }];
      case 'stopped':
        return [{ kind: 'limited', signal: each.signal, waits: each.waits === true }];
      case 'supposed':
        return [];
      case 'served':
        return [{ kind: 'turn-completed' }];
    }
  });
}

const mostLines = 20;

/** What an agent said last: stack traces and warnings of its start are longer than that. */
export function lastLines(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s+at |^\s+\d+: /.test(line));
  return lines.slice(-mostLines).join('\n');
}
