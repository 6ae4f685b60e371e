import { minuteMs, type EpochMs } from '../../core/time.ts';
import type { AnyOperation } from '../../operations/operation.ts';
import type { Input } from './argument.ts';

/** Who sees a keyboard and may press it; `topic` is that of a group which has some. */
export type Place = { readonly chat: number; readonly user: number; readonly topic?: number | undefined };

/** A question that waits for a button. `choose` completes the input by one field, `confirm` is before something that changes. */
export type Question = Place & {
  readonly operation: AnyOperation;
  readonly input: Input;
} & ({ readonly kind: 'confirm' } | { readonly kind: 'choose'; readonly options: readonly Option[] });

/** A button, and the fields that it adds. */
export type Option = { readonly text: string; readonly adds: Input };

const lifeMs = 5 * minuteMs;
/** Of all chats together. */
const most = 200;

/** Questions by short ids, since a button carries 64 bytes. They live in memory: after a restart nothing is asked any more. */
export class Questions {
  readonly #clock: () => EpochMs;
  readonly #open = new Map<string, { readonly question: Question; readonly until: EpochMs }>();

  constructor(clock: () => EpochMs) {
    this.#clock = clock;
  }

  /** Returns the id, which no question of an earlier process has. */
  ask(question: Question): string {
    const id = crypto.randomUUID().slice(0, 13);
    this.#open.set(id, { question, until: this.#clock() + lifeMs });
    const oldest = this.#open.keys().next();
    if (this.#open.size > most && oldest.done !== true) this.#open.delete(oldest.value);
    return id;
  }

  /** Takes a question away, so that a second press finds none; `others` for somebody whom it was not put to. */
  take(id: string, place: Place): Question | 'gone' | 'others' {
    const found = this.#open.get(id);
    if (found === undefined) return 'gone';
    const { question, until } = found;
    if (question.chat !== place.chat || question.user !== place.user) return 'others';
    this.#open.delete(id);
    return until < this.#clock() ? 'gone' : question;
  }
}
