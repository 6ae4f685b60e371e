const keptBytes = 4096;

/** Keeps the last bytes of a stream, at least 4 KiB of them, at the cost of a reference per chunk. */
export class Tail {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (this.#bytes < 2 * keptBytes) return;
    let first = this.#chunks[0] as Uint8Array;
    while (this.#bytes - first.byteLength >= keptBytes) {
      this.#chunks.shift();
      this.#bytes -= first.byteLength;
      first = this.#chunks[0] as Uint8Array;
    }
  }

  text(): string {
    const parts: Uint8Array[] = [];
    let left = 2 * keptBytes;
    // One chunk may be the whole answer: only what is looked at is copied.
    for (const chunk of this.#chunks.toReversed()) {
      if (left <= 0) break;
      const part = chunk.subarray(-left);
      parts.unshift(part);
      left -= part.byteLength;
    }
    return Buffer.concat(parts).toString('utf8');
  }
}
