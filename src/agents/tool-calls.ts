import type { AgentEvent } from './job-mode.ts';

/** Calls that never get their result are forgotten, the oldest first. */
const mostOpen = 100;

/** Puts the result of a tool together with its call, for an agent that tells them apart. */
export class ToolCalls {
  readonly #open = new Map<string, { readonly name: string; readonly input: unknown }>();

  begin(id: string, name: string, input: unknown): AgentEvent[] {
    this.#open.set(id, { name, input });
    const begun: AgentEvent = { kind: 'tool-begun', id, name };
    const [oldest] = this.#open.keys();
    if (this.#open.size <= mostOpen || oldest === undefined) return [begun];
    this.#open.delete(oldest);
    return [begun, { kind: 'tool-ended', id: oldest }];
  }

  end(id: string, result: unknown): AgentEvent[] {
    const call = this.#open.get(id);
    this.#open.delete(id);
    return call === undefined
      ? []
      : [
          { ...toolResult(call.name, call.input, result), id },
          { kind: 'tool-ended', id },
        ];
  }
}

/** The result of a call, as digests: neither what went in nor what came out is kept. */
export function toolResult(
  name: string,
  input: unknown,
  result: unknown,
): Extract<AgentEvent, { kind: 'tool-result' }> {
  return { kind: 'tool-result', name, call: digest([name, input]), result: digest(result) };
}

function digest(value: unknown): string {
  return Bun.hash(JSON.stringify(value) ?? '').toString(36);
}
