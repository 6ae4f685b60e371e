declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The name of an API vendor, as its folder under providers/ is called: `anthropic`. */
export type ProviderId = Branded<'ProviderId'>;
/** The one id of an account everywhere: `anthropic/work`. */
export type AccountId = Branded<'AccountId'>;
/** An account's or a pool's name: `[a-z0-9-]{1,40}`. */
export type Label = Branded<'Label'>;
/** One conversation of an agent, named by the client's own session header, else by its phantom. */
export type SessionId = Branded<'SessionId'>;
/** The id of a phantom: the first 16 hex digits of its SHA-256, never the phantom. */
export type PhantomId = Branded<'PhantomId'>;

/** What the user asked for: ten letters and digits; for people the beginning will do where no other job has it. */
export type JobId = Branded<'JobId'>;
/** One OS process of an agent that works on a job: the job's id, a dot, and its number from 1 on. */
export type AttemptId = Branded<'AttemptId'>;

export const asProviderId = (value: string): ProviderId => value as ProviderId;
export const asAccountId = (value: string): AccountId => value as AccountId;
export const asSessionId = (value: string): SessionId => value as SessionId;
export const asPhantomId = (value: string): PhantomId => value as PhantomId;
export const asJobId = (value: string): JobId => value as JobId;
export const asAttemptId = (value: string): AttemptId => value as AttemptId;

export function jobOf(attempt: AttemptId): JobId {
  return attempt.slice(0, attempt.lastIndexOf('.')) as JobId;
}

const longestLabel = 40;

/** Normalises a label: trimmed, lower case, every run of other characters becomes `-`. Undefined when nothing is left. */
export function parseLabel(text: string): Label | undefined {
  const label = text
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, longestLabel)
    .replace(/^-+|-+$/g, '');
  return label === '' ? undefined : (label as Label);
}

export function accountId(provider: ProviderId, label: Label): AccountId {
  return `${provider}/${label}` as AccountId;
}

export function labelOf(id: AccountId): Label {
  return id.slice(id.indexOf('/') + 1) as Label;
}
