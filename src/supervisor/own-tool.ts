import { toolServerName } from '../agents/job-mode.ts';

/** As Claude Code and Gemini CLI name a tool of that server, and as the adapter of Codex does. */
const own = new RegExp(`^(mcp__${toolServerName}__|mcp_${toolServerName}_|${toolServerName}\\.|${toolServerName}__)`);

/** Tools that look whether something has ended: the same answer twice means that it has not. */
const looking = /^(BashOutput|TaskOutput|AgentOutput|AgentOutputTool|ReadMcpResourceTool)$/;

/** Whether a tool is one of those that Stint gives to the agents of its jobs. */
export function isOwnTool(name: string): boolean {
  return own.test(name);
}

/** Whether asking it again without another result is how it is meant to be used. */
export function mayRepeat(name: string): boolean {
  return isOwnTool(name) || looking.test(name);
}
