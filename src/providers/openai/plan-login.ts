import { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import { secondMs, type EpochMs } from '../../core/time.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { field } from './error.ts';

/** The login of a ChatGPT plan, as the vault keeps it. */
export type PlanLogin = {
  readonly accessToken: string;
  /** Good for one renewal; empty when there is none. */
  readonly refreshToken: string;
  readonly idToken?: string | undefined;
  readonly accountId: string;
  /** Where the access token does not tell. */
  readonly expiresAt?: EpochMs | undefined;
};

/** A token as the vault takes it. */
export const token = z.string().regex(/^[\x21-\x7e]{8,16384}$/);
/** What a Date can hold; a later end cannot be shown. */
const lastInstantMs = 8.64e15;
const id = z.string().regex(/^[\x21-\x7e]{1,256}$/);

const vaultForm = z.strictObject({
  accessToken: token,
  refreshToken: z.union([token, z.literal('')]),
  idToken: token.optional(),
  accountId: id,
  expiresAt: z.number().int().positive().max(lastInstantMs).optional().catch(undefined),
});

/** Codex's auth.json, of which Codex 0.169.0 writes more than is read here. */
const authFile = z.object({
  tokens: z.object({
    access_token: token,
    refresh_token: z.union([token, z.literal('')]).nullish(),
    id_token: token.nullish(),
    account_id: id.nullish(),
  }),
});

/** Reads the login out of the vault's own form or of the text of Codex's auth.json. */
export function parsePlanLogin(text: string): PlanLogin | Problem {
  const parsed = parseJson(text);
  const own = vaultForm.safeParse(parsed);
  if (own.success) return own.data;
  const file = authFile.safeParse(parsed);
  if (file.success) return fromAuthFile(file.data.tokens);
  if (typeof field(parsed, 'OPENAI_API_KEY') === 'string') {
    return new Problem('invalid', 'That is the auth.json of an API key, not of a ChatGPT plan.', {
      hint: 'Give the key that stands in it as OPENAI_API_KEY.',
    });
  }
  return new Problem('invalid', 'That JSON is not a login of a ChatGPT plan.', {
    hint: 'Give the whole auth.json that `codex login` wrote.',
  });
}

/** The vault's form. */
export function renderPlanLogin(login: PlanLogin): string {
  return JSON.stringify(login);
}

/** When the access token ends; null when it does not say. */
export function expiryOf({ accessToken, expiresAt }: PlanLogin): EpochMs | null {
  const exp = field(claimsOf(accessToken), 'exp');
  if (typeof exp === 'number' && exp > 0 && exp * secondMs <= lastInstantMs) return Math.floor(exp * secondMs);
  return expiresAt ?? null;
}

function fromAuthFile(tokens: z.infer<typeof authFile>['tokens']): PlanLogin | Problem {
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken, account_id: named } = tokens;
  const accountId = named ?? accountIn(idToken ?? '') ?? accountIn(accessToken);
  if (accountId === null) {
    return new Problem('invalid', 'That auth.json does not say which account it belongs to.', {
      hint: 'Log in again with: codex login',
    });
  }
  return { accessToken, refreshToken: refreshToken ?? '', ...(idToken ? { idToken } : {}), accountId };
}

/** The claim that Codex takes the account from where auth.json has none. */
function accountIn(jwt: string): string | null {
  const account = id.safeParse(field(field(claimsOf(jwt), 'https://api.openai.com/auth'), 'chatgpt_account_id'));
  return account.success ? account.data : null;
}

/** The claims of a JWT, unverified: only the provider can do that. */
function claimsOf(jwt: string): unknown {
  const payload = jwt.split('.')[1];
  return payload === undefined ? undefined : parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
}
