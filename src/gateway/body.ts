import { Problem } from '../core/problem.ts';
import { secondMs, type EpochMs } from '../core/time.ts';

type BodyLimits = { readonly bodyLimitBytes: number; readonly bodiesInFlightBytes: number };

/** A request's body; empty once it is released, which gives its share of memory back. */
export interface Body {
  readonly bytes: Buffer;
  /** Puts other bytes in the place of the request's own. */
  replace(bytes: Buffer): void;
  release(): void;
}

type Share = { readonly grow: (bytes: number) => void; readonly release: () => void };

const nothing: Body = { bytes: Buffer.alloc(0), replace: () => undefined, release: () => undefined };

/** Reads request bodies within a bound for each and a bound for all that are in flight. */
export class BodyReader {
  readonly #limits: BodyLimits;
  readonly #clock: () => EpochMs;
  #inFlightBytes = 0;

  constructor(limits: BodyLimits, clock: () => EpochMs) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Throws a Problem `too_large` or `unavailable` before it takes in more than the bounds allow. */
  async read(request: Request): Promise<Body> {
    const declared = Number(request.headers.get('content-length') ?? Number.NaN);
    if (Number.isNaN(declared)) return request.body === null ? nothing : this.#readChunks(request.body);
    this.#check(declared, declared);
    const share = this.#share();
    share.grow(declared);
    try {
      return heldBody(Buffer.from(await request.arrayBuffer()), share);
    } catch (error) {
      share.release();
      throw error;
    }
  }

  /** Bytes that came another way, within the same bounds. */
  hold(bytes: Buffer): Body {
    this.#check(bytes.length, bytes.length);
    const share = this.#share();
    share.grow(bytes.length);
    return heldBody(bytes, share);
  }

  async #readChunks(stream: ReadableStream<Uint8Array>): Promise<Body> {
    const share = this.#share();
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of stream) {
        size += chunk.byteLength;
        this.#check(size, chunk.byteLength);
        share.grow(chunk.byteLength);
        chunks.push(chunk);
      }
    } catch (error) {
      share.release();
      throw error;
    }
    return heldBody(Buffer.concat(chunks), share);
  }

  #check(sizeBytes: number, moreBytes: number): void {
    if (sizeBytes > this.#limits.bodyLimitBytes) {
      const limitMiB = Math.floor(this.#limits.bodyLimitBytes / 1024 / 1024);
      throw new Problem('too_large', `Stint: the request is larger than ${limitMiB} MiB.`, {
        hint: 'Raise gateway.bodyLimitMiB in config.toml, or shorten the conversation.',
      });
    }
    if (this.#inFlightBytes + moreBytes > this.#limits.bodiesInFlightBytes) {
      throw new Problem('unavailable', 'Stint: too many large requests are in flight.', {
        retryAt: this.#clock() + 2 * secondMs,
      });
    }
  }

  #share(): Share {
    let heldBytes = 0;
    return {
      grow: (bytes) => {
        heldBytes += bytes;
        this.#inFlightBytes += bytes;
      },
      release: () => {
        this.#inFlightBytes -= heldBytes;
        heldBytes = 0;
      },
    };
  }
}

/** Lets go of the bytes with the share: an answer may stream for minutes after its request has been sent. */
function heldBody(bytes: Buffer, { release }: Share): Body {
  let held: Buffer = bytes;
  return {
    get bytes() {
      return held;
    },
    replace: (other) => {
      held = other;
    },
    release: () => {
      held = nothing.bytes;
      release();
    },
  };
}
