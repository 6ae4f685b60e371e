import type { ProviderId } from '../core/ids.ts';
import { readFailure, type FailureWords } from './failure-text.ts';
import type { AgentEvent, JobListener, JobMode } from './job-mode.ts';
import { lastLines } from './told-events.ts';

/** An agent as the config declares it. Patterns are regular expressions for one line. */
export type AgentDeclaration = {
  /** The command and its arguments; `{prompt}` is the file with the prompt, which comes on stdin as well. */
  readonly command: readonly string[];
  /** Added for a model, `{model}`. */
  readonly model: readonly string[];
  /** Added to go on with a conversation, `{session}`. Empty where it cannot. */
  readonly resume: readonly string[];
  /** Finds the conversation's id, its first group, on either channel; empty for none. */
  readonly session: string;
  /** Finds the word that it has finished, on either channel; its first group is what it has to say. */
  readonly result: string;
  /** Finds that the conversation to go on with is not there, on the error channel; empty for none. */
  readonly sessionMissing: string;
  /** Find a limit on the error channel, with its end where that is told. */
  readonly limits: readonly string[];
  readonly models: readonly string[];
  /** Variables that lead it to the gateway: `{gateway}` and `{token}`. */
  readonly environment: Readonly<Record<string, string>>;
};

/** An agent for jobs only. */
export type DeclaredAgent = {
  readonly id: string;
  /** Whose accounts serve it through the gateway; null for one that has a login of its own. */
  readonly provider: ProviderId | null;
  readonly command: string;
  readonly job: JobMode;
  /** Its environment with the gateway at this address and this phantom. */
  environment(gate: { readonly url: string; readonly phantom: string }): Readonly<Record<string, string>>;
};

/** A pattern is tried on so much of a line. */
const longestLine = 20_000;

export function declaredAgent(id: string, provider: ProviderId | null, declared: AgentDeclaration): DeclaredAgent {
  const [command = '', ...rest] = declared.command;
  const words: FailureWords = declared.limits.map((pattern) => [new RegExp(pattern), 'window'] as const);
  return {
    ...{ id, provider, command },
    job: {
      args: ({ kind, session, model, args, prompt = '' }) => [
        ...rest.map((each) => each.replaceAll('{prompt}', () => prompt)),
        ...(model === null ? [] : declared.model.map((each) => each.replaceAll('{model}', () => model))),
        ...(kind === 'resume' ? declared.resume.map((each) => each.replaceAll('{session}', () => session)) : []),
        ...args,
      ],
      environment: {},
      listen: (now) => listen(declared, words, now),
      readStderr: (text, _, now) => readFailure(lastLines(text), words, now),
      chain: declared.models,
      abilities: { spending: 'never', namesModel: false, mcp: false },
    },
    environment: ({ url, phantom }) =>
      Object.fromEntries(
        Object.entries(declared.environment).map(([name, value]) => [
          name,
          value.replaceAll('{gateway}', () => url).replaceAll('{token}', () => phantom),
        ]),
      ),
  };
}

function listen(declared: AgentDeclaration, words: FailureWords, now: () => number): JobListener {
  const session = patternOf(declared.session);
  const missing = patternOf(declared.sessionMissing);
  const result = patternOf(declared.result);
  // One without a way to go on has no conversation.
  const goesOn = declared.resume.length > 0;
  let turns = 0;
  return (channel, line) => {
    const text = line.slice(0, longestLine);
    const events: AgentEvent[] = [];
    const id = goesOn ? session?.exec(text)?.[1] : undefined;
    if (id !== undefined && id !== '') events.push({ kind: 'session', id });
    if (channel === 'stderr' && missing?.test(text) === true) events.push({ kind: 'session-missing' });
    const finished = result?.exec(text);
    if (finished !== null && finished !== undefined)
      events.push(
        { kind: 'turn-completed' },
        { kind: 'result', text: finished[1] ?? finished[0] },
        { kind: 'usage', usage: { turns: (turns += 1), models: [], costUsd: null, ofConversation: false } },
      );
    else if (channel === 'stderr' && words.some(([pattern]) => pattern.test(text)))
      events.push({ kind: 'error', ...readFailure(text, words, now()) });
    else if (channel === 'stdout' && text.trim() !== '') events.push({ kind: 'text', text });
    return events;
  };
}

function patternOf(text: string): RegExp | null {
  return text === '' ? null : new RegExp(text);
}
