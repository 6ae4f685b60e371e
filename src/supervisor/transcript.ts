import { asAttemptId } from '../core/ids.ts';
import type { Attempt, Job } from '../core/job/job.ts';
import { modeOn } from './job-agent.ts';
import type { LaunchDeps } from './launch.ts';
import { attemptLog } from './logs.ts';

/** What is kept of a long story: its end is what the next one goes on from. */
const longestText = 400_000;

/** Tells a person, or another agent, what a job's attempts before this one said and did; null where there is nothing. */
export async function transcriptOf(
  { processes, agents, clock, stopping }: LaunchDeps,
  job: Job,
  before: Pick<Attempt, 'number'>,
): Promise<string | null> {
  const parts: string[] = [];
  for (let number = 1; number < before.number; number += 1) {
    const id = asAttemptId(`${job.id}.${number}`);
    const name = (await processes.note(id, 'agent')) ?? job.spec.agent;
    const mode = agents.get(name)?.mode;
    if (mode === undefined) continue;
    const lines: string[] = [];
    const ended = { attempt: { id, number }, mode: modeOn(mode, job.spec.transport), ended: Promise.resolve() };
    for await (const { kind, text } of attemptLog({ processes, clock }, ended, stopping))
      if (isOfInterest(kind)) lines.push(kind === 'text' ? text : `[${kind}] ${text}`);
    if (lines.length > 0) parts.push(`## Attempt ${number}, by ${name}\n\n${lines.join('\n\n')}\n`);
  }
  if (parts.length === 0) return null;
  const story = parts.join('\n');
  const kept = story.length > longestText ? `[the beginning is left out]\n${story.slice(-longestText)}` : story;
  return `# ${job.spec.title}\n\n## The task\n\n${job.spec.prompt}\n\n${kept}`;
}

/** A result repeats the last text. */
function isOfInterest(kind: string): boolean {
  return kind !== 'session' && kind !== 'result' && kind !== 'retrying';
}
