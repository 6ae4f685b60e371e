import type { HookEvent } from './hook-event.ts';
import { permissionQuestion } from './hook-event.ts';
import type { AgentEvent } from './job-mode.ts';

type Call = Pick<HookEvent, 'tool_name' | 'tool_input'>;

/**
 * What an agent on a terminal waits to be allowed: other calls go on beside it, and it shows one question after the other.
 * A request names no call, so it is known again by its tool and input.
 */
export class Permissions {
  readonly #yes: string;
  #open: readonly (Call & { readonly question: string })[] = [];

  /** `yes` is the key that allows it. */
  constructor(yes: string) {
    this.#yes = yes;
  }

  asked(event: HookEvent): readonly AgentEvent[] {
    this.#open = [...this.#open, { ...event, question: permissionQuestion(event) }];
    return this.#open.length === 1 ? this.#first() : [];
  }

  /** A call has ended: it goes on, unless another one is still asked for. */
  ended(call: Call): readonly AgentEvent[] {
    const [first] = this.#open;
    const answered = this.#open.find((each) => isSame(each, call));
    this.#open = this.#open.filter((each) => each !== answered);
    if (this.#open.length === 0) return [{ kind: 'going' }];
    return answered === first ? this.#first() : [];
  }

  /** Whatever was asked for is not any more: its turn is over, or another one begins. */
  none(): void {
    this.#open = [];
  }

  #first(): readonly AgentEvent[] {
    return this.#open.slice(0, 1).map(({ question }) => ({ kind: 'asks', question, yes: this.#yes }));
  }
}

/** Claude Code 2.1.197 adds the answers of its user to the input, and Codex 0.169.0 says in a request what it is for. */
function isSame(asked: Call, ended: Call): boolean {
  const [a, b] = [asObject(asked.tool_input), asObject(ended.tool_input)];
  const both = Object.keys(a).filter((key) => key in b);
  return asked.tool_name === ended.tool_name && both.every((key) => Bun.deepEquals(a[key], b[key]));
}

function asObject(input: unknown): Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : { input };
}
