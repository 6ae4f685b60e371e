import type { Api, RawApi } from 'grammy';
import { describeNetworkError } from '../../lib/network-error.ts';

export type BotApiOptions = {
  /** Of the form `123456:ABC...`; a part of every URL, so that no error of the network is ever passed on as it is. */
  readonly token: string;
  /** `https://api.telegram.org`, or a server of one's own. */
  readonly apiRoot: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
};

type Method =
  | 'getMe'
  | 'getUpdates'
  | 'deleteWebhook'
  | 'setMyCommands'
  | 'sendMessage'
  | 'editMessageText'
  | 'deleteMessage'
  | 'answerCallbackQuery';
export type Payload<M extends Method> = M extends 'getMe'
  ? Record<never, never>
  : NonNullable<Parameters<RawApi[M]>[0]>;

/** Calls one method of the Bot API. Rejects with a BotApiError. */
export type BotApi = <M extends Method>(
  method: M,
  payload: Payload<M>,
  signal: AbortSignal,
) => Promise<Awaited<ReturnType<RawApi[M]>>>;

/** Why a call came to nothing; `status` is 0 where no answer came. */
export class BotApiError extends Error {
  override readonly name = 'BotApiError';
  readonly status: number;
  /** What to wait, by https://core.telegram.org/bots/api#responseparameters. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A long poll is answered after this, and a connection that died while the machine slept is noticed soon after. */
export const pollSeconds = 25;
const deadlineSeconds = 40;

/** By https://core.telegram.org/bots/api#authorizing-your-bot; anything else would be another path of the server. */
export function isBotToken(text: string): boolean {
  return /^\d{3,20}:[A-Za-z0-9_-]{20,100}$/.test(text);
}

/** The Bot API by grammY, which is loaded by the first call: whoever has no bot does not wait for it. */
export function botApi({ token, apiRoot, fetch }: BotApiOptions): BotApi {
  let loaded: Promise<Api> | undefined;
  const load = async (): Promise<Api> => {
    // The bundle: the other entry loads a stack of modules for Node, in four times the time.
    const { Api } = await import('grammy/web');
    const call = (url: unknown, init: unknown): Promise<Response> =>
      // A redirect would take the token to another host.
      fetch(String(url), { ...(init as RequestInit), redirect: 'manual' });
    return new Api(token, {
      apiRoot: apiRoot.replace(/\/+$/, ''),
      timeoutSeconds: deadlineSeconds,
      fetch: call as typeof globalThis.fetch,
    });
  };
  return async (method, payload, signal) => {
    loaded ??= load();
    // Its `raw` takes every name for a method, `then` as well, so that it cannot be what a promise holds.
    const invoke = (await loaded).raw[method] as unknown as (payload: object, signal: AbortSignal) => Promise<never>;
    try {
      return await (method === 'getMe'
        ? (invoke as unknown as (signal: AbortSignal) => Promise<never>)(signal)
        : invoke(payload, signal));
    } catch (error) {
      throw botApiError(error, token);
    }
  };
}

type Refusal = {
  readonly error_code?: unknown;
  readonly description?: unknown;
  readonly parameters?: { readonly retry_after?: number; readonly migrate_to_chat_id?: number };
  /** What an HttpError of grammY wraps. */
  readonly error?: unknown;
};

/** An answer that is no JSON, or none of the form: a redirect, a page of a proxy, one that was cut. */
function isUnreadable(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof TypeError && !('code' in error));
}

/** Without the error it came from: the runtime's own have the URL in them. */
function botApiError(error: unknown, token: string): BotApiError {
  const { error_code: status, description, parameters, error: cause } = error as Refusal;
  if (typeof status !== 'number') {
    const first = cause ?? error;
    const reason = isUnreadable(first) ? 'what answers there is no Bot API' : describeNetworkError(first);
    return new BotApiError(0, reason.replaceAll(token, '(token)'));
  }
  const retryAfterMs = parameters?.retry_after === undefined ? undefined : parameters.retry_after * 1000;
  const moved = parameters?.migrate_to_chat_id;
  const text = `${String(description)}${moved === undefined ? '' : `; its id is ${moved} from here on`}`;
  return new BotApiError(status, text.replaceAll(token, '(token)'), retryAfterMs);
}
