const headBytes = 8;
const streams = 3;

/**
 * Takes a multiplexed stream of the Docker Engine API apart, as its `/containers/{id}/attach` describes it: each frame
 * has a head of 8 bytes (the stream, three zeros, the length as a big-endian uint32), wherever the chunks are cut. Hands
 * over what the frames hold; false where it is no such stream.
 */
export function frameReader(payload: (bytes: Uint8Array) => void): (chunk: Uint8Array) => boolean {
  const head = Buffer.alloc(headBytes);
  let headSeen = 0;
  let left = 0;
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (left > 0) {
        payload(rest.subarray(0, left));
        const taken = Math.min(left, rest.length);
        left -= taken;
        rest = rest.subarray(taken);
        continue;
      }
      const taken = Math.min(headBytes - headSeen, rest.length);
      head.set(rest.subarray(0, taken), headSeen);
      headSeen += taken;
      rest = rest.subarray(taken);
      if (headSeen < headBytes) return true;
      if (head.readUInt8(0) >= streams || head.readUIntBE(1, 3) !== 0) return false;
      headSeen = 0;
      left = head.readUInt32BE(4);
    }
    return true;
  };
}
