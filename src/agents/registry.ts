import type { Agent } from './agent.ts';
import { claude } from './claude/claude.ts';
import { codex } from './codex/codex.ts';
import { gemini } from './gemini/gemini.ts';

/** All agents, by id. A new one is its folder and a line here. */
export const agents: ReadonlyMap<string, Agent> = new Map([claude, codex, gemini].map((each) => [each.id, each]));
