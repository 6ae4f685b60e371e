import type { AgentEvent, AgentOutcome } from './agent-event.ts';
import { Conversation } from './conversation.ts';
import { type AssistantMessage, BrokenStream, readMessage, readStreamedMessage } from './message-reader.ts';
import { backoffMs, retryDelayMs } from './retry-delay.ts';

export interface ScriptedAgentOptions {
  readonly baseUrl: string;
  /** Sent as a bearer token, as with `ANTHROPIC_AUTH_TOKEN`. */
  readonly token: string;
  readonly sessionId: string;
  /** The number of turns, or their prompts. */
  readonly turns: number | readonly string[];
  readonly model?: string;
  /** Words that each answer should have, when the prompts are the agent's own. */
  readonly words?: number;
  readonly maxRetries?: number;
  readonly onEvent?: (event: AgentEvent) => void;
  readonly signal?: AbortSignal;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Waits before a retry; rejects when the signal fires. */
  readonly wait?: (delayMs: number, signal: AbortSignal) => Promise<void>;
}

/** An answer with an error status. */
class ErrorStatus extends Error {
  readonly status: number;
  readonly retryAfter: string | null;

  constructor(response: Response, body: string) {
    super(`${response.status} ${body.slice(0, 200)}`);
    this.status = response.status;
    this.retryAfter = response.headers.get('retry-after');
  }
}

const betas = 'claude-code-20250219,interleaved-thinking-2025-05-14';

/**
 * Works through its turns against a base URL as Claude Code does in bearer mode: a broken stream is asked for again
 * without streaming, an error status is retried, and a 429 that asks for more than a minute ends the run.
 */
export async function runScriptedAgent(options: ScriptedAgentOptions): Promise<AgentOutcome> {
  const run = new AgentRun(options);
  const outcome = await run.work();
  options.onEvent?.({ kind: 'stopped', outcome });
  return outcome;
}

class AgentRun {
  private readonly conversation = new Conversation();
  private readonly options: ScriptedAgentOptions;
  private readonly signal: AbortSignal;
  private turn = 0;
  private errorsSeen = 0;
  private requestsSent = 0;

  constructor(options: ScriptedAgentOptions) {
    this.options = options;
    this.signal = options.signal ?? new AbortController().signal;
  }

  async work(): Promise<AgentOutcome> {
    this.tell({ kind: 'started', sessionId: this.options.sessionId });
    try {
      await this.greet();
      for (const prompt of promptsOf(this.options)) {
        this.turn += 1;
        await this.takeTurn(prompt);
      }
      return this.outcome(true);
    } catch (error) {
      this.tell({ kind: 'turn-failed', turn: this.turn, message: messageOf(error) });
      return this.outcome(false);
    }
  }

  /** The CLI asks whether the base URL is there, and goes on without an answer. */
  private async greet(): Promise<void> {
    await this.send('/', { method: 'HEAD' }).catch(() => this.signal.throwIfAborted());
  }

  private async takeTurn(prompt: string): Promise<void> {
    const startedAt = performance.now();
    this.tell({ kind: 'turn-started', turn: this.turn, prompt });
    this.conversation.prompt(prompt);
    let message = await this.ask();
    this.conversation.answer(message);
    while (message.stopReason === 'tool_use') {
      this.conversation.toolResults(this.callTools(message));
      message = await this.ask();
      this.conversation.answer(message);
    }
    const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    this.tell({ kind: 'turn-done', turn: this.turn, text, durationMs: performance.now() - startedAt });
  }

  /** Pretends to run the commands: the demo's agent touches nothing. */
  private callTools({ content }: AssistantMessage): { id: string; output: string }[] {
    return content.flatMap((block) => {
      if (block.type !== 'tool_use') return [];
      const input = block.input['command'];
      const command = typeof input === 'string' ? input : '';
      this.tell({ kind: 'tool-called', turn: this.turn, tool: block.name, command });
      return [{ id: block.id, output: command.replace(/^echo /, '') }];
    });
  }

  private async ask(): Promise<AssistantMessage> {
    let streamed = true;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.askOnce(streamed);
      } catch (error) {
        if (this.signal.aborted) throw error;
        const status = error instanceof ErrorStatus ? error.status : null;
        this.errorsSeen += 1;
        this.tell({ kind: 'error', turn: this.turn, status, message: messageOf(error) });
        const delayMs = this.delayAfter(error, attempt);
        if (delayMs === undefined) throw error;
        if (error instanceof BrokenStream) streamed = false;
        this.tell({ kind: 'retrying', turn: this.turn, delayMs, streamed });
        if (delayMs > 0) await (this.options.wait ?? waitFor)(delayMs, this.signal);
      }
    }
  }

  private async askOnce(streamed: boolean): Promise<AssistantMessage> {
    const { model = 'claude-sonnet-4-5', sessionId } = this.options;
    const body = this.conversation.body({ model, sessionId, streamed });
    const response = await this.send('/v1/messages?beta=true', { method: 'POST', body });
    if (!response.ok) throw new ErrorStatus(response, await response.text());
    if (!streamed) return readMessage(response);
    try {
      return await readStreamedMessage(response, (text) => this.tell({ kind: 'delta', turn: this.turn, text }));
    } catch (error) {
      throw new BrokenStream(messageOf(error), { cause: error });
    }
  }

  private send(path: string, request: { method: string; body?: string }): Promise<Response> {
    this.requestsSent += 1;
    const fetch = this.options.fetch ?? globalThis.fetch;
    const headers = request.method === 'HEAD' ? { 'user-agent': 'stint-demo-agent' } : this.headers();
    return fetch(`${this.options.baseUrl}${path}`, { ...request, headers, signal: this.signal });
  }

  private headers(): Record<string, string> {
    return {
      accept: 'application/json',
      authorization: `Bearer ${this.options.token}`,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': betas,
      'anthropic-dangerous-direct-browser-access': 'true',
      'x-app': 'cli',
      'x-claude-code-session-id': this.options.sessionId,
      'user-agent': 'stint-demo-agent',
    };
  }

  /** A broken stream is asked for again at once; undefined gives up. */
  private delayAfter(error: unknown, attempt: number): number | undefined {
    if (attempt >= (this.options.maxRetries ?? 10)) return undefined;
    if (error instanceof BrokenStream) return 0;
    return error instanceof ErrorStatus ? retryDelayMs(error, attempt) : backoffMs(attempt);
  }

  private outcome(completed: boolean): AgentOutcome {
    const turnsDone = completed ? this.turn : Math.max(0, this.turn - 1);
    return { turnsDone, errorsSeen: this.errorsSeen, requestsSent: this.requestsSent, completed };
  }

  private tell(event: AgentEvent): void {
    this.options.onEvent?.(event);
  }
}

function promptsOf({ turns, words }: ScriptedAgentOptions): readonly string[] {
  if (typeof turns !== 'number') return turns;
  const script = words === undefined ? '' : ` [[words:${words}]]`;
  return Array.from({ length: turns }, (_, index) => `Turn ${index + 1}.${script}`);
}

function waitFor(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', abort, { once: true });
    function done(): void {
      signal.removeEventListener('abort', abort);
      resolve();
    }
    function abort(): void {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
