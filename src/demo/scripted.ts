import type { AgentEvent } from '../simulator/agent/agent-event.ts';
import { runScriptedAgent } from '../simulator/agent/scripted-agent.ts';
import type { AgentNews, DemoAgent } from './agent.ts';
import { anthropic } from './provider/anthropic.ts';
import { demoPrompts, scriptedPrompts } from './script.ts';
import type { Access } from './stage.ts';

/** With this pause of the provider the conversation lasts longer than the first account is closed. */
export const scriptedPaceMs = 40;

/** The agent that needs no installation: it sends what Claude Code sends and runs no command. */
export function scriptedAgent({ environment }: Access): DemoAgent {
  return {
    name: 'scripted',
    turnsPlanned: demoPrompts.length,
    async run(tell, signal) {
      const outcome = await runScriptedAgent({
        baseUrl: environment['ANTHROPIC_BASE_URL'] ?? '',
        token: environment['ANTHROPIC_AUTH_TOKEN'] ?? '',
        sessionId: crypto.randomUUID(),
        turns: scriptedPrompts(),
        model: anthropic.model,
        signal,
        onEvent: (event) => {
          const news = newsOf(event);
          if (news !== undefined) tell(news);
        },
      });
      return outcome.completed;
    },
  };
}

function newsOf(event: AgentEvent): AgentNews | undefined {
  switch (event.kind) {
    case 'turn-started':
      return { kind: 'turn-started', turn: event.turn, prompt: demoPrompts[event.turn - 1] ?? event.prompt };
    case 'delta':
      return { kind: 'said', text: event.text };
    case 'tool-called':
      return { kind: 'said', text: `$ ${event.command}  ` };
    case 'error':
      return { kind: 'agent-error', message: event.message };
    case 'turn-done':
      return { kind: 'turn-done', turn: event.turn };
    case 'started':
    case 'retrying':
    case 'turn-failed':
    case 'stopped':
      return undefined;
  }
}
