import type { AttemptId } from '../../core/ids.ts';
import type { EpochMs } from '../../core/time.ts';
import { z } from 'zod';
import { hasOnlyWaited } from '../../agent-tools/only-waited.ts';
import { runTool, type AgentTool, type ToolCall, type ToolDeps } from '../../agent-tools/tool.ts';
import { refusal, statelessHttp } from './stateless.ts';
import { objectSchema, type Tool } from './tool.ts';

export type ToolWitness = {
  toolCalled(attempt: AttemptId): void;
  worked(attempt: AttemptId): void;
  workedAt(attempt: AttemptId): EpochMs | null;
  toolsLost(attempt: AttemptId): void;
};

export type AgentMcpDeps = {
  readonly tools: readonly AgentTool[];
  readonly deps: ToolDeps;
  /** Whose token that is; null for one of no attempt that its job has now. */
  readonly admit: (token: string) => Promise<Pick<ToolCall, 'job' | 'attempt'> | null>;
  /** Hears of calls, and of clients that went away before they had their answer. */
  readonly witness: ToolWitness;
  /** Whether agents are to have tools. */
  readonly isOn: () => boolean;
  readonly version: string;
  /** Takes what is no Problem, to log it with its stack. */
  readonly bug: (error: unknown) => void;
  readonly stopGraceMs?: number;
};

export type AgentMcp = {
  /** Answers one request on the listener for agents. */
  handle(request: Request): Promise<Response>;
  /** Refuses what comes and lets tools that wait answer at once. */
  close(): Promise<void>;
};

const instructions = `You work on a job of Stint's. report_status tells the person how far you are; ask_user asks them; \
create_job gives a part of the work to another agent and wait_for_jobs gets its result; notes and file locks are shared \
with the agents of other jobs; quota says what is left; finish_job ends the job with its result. Times are milliseconds \
since 1970.`;

/** The tools that the agents of jobs have, each agent for its own job. */
export function createAgentMcp(given: AgentMcpDeps): AgentMcp {
  const { tools, deps, admit, isOn, witness, version, bug, stopGraceMs } = given;
  const http = statelessHttp(stopGraceMs);
  const stopping = new AbortController();
  let shown: readonly Tool[] | undefined;
  /** What cannot be written down is a turn too many, and no reason to keep an answer back. */
  const waited = ({ job, attempt }: Pick<ToolCall, 'job' | 'attempt'>, since: EpochMs): Promise<unknown> =>
    deps.jobs.tell(job.id, { kind: 'only-waited', attempt, since, workedAt: witness.workedAt(attempt) }).catch(bug);
  return {
    async handle(request) {
      if (!isOn()) return refusal(403, 'Agents have no tools here: jobs.tools is off in config.toml.');
      const token = /^Bearer\s+(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
      const caller = token === undefined ? null : await admit(token);
      if (caller === null)
        return refusal(401, 'This token is of no agent that works on a job now.', { 'www-authenticate': 'Bearer' });
      return http.handle(request, {
        ...{ instructions, version, bug, tools: (shown ??= tools.map(shownTool)) },
        call(name, input, signal) {
          const tool = tools.find((each) => each.name === name);
          if (tool === undefined) return undefined;
          witness.toolCalled(caller.attempt);
          const lost = (): void => witness.toolsLost(caller.attempt);
          signal.addEventListener('abort', lost);
          const run = runTool(tool, input, { ...deps, ...caller, signal: AbortSignal.any([signal, stopping.signal]) });
          const since = deps.clock();
          return run
            .then(
              async (output) => {
                if (hasOnlyWaited(name, output)) await waited(caller, since);
                else witness.worked(caller.attempt);
                return output;
              },
              (error: unknown) => {
                witness.worked(caller.attempt);
                throw error;
              },
            )
            .finally(() => signal.removeEventListener('abort', lost));
        },
      });
    },
    async close() {
      stopping.abort();
      await http.close();
    },
  };
}

function shownTool({ name, title, description, effect, input, output }: AgentTool): Tool {
  return {
    ...{ name, title, description },
    inputSchema: objectSchema(name, z.toJSONSchema(input, { io: 'input' })),
    outputSchema: objectSchema(name, z.toJSONSchema(output)),
    annotations: {
      readOnlyHint: effect === 'read',
      destructiveHint: false,
      idempotentHint: false,
      openWorldHint: false,
    },
  };
}
