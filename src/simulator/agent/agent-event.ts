/** What a scripted agent tells of its work, in the order it happens. */
export type AgentEvent =
  | { readonly kind: 'started'; readonly sessionId: string }
  | { readonly kind: 'turn-started'; readonly turn: number; readonly prompt: string }
  | { readonly kind: 'delta'; readonly turn: number; readonly text: string }
  | { readonly kind: 'tool-called'; readonly turn: number; readonly tool: string; readonly command: string }
  /** An error that reached the agent, which a gateway should have kept from it. */
  | { readonly kind: 'error'; readonly turn: number; readonly status: number | null; readonly message: string }
  | { readonly kind: 'retrying'; readonly turn: number; readonly delayMs: number; readonly streamed: boolean }
  | { readonly kind: 'turn-done'; readonly turn: number; readonly text: string; readonly durationMs: number }
  | { readonly kind: 'turn-failed'; readonly turn: number; readonly message: string }
  | { readonly kind: 'stopped'; readonly outcome: AgentOutcome };

export interface AgentOutcome {
  readonly turnsDone: number;
  readonly errorsSeen: number;
  readonly requestsSent: number;
  /** Whether a turn failed for good or the signal ended the run. */
  readonly completed: boolean;
}
