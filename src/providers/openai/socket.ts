import type { Signal } from '../../core/limit/signal.ts';
import { parseReset } from '../../core/limit/reset.ts';
import { firstElements, readFields } from '../../lib/json-field.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Answer, AnswerContext, Ask, FrameKind, Socket, SocketMade, SocketRequest, Verdict } from '../provider.ts';
import { filesIn, conversationObject } from './bond.ts';
import { classify, classifyErrorEvent } from './classify.ts';
import { field, parseError } from './error.ts';
import { isForeign } from './foreign.ts';
import { paceMessage } from './socket-pace.ts';
import { innerPath } from './path.ts';
import { familyNamed, planLimit, planReadings, windowName, type PlanWindow } from './plan-limit.ts';
import { renderSocketProblem } from './problem.ts';
import { eventKind, typeOf, usageOf } from './stream.ts';

/** Responses over a WebSocket, as Codex 0.169.0 speaks it (`openai-beta: responses_websockets=2026-02-06`). */
export const socket: Socket = {
  covers: (ask: Ask) => innerPath(ask) === '/responses',
  requestOf,
  replay,
  kindOf,
  signalsOf,
  classify: classifyMessage,
  endsAnswer,
  endsConnection,
  pace: paceMessage,
  madeOf,
  usageOf: (text) => usageOf('', text),
  // Codex does not count a ping as life.
  keepAlive: '{"type":"keepalive"}',
  renderProblem: renderSocketProblem,
  renderRefusal,
  renderUnknown,
};

function requestOf(text: string): SocketRequest | null {
  const body = Buffer.from(text);
  const names = ['type', 'model', 'generate', 'previous_response_id', 'conversation'];
  const { type, model, generate, previous_response_id: continues, conversation } = readFields(body, names);
  if (type !== 'response.create') return null;
  const items = itemsOf(body);
  const bound = [conversation ?? conversationObject(body), ...filesIn(body), ...referencesIn(items)];
  return {
    model: typeof model === 'string' ? model : null,
    warmUp: generate === false,
    continues: typeof continues === 'string' && continues !== '' ? continues : null,
    items,
    bound: bound.filter((id): id is string => typeof id === 'string'),
  };
}

function itemsOf(body: Buffer): string[] {
  const { input } = readFields(body, ['input']);
  if (typeof input === 'string') return [JSON.stringify({ type: 'message', role: 'user', content: input })];
  return firstElements(body, 'input', Number.POSITIVE_INFINITY).map((item) => item.toString('utf8'));
}

function replay(text: string, before: readonly string[]): string | null {
  const request = parseJson(text);
  const asked = requestOf(text);
  if (asked === null || asked.bound.length > 0 || typeof request !== 'object' || request === null) return null;
  const items = [...before, ...asked.items].map((item) => Buffer.from(item));
  if (items.some((item) => isReference(item) || filesIn(item).length > 0)) return null;
  const kept = items.filter((item) => !isForeign(item)).map((item) => item.toString('utf8'));
  const { input: _input, previous_response_id: _previous, ...rest } = request as Record<string, unknown>;
  if (field(rest, 'client_metadata') !== undefined) rest['client_metadata'] = withoutTurnState(rest['client_metadata']);
  // The items stay as they were written: a number of 64 bits would not survive.
  return `${JSON.stringify(rest).slice(0, -1)},"input":[${kept.join(',')}]}`;
}

function kindOf(text: string): FrameKind | 'end' {
  const type = typeOf(text);
  return type === 'response.completed' || type === 'response.incomplete' ? 'end' : eventKind(type);
}

/** `codex.rate_limits`, in the form in which Codex reads it. */
function signalsOf(text: string, { now }: AnswerContext): readonly Signal[] {
  if (!text.slice(0, 128).includes('rate_limits') || typeOf(text) !== 'codex.rate_limits') return [];
  const message = parseJson(text);
  const limits = field(message, 'rate_limits');
  const metered = textOf(field(message, 'metered_limit_name')) ?? textOf(field(message, 'limit_name')) ?? planLimit;
  const family = metered === planLimit ? null : familyNamed(textOf(field(message, 'limit_name')) ?? metered);
  const windows = (['primary', 'secondary'] as const).flatMap((slot): PlanWindow[] => {
    const window = field(limits, slot);
    const usedPercent = numberOf(field(window, 'used_percent'));
    if (usedPercent === null) return [];
    const resetsAt =
      parseReset(String(field(window, 'reset_at')), now) ??
      parseReset(String(field(window, 'reset_after_seconds')), now);
    const name = windowName(numberOf(field(window, 'window_minutes')), slot);
    return [{ limit: metered, window: name, family, usedPercent, resetsAt }];
  });
  const signals = planReadings(windows);
  // Percents are rounded: what is reached may say 99.
  return field(limits, 'limit_reached') === true ? signals.filter((each) => each.kind !== 'open') : signals;
}

