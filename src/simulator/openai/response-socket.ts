import { acceptWebSocket, type ServerSocket } from '../http/web-socket.ts';
import { fragmentedText, textFrame } from '../http/web-socket-frame.ts';
import { type Call, servedHeaders } from './call.ts';
import { type ErrorAnswer, errorOf } from './error-answer.ts';
import { type Fault, isRefusal } from './fault.ts';
import { invalidRequest } from './known-error.ts';
import { rateLimitsFrame } from './rate-limits-frame.ts';
import { refusalOf } from './refusal.ts';
import { replyEvents } from './response-form.ts';
import { planStream, type StreamPlan, writePieces } from './response-stream.ts';
import { emptyReply, prepareReply } from './responses.ts';
import { type InputItem, inputItems, parseResponsesRequest, type ResponsesRequest } from './responses-request.ts';
import { streamErrorOf } from './stream-error.ts';

/** One WebSocket of the Responses API: it answers one request at a time, and remembers its own responses. */
interface Connection {
  /** The upgrade; what it says of time and id is each message's own. */
  readonly call: Call;
  readonly sessionId: string | null;
  readonly socket: ServerSocket;
  readonly remembered: Map<string, readonly InputItem[]>;
}

/** Serves a WebSocket until either side ends it. */
export function serveSocket(call: Call, sessionId: string | null): void {
  const remembered = new Map<string, readonly InputItem[]>();
  let last = Promise.resolve();
  acceptWebSocket(call.exchange, servedHeaders(call), (text, socket) => {
    const { state } = call;
    last = last.then(() => {
      const message = { ...call, now: state.now(), requestId: `req_${state.nextId()}` };
      return answerMessage({ call: message, sessionId, socket, remembered }, text);
    });
  });
}

async function answerMessage(connection: Connection, text: string): Promise<void> {
  const { call, socket, sessionId } = connection;
  const { credential, now, state, exchange } = call;
  if (exchange.closed) return;
  const parsed = parseMessage(text);
  if (typeof parsed === 'string') {
    await sendErrorFrame(socket, invalidRequest(parsed));
    return;
  }
  const via = parsed.generate === false ? 'warm-up' : 'frame';
  const seen = { at: now, credential: credential.name, model: parsed.model, stream: true, sessionId, via } as const;
  const entry = state.log.addMessage(exchange, seen, text);
  const target = { ...seen, credential: credential.name, path: exchange.request.path, inference: true };
  const fault = state.faults.take(target);
  const status = await answerRequest(connection, parsed, fault);
  if (status !== undefined) entry.answered(status);
  if (!exchange.closed) entry.done();
}

function parseMessage(text: string): ResponsesRequest | string {
  const parsed = parseResponsesRequest(text);
  if (parsed.kind === 'problem') return parsed.message;
  const { type } = parsed.request;
  return type === 'response.create' ? parsed.request : `Unknown event type: ${JSON.stringify(type)}.`;
}

/** Answers one request and tells its status; undefined when the connection ended before. */
async function answerRequest(
  connection: Connection,
  request: ResponsesRequest,
  fault: Fault | undefined,
): Promise<number | undefined> {
  const { call, socket } = connection;
  const { credential, now } = call;
  if (fault !== undefined && isRefusal(fault.kind)) {
    const answer = refusalOf({ ...fault, kind: fault.kind }, { credential, model: request.model, now });
    await sendErrorFrame(socket, answer);
    return answer.status;
  }
  if (fault !== undefined) await meetFrameFault(fault, socket);
  if (call.exchange.closed) return undefined;
  if (request.generate === false) {
    await warmUp(connection, request);
    return 200;
  }
  const { remembered } = connection;
  const prepared = prepareReply(call, { request, sizeBytes: JSON.stringify(request).length, remembered });
  if (prepared.kind === 'refused') {
    await sendErrorFrame(socket, prepared.answer);
    return prepared.answer.status;
  }
  if (credential.kind === 'plan') await socket.sendText(JSON.stringify(rateLimitsFrame(credential, now)));
  remembered.set(prepared.reply.id, prepared.items);
  const refused = { credential, model: request.model, now };
  const plan = planStream(prepared.reply, fault, (met) => streamErrorOf(met, refused));
  await sendPlan(connection, plan, fault);
  return 200;
}

async function warmUp({ call, socket, remembered }: Connection, request: ResponsesRequest): Promise<void> {
  const reply = emptyReply(call, request);
  remembered.set(reply.id, inputItems(request));
  const { beginning, closing } = replyEvents(reply);
  for (const event of [...beginning, ...closing]) await socket.sendText(JSON.stringify(event));
}

async function sendPlan(
  { socket, call: { exchange, state } }: Connection,
  { events, paced, rest, fault }: StreamPlan,
  met: Fault | undefined,
): Promise<void> {
  const frame = (event: object): Buffer => {
    const text = JSON.stringify(event);
    return met?.kind === 'fragmented' ? fragmentedText(text, met.pieceBytes) : textFrame(text);
  };
  if (met?.kind === 'split') {
    await writePieces(exchange, Buffer.concat([...events, ...paced, ...rest].map(frame)), met.pieceBytes);
    return;
  }
  await socket.sendRaw(Buffer.concat(events.map(frame)));
  for (const delta of paced) {
    await exchange.pause(state.deltaDelayMs);
    await socket.sendRaw(frame(delta));
  }
  if (rest.length > 0) await socket.sendRaw(Buffer.concat(rest.map(frame)));
  if (fault?.kind === 'clean_end_mid') await socket.close(1000);
  if (fault?.kind === 'stall_mid') await exchange.left();
  if (fault?.kind === 'cut_mid') {
    await exchange.pause(fault.pauseMs);
    await exchange.cut(fault.cut);
  }
}

/** Plays what comes before an answer; the connection may be over after it. */
async function meetFrameFault(fault: Fault, socket: ServerSocket): Promise<void> {
  const { exchange } = socket;
  if (fault.kind === 'cut_before_head') await exchange.cut(fault.cut);
  if (fault.kind === 'hang_before_head') await exchange.left();
  if (fault.kind === 'slow') await exchange.pause(fault.delayMs);
  if (fault.kind === 'close_frame') await socket.close(fault.closeCode, 'simulated');
  if (fault.kind === 'garbage_body') await socket.sendText('\u0000}{"data: <<<');
  if (fault.kind === 'huge_header') {
    await socket.sendText(JSON.stringify({ type: 'codex.padding', padding: 'x'.repeat(fault.headerBytes) }));
  }
  if (fault.kind === 'garbled_frame') {
    await socket.sendRaw(garbledFrame);
    await exchange.cut(fault.cut);
  }
}

/** A frame with all reserved bits and an opcode that nobody defined. */
const garbledFrame = Buffer.from([0xff, 0x05, 0x68, 0x65, 0x6c, 0x6c, 0x6f]);

async function sendErrorFrame(socket: ServerSocket, answer: ErrorAnswer): Promise<void> {
  const headers = Object.fromEntries(answer.headers ?? []);
  await socket.sendText(JSON.stringify({ type: 'error', status: answer.status, error: errorOf(answer), headers }));
}
