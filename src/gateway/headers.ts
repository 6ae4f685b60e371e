/** Headers that belong to one connection: RFC 9110, 7.6.1, and what fetch or Bun.serve set themselves. */
const connectionHeaders = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** The agent's headers for an upstream request: without those of its connection, its cookies and its host. */
export function forwardedHeaders(incoming: Headers): Headers {
  const headers = new Headers(incoming);
  dropConnectionHeaders(headers);
  headers.delete('host');
  headers.delete('content-length');
  headers.delete('expect');
  headers.delete('cookie');
  // Absent means that the client may not be able to decode; fetch would fill in its own list.
  if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'identity');
  return headers;
}

/** The provider's headers for the agent. `decoded` says that the body goes on without its content encoding. */
export function returnedHeaders(upstream: Headers, decoded: boolean): Headers {
  const headers = new Headers(upstream);
  dropConnectionHeaders(headers);
  headers.delete('set-cookie');
  headers.delete('content-length');
  headers.delete('alt-svc');
  if (decoded) headers.delete('content-encoding');
  return headers;
}

/** Whether a client asked for each of these codings. */
export function acceptsEncoding(incoming: Headers, encoding: string): boolean {
  const asked = (incoming.get('accept-encoding') ?? '').toLowerCase().split(',');
  const wanted = asked.filter((each) => !/;\s*q=0(\.0*)?\s*$/.test(each));
  const names = wanted.map((each) => each.split(';')[0]?.trim());
  return encoding
    .toLowerCase()
    .split(',')
    .every((each) => names.includes(each.trim()) || names.includes('*') || each.trim() === 'identity');
}

function dropConnectionHeaders(headers: Headers): void {
  const listed = headers.get('connection');
  if (listed !== null) {
    for (const name of listed.split(',')) {
      const trimmed = name.trim();
      if (/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(trimmed)) headers.delete(trimmed);
    }
  }
  for (const name of connectionHeaders) headers.delete(name);
}