/** `{"type":"error","status":429,"error":{…},"headers":{…}}` is an answer with a status; others are errors inside 200. */
function classifyMessage(text: string, context: AnswerContext): Verdict {
  const message = parseJson(text);
  const status = statusOf(message);
  const headers = headersIn(field(message, 'headers'));
  if (status === null || status < 400 || status > 599) {
    return classifyErrorEvent(text, { ...context, headers: context.headers ?? headers });
  }
  return classify({ status, headers, body: text }, context);
}

/** Codex 0.169.0 passes over an `error` without a status, as it does over any event that it does not know. */
function endsAnswer(text: string): boolean {
  return typeOf(text) !== 'error' || statusOf(parseJson(text)) !== null;
}

function endsConnection(text: string): boolean {
  return parseError(text)?.code === 'websocket_connection_limit_reached';
}

function statusOf(message: unknown): number | null {
  return numberOf(field(message, 'status')) ?? numberOf(field(message, 'status_code'));
}

function headersIn(value: unknown): Headers {
  const headers = new Headers();
  if (typeof value !== 'object' || value === null) return headers;
  for (const [name, content] of Object.entries(value)) {
    if (!['string', 'number', 'boolean'].includes(typeof content)) continue;
    if (/^[\w-]{1,128}$/.test(name) && /^[\x20-\x7e]{0,1024}$/.test(String(content)))
      headers.set(name, String(content));
  }
  return headers;
}

const nothing: SocketMade = { response: null, item: null };

function madeOf(text: string): SocketMade {
  switch (typeOf(text)) {
    case 'response.created':
    case 'response.completed':
    case 'response.incomplete':
      return { response: textOf(field(field(parseJson(text), 'response'), 'id')), item: null };
    case 'response.output_item.done':
      return { response: null, item: withoutId(field(parseJson(text), 'item')) };
    default:
      return nothing;
  }
}

/** The id is a name that only the account which made the item knows. */
function withoutId(item: unknown): string | null {
  if (typeof item !== 'object' || item === null) return null;
  const { id: _id, ...rest } = item as Record<string, unknown>;
  return JSON.stringify(rest);
}

function referencesIn(items: readonly string[]): unknown[] {
  return items
    .map((item) => Buffer.from(item))
    .filter(isReference)
    .map((item) => readFields(item, ['id'])['id']);
}

function isReference(item: Buffer): boolean {
  return item.includes('"item_reference"') && readFields(item, ['type'])['type'] === 'item_reference';
}

function withoutTurnState(metadata: unknown): unknown {
  if (typeof metadata !== 'object' || metadata === null) return metadata;
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !name.endsWith('x-codex-turn-state')));
}

/** Without `Retry-After`, for as long as which Codex would sleep. */
function renderRefusal({ status, headers, body }: Answer): string {
  const told = field(parseJson(body ?? ''), 'error');
  const message = parseError(body)?.message ?? '';
  const error =
    typeof told === 'object' && told !== null ? told : { type: 'server_error', message: message || `HTTP ${status}` };
  const kept = [...headers].filter(([name]) => /^x-(codex|ratelimit|request-id|oai-request-id)/.test(name));
  return JSON.stringify({ type: 'error', status, error, headers: Object.fromEntries(kept) });
}

/** Codex 0.169.0 then opens another connection and sends the whole conversation, without a word to its user. */
function renderUnknown(continues: string): string {
  const message = `Previous response with id '${continues}' not found.`;
  const code = 'previous_response_not_found';
  const error = { type: 'invalid_request_error', code, message, param: 'previous_response_id' };
  return JSON.stringify({ type: 'error', status: 400, error });
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
