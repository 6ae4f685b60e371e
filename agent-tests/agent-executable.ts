import { homedir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../src/core/problem.ts';
import { agentPackages } from '../src/demo/agent-package.ts';
import { installAgent } from '../src/demo/install-agent.ts';

export type AgentName = keyof typeof agentPackages;

const installed = new Map<AgentName, Promise<string>>();

/** An agent at the version that Stint is proved with, from a cache outside the repository. */
export function agentExecutable(name: AgentName): Promise<string> {
  const executable = installed.get(name) ?? install(name);
  installed.set(name, executable);
  return executable;
}

function install(name: AgentName): Promise<string> {
  return installAgent(agentPackages[name], {
    cacheFolder: join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stint', 'agents'),
    npm: 'npm',
    report: (line) => console.error(line),
  }).catch((error: unknown) => {
    // One sentence, without npm's whole output below it.
    throw error instanceof Problem ? new Error(`${error.message} ${error.hint ?? ''}`) : error;
  });
}
