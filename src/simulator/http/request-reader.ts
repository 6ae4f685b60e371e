/** One complete HTTP/1.1 request; header names are lower case, a repeated header is joined with `, `. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Bytes that are not HTTP/1.1; the connection cannot go on after it. */
export class MalformedRequest extends Error {}

type Head = Omit<HttpRequest, 'body'>;

/**
 * What the reader waits for: the blank line after a head, the rest of a body of known length, or the next chunk
 * of a chunked body. A complete body leads back to the head of the next request.
 */
type Awaiting =
  | { kind: 'head' }
  | { kind: 'body'; head: Head; sizeBytes: number }
  | { kind: 'chunks'; head: Head; decoded: Buffer[] };

const empty = Buffer.alloc(0);
const blankLine = '\r\n\r\n';

/** Cuts a byte stream into requests, wherever the stream was split. */
export class RequestReader {
  private parts: Buffer[] = [];
  private heldBytes = 0;
  private awaiting: Awaiting = { kind: 'head' };
  private continued = false;

  push(bytes: Buffer): void {
    this.parts.push(bytes);
    this.heldBytes += bytes.length;
  }

  /** Tells, once per request, whether a head with `expect: 100-continue` waits for leave to send its body. */
  takeContinue(): boolean {
    if (this.awaiting.kind === 'head' || this.continued) return false;
    this.continued = true;
    return this.awaiting.head.headers['expect']?.toLowerCase() === '100-continue';
  }

  /** Returns the next complete request; throws `MalformedRequest`. */
  next(): HttpRequest | undefined {
    if (this.awaiting.kind === 'head' && !this.readHead()) return undefined;
    if (this.awaiting.kind === 'body') return this.readBody(this.awaiting.head, this.awaiting.sizeBytes);
    if (this.awaiting.kind === 'chunks') return this.readChunks(this.awaiting.head, this.awaiting.decoded);
    return undefined;
  }

  /** Gives up the bytes that belong to no request yet. */
  takeRest(): Buffer {
    const rest = this.held();
    this.keep(empty);
    return rest;
  }

  private readHead(): boolean {
    const held = this.held();
    const end = held.indexOf(blankLine);
    if (end === -1) return false;
    const head = parseHead(held.toString('latin1', 0, end));
    this.keep(held.subarray(end + blankLine.length));
    this.awaiting = bodyOf(head);
    return true;
  }

  private readBody(head: Head, sizeBytes: number): HttpRequest | undefined {
    if (this.heldBytes < sizeBytes) return undefined;
    const held = this.held();
    this.keep(held.subarray(sizeBytes));
    return this.complete(head, held.subarray(0, sizeBytes));
  }

  private readChunks(head: Head, decoded: Buffer[]): HttpRequest | undefined {
    for (;;) {
      const held = this.held();
      const lineEnd = held.indexOf('\r\n');
      if (lineEnd === -1) return undefined;
      const sizeBytes = Number.parseInt(held.toString('latin1', 0, lineEnd), 16);
      if (Number.isNaN(sizeBytes)) throw new MalformedRequest('chunk size');
      const start = lineEnd + 2;
      if (held.length < start + sizeBytes + 2) return undefined;
      this.keep(held.subarray(start + sizeBytes + 2));
      if (sizeBytes === 0) return this.complete(head, Buffer.concat(decoded));
      decoded.push(held.subarray(start, start + sizeBytes));
    }
  }

  private complete(head: Head, body: Buffer): HttpRequest {
    this.awaiting = { kind: 'head' };
    this.continued = false;
    return { ...head, body };
  }

  private held(): Buffer {
    if (this.parts.length > 1) this.parts = [Buffer.concat(this.parts)];
    return this.parts[0] ?? empty;
  }

  private keep(rest: Buffer): void {
    this.parts = rest.length > 0 ? [rest] : [];
    this.heldBytes = rest.length;
  }
}

function parseHead(text: string): Head {
  const [requestLine = '', ...lines] = text.split('\r\n');
  const [method, target, version] = requestLine.split(' ');
  if (method === undefined || target === undefined || !version?.startsWith('HTTP/1.')) {
    throw new MalformedRequest('request line');
  }
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new MalformedRequest('header line');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = headers[name];
    headers[name] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  return { method, path, query: mark === -1 ? '' : target.slice(mark + 1), headers };
}

function bodyOf(head: Head): Awaiting {
  if (head.headers['transfer-encoding']?.toLowerCase() === 'chunked') return { kind: 'chunks', head, decoded: [] };
  const sizeBytes = Number(head.headers['content-length'] ?? 0);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new MalformedRequest('content-length');
  return { kind: 'body', head, sizeBytes };
}
