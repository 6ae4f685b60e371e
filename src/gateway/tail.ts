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
    return Buffer.concat(this.#chunks)
      .subarray(-2 * keptBytes)
      .toString('utf8');
  }
}
