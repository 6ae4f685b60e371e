import { asBuffer } from '../lib/as-buffer.ts';
import { readElement } from '../lib/json-array.ts';
import { readFrame } from '../lib/sse.ts';
import type { Framing, Provider } from '../providers/provider.ts';

export const mostFrames = 64;
export const mostBytes = 256 * 1024;
export const longestMs = 15_000;

/** A source of bytes: null at its clean end, throws when it breaks. */
export type Chunks = { next(): Promise<Uint8Array | null> };

/**
 * What the gate saw before it let a stream go:
 *
 * - `open`: content has come, or a bound was reached. `held` goes to the client first; `pending` is a read under way.
 * - `failed`: an error event came first; `data` is its JSON.
 * - `cut`: the stream ended or broke before any content.
 */
export type GateResult =
  | { readonly kind: 'open'; readonly held: Buffer; readonly pending: Promise<Uint8Array | null> | null }
  | { readonly kind: 'failed'; readonly data: string; readonly held: Buffer }
  | { readonly kind: 'cut'; readonly detail: string };

/** Holds back a stream's neutral events until content, so that an error inside HTTP 200 can still fail over. */
export async function passGate(chunks: Chunks, provider: Provider, framing: Framing): Promise<GateResult> {
  let held: Buffer = Buffer.alloc(0);
  const scan = new Scan(provider, framing);
  const bound = timeBound();
  try {
    for (;;) {
      const read = chunks.next();
      const chunk = await Promise.race([read, bound.reached]);
      if (chunk === 'late') return { kind: 'open', held, pending: read };
      if (chunk === null) return { kind: 'cut', detail: 'the stream ended before any content' };
      held = held.length === 0 ? asBuffer(chunk) : Buffer.concat([held, chunk]);
      const seen = scan.scan(held);
      if (seen.kind === 'failed') return { kind: 'failed', data: seen.data, held };
      if (seen.kind === 'open' || held.length >= mostBytes) return { kind: 'open', held, pending: null };
    }
  } catch (error) {
    return { kind: 'cut', detail: error instanceof Error ? error.message : String(error) };
  } finally {
    bound.clear();
  }
}

type Seen = { readonly kind: 'neutral' | 'open' } | { readonly kind: 'failed'; readonly data: string };

/** Looks at each whole frame of a growing buffer once. */
class Scan {
  readonly #provider: Provider;
  readonly #read: (held: Buffer, from: number) => { name: string; data: string; end: number } | null;
  #from = 0;
  #frames = 0;

  constructor(provider: Provider, framing: Framing) {
    this.#provider = provider;
    this.#read = framing === 'sse' ? readFrame : readNamelessElement;
  }

  scan(held: Buffer): Seen {
    for (let frame = this.#read(held, this.#from); frame !== null; frame = this.#read(held, this.#from)) {
      this.#from = frame.end;
      this.#frames += 1;
      const kind = this.#provider.frameKind(frame.name, frame.data);
      if (kind === 'failed') return { kind, data: frame.data };
      if (kind === 'content' || this.#frames >= mostFrames) return { kind: 'open' };
    }
    return { kind: 'neutral' };
  }
}

function readNamelessElement(held: Buffer, from: number) {
  const element = readElement(held, from);
  return element === null ? null : { name: '', ...element };
}

function timeBound(): { reached: Promise<'late'>; clear: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const reached = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), longestMs);
  });
  return { reached, clear: () => clearTimeout(timer) };
}
