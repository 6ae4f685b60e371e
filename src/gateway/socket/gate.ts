import type { FrameKind } from '../../providers/provider.ts';
import { longestMs, mostBytes, mostFrames } from '../gate.ts';

/** A message of a provider and what it is. */
export type Message = { readonly data: string | Buffer; readonly kind: FrameKind | 'end' };

/** Holds back what an answer begins with until its content, within the bounds of a streamed answer's gate. */
export class Gate {
  readonly #opened: () => void;
  #held: Message[] = [];
  #size = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `opened` is called once, when the answer belongs to the client. */
  constructor(opened: () => void) {
    this.#opened = opened;
  }

  get heldSize(): number {
    return this.#size;
  }

  push(message: Message): void {
    this.#held.push(message);
    this.#size += message.data.length;
    this.#timer ??= setTimeout(this.#opened, longestMs);
    if (message.kind !== 'neutral' || this.#held.length >= mostFrames || this.#size >= mostBytes) this.#opened();
  }

  /** Gives up what was held; the gate holds nothing any more. */
  take(): readonly Message[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#size = 0;
    return this.#held.splice(0);
  }
}
