import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';

/** Far below the minute after which clients give up on a tool that says nothing. */
const everySeconds = 5;

/** Tells a client that asked for it, every few seconds, that its call still runs. Ends with the scope. */
export function reportProgress(extra: RequestHandlerExtra<ServerRequest, ServerNotification>): Disposable {
  const progressToken = extra._meta?.progressToken;
  if (progressToken === undefined) return { [Symbol.dispose]: () => undefined };
  let progress = 0;
  const timer = setInterval(() => {
    progress += everySeconds;
    // Whoever left needs no progress.
    void extra
      .sendNotification({ method: 'notifications/progress', params: { progressToken, progress } })
      .catch(() => undefined);
  }, everySeconds * 1000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
