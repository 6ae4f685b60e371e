import { glob } from 'node:fs/promises';
import { join } from 'node:path';

/** An agent as npm has it, in the version that Stint is proved with. */
export type AgentPackage = {
  /** As people name it. */
  readonly title: string;
  readonly command: string;
  readonly packageName: string;
  readonly version: string;
  /** What an installation takes on the disk. */
  readonly megabytes: number;
  /** Where the executable may lie below `node_modules`, as a glob: it has the name of the command. */
  readonly executable: string;
};

export const agentPackages = {
  claude: {
    title: 'Claude Code',
    command: 'claude',
    packageName: '@anthropic-ai/claude-code',
    version: '2.1.197',
    megabytes: 240,
    executable: '@anthropic-ai/claude-code-*/claude',
  },
  codex: {
    title: 'Codex',
    command: 'codex',
    packageName: '@openai/codex',
    version: '0.169.0',
    megabytes: 400,
    // The script of the main package only starts it, and would have to be killed with it.
    executable: '@openai/codex-*/vendor/*/bin/codex',
  },
  gemini: {
    title: 'Gemini CLI',
    command: 'gemini',
    packageName: '@google/gemini-cli',
    version: '0.61.0',
    megabytes: 100,
    executable: '.bin/gemini',
  },
} as const satisfies Record<string, AgentPackage>;

/** The files that may be a package's executable, on whichever platform. */
export async function executablesIn({ executable }: AgentPackage, folder: string): Promise<string[]> {
  const found = await Array.fromAsync(glob(executable, { cwd: folder }));
  return found.toSorted().map((path) => join(folder, path));
}
