const mostBytes = 64 * 1024;

/** Collects what a command prints, of a long output the last 64 KiB: errors come at the end. */
export type Output = { add(chunk: Uint8Array): void; text(): string };

export function collectOutput(): Output {
  let kept: Buffer = Buffer.alloc(0);
  return {
    add(chunk) {
      kept = Buffer.concat([kept, chunk.subarray(-mostBytes)]).subarray(-mostBytes);
    },
    text: () => kept.toString('utf8'),
  };
}
