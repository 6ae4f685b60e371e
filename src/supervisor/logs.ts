import type { AgentEvent, JobMode } from '../agents/job-mode.ts';
import type { Attempt } from '../core/job/job.ts';
import type { EpochMs } from '../core/time.ts';
import type { Processes } from './ports.ts';

export type LogLine = { readonly attempt: number; readonly kind: string; readonly text: string };

/** What one attempt said and did, from its files; `ended` is when no more comes. */
export async function* attemptLog(
  { processes, clock }: { readonly processes: Pick<Processes, 'lines'>; readonly clock: () => EpochMs },
  {
    attempt,
    mode,
    ended,
  }: { readonly attempt: Pick<Attempt, 'id' | 'number'>; readonly mode: JobMode; readonly ended: Promise<unknown> },
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const listen = mode.listen(clock);
  for await (const { channel, line } of processes.lines(attempt.id, ended, signal)) {
    for (const event of listen(channel, line)) {
      const text = textOf(event);
      if (text !== null) yield { attempt: attempt.number, kind: event.kind, text };
    }
  }
}

/** Null for what people need not see. */
function textOf(event: AgentEvent): string | null {
  switch (event.kind) {
    case 'text':
    case 'result':
      return event.text;
    case 'tool':
      return `${event.name} ${event.summary}`.trim();
    case 'retrying':
      return event.detail;
    case 'limited':
      return 'evidence' in event.signal ? event.signal.evidence : event.signal.window;
    case 'error':
      return `${event.failure}: ${event.detail}`;
    case 'session':
      return event.id;
    default:
      return null;
  }
}
