import { readFrame } from '../lib/sse.ts';
import type { Provider } from '../providers/provider.ts';

const mostFrames = 64;
const mostBytes = 256 * 1024;
const longestMs = 15_000;

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
export async function passGate(chunks: Chunks, provider: Provider): Promise<GateResult> {
  let held: Buffer = Buffer.alloc(0);
  let from = 0;
  let frames = 0;
  const bound = timeBound();
  try {
    for (;;) {
      const read = chunks.next();
      const chunk = await Promise.race([read, bound.reached]);
      if (chunk === 'late') return { kind: 'open', held, pending: read };
      if (chunk === null) return { kind: 'cut', detail: 'the stream ended before any content' };
      held = held.length === 0 ? asBuffer(chunk) : Buffer.concat([held, chunk]);
      for (let frame = readFrame(held, from); frame !== null; frame = readFrame(held, from)) {
        const kind = provider.frameKind(frame.name, frame.data);
        if (kind === 'failed') return { kind: 'failed', data: frame.data, held };
        frames += 1;
        if (kind === 'content' || frames >= mostFrames) return { kind: 'open', held, pending: null };
        from = frame.end;
      }
      if (held.length >= mostBytes) return { kind: 'open', held, pending: null };
    }
  } catch (error) {
    return { kind: 'cut', detail: error instanceof Error ? error.message : String(error) };
  } finally {
    bound.clear();
  }
}

function timeBound(): { reached: Promise<'late'>; clear: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const reached = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), longestMs);
  });
  return { reached, clear: () => clearTimeout(timer) };
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
