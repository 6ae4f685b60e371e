import type { DemoAgent } from './agent.ts';
import { agentPackages, type AgentPackage } from './agent-package.ts';
import { claudeAgent, claudePaceMs } from './claude.ts';
import { codexAgent, codexPaceMs } from './codex.ts';
import { geminiAgent, geminiPaceMs } from './gemini.ts';
import type { Surroundings } from './headless.ts';
import { anthropic } from './provider/anthropic.ts';
import { google } from './provider/google.ts';
import { openai } from './provider/openai.ts';
import { scriptedAgent, scriptedPaceMs } from './scripted.ts';
import type { Cast } from './stage.ts';

/** An agent that the demo can show. */
export type Part = Cast & {
  /** What has to be installed for it. */
  readonly needs: AgentPackage | null;
  /** `executable` is empty where it needs none. */
  play(executable: string, surroundings: Surroundings): DemoAgent;
};

/** The agents of the demo, by the word after `--agent`. */
export const parts = {
  scripted: {
    agent: 'claude',
    provider: anthropic,
    paceMs: scriptedPaceMs,
    needs: null,
    play: (_, { access }) => scriptedAgent(access),
  },
  claude: {
    agent: 'claude',
    provider: anthropic,
    paceMs: claudePaceMs,
    needs: agentPackages.claude,
    play: claudeAgent,
  },
  codex: { agent: 'codex', provider: openai, paceMs: codexPaceMs, needs: agentPackages.codex, play: codexAgent },
  gemini: { agent: 'gemini', provider: google, paceMs: geminiPaceMs, needs: agentPackages.gemini, play: geminiAgent },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof parts;
