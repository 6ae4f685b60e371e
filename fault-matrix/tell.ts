import { answerText } from './ask-http.ts';
import type { Seen } from './answer.ts';
import type { Cell } from './cell.ts';
import type { Sight } from './fault.ts';

/** What a rule sees of an answer. */
export function sightOf(seen: Seen): Sight | 'nonsense' {
  if (seen.broken !== null) return 'broken';
  if (seen.error !== null || seen.status >= 400) return 'error';
  if (!seen.complete && seen.text !== '') return 'unended';
  const whole = seen.complete && seen.text === answerText;
  return whole && (seen.account === 'a' || seen.account === 'b') ? seen.account : 'nonsense';
}

/** The status that a client acts on. */
export function statusOf({ status, errorStatus }: Seen): number {
  return status < 400 ? (errorStatus ?? status) : status;
}

/** What a client saw, in few words. */
export function tellSeen(seen: Seen): string {
  const { status, text, broken, error, retryAfter } = seen;
  const head = status === 101 ? '' : `${status}`;
  const until = retryAfter === null ? '' : `, back in ${retryAfter}`;
  switch (sightOf(seen)) {
    case 'a':
    case 'b':
      return `${head || 'answer'} from ${seen.account}`;
    case 'unended':
      return 'content, then no last event';
    case 'broken':
      return text === '' ? `${broken} before content` : `content, then ${broken}`;
    case 'error': {
      const name = `\`${error ?? 'error'}\`${status < 400 && seen.errorStatus !== null ? ` ${seen.errorStatus}` : ''}`;
      if (status >= 400) return `${head} ${name}${until}`;
      return `${text === '' ? '' : 'content, then '}error ${name}${until}`;
    }
    case 'nonsense':
      return `${head} with an answer that is none`;
  }
}

export function tellSends({ sends }: Cell): string {
  return `a ${sends.a}, b ${sends.b}`;
}

export function tellLeft({ left }: Cell): string {
  const words = [left.a.words, left.b.words].filter((each) => each !== null);
  return words.length === 0 ? 'nothing' : words.join('; ');
}
