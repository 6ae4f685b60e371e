import { type Exchange, type Headers, renderHead } from '../http/exchange.ts';
import { fixedAnswer, type FixedReply } from '../provider/fixed-reply.ts';
import { contentChunks, type ContentMeta, wholeContent } from './content-form.ts';
import { wholeStream } from './content-stream.ts';
import { framingOf } from './endpoint.ts';

/** Renders the answer once in each form; the path of a request chooses among them. */
export function fixedReplies(reply: FixedReply, id: string): (exchange: Exchange) => void {
  const answer = fixedAnswer(reply);
  const meta: ContentMeta = { id, model: 'gemini-2.5-pro', inputTokens: 100 };
  const chunks = contentChunks(answer, meta);
  const streamed = {
    sse: wholeStream(chunks, 'sse', [['content-type', 'text/event-stream']]),
    array: wholeStream(chunks, 'array', json),
  };
  const body = Buffer.from(JSON.stringify(wholeContent(answer, meta)));
  const whole = Buffer.concat([renderHead(200, [...json, ['content-length', String(body.length)]]), body]);
  return (exchange) => {
    const { request } = exchange;
    exchange.sendRaw(200, request.path.includes(':stream') ? streamed[framingOf(request)] : whole);
  };
}

const json: Headers = [['content-type', 'application/json; charset=UTF-8']];
