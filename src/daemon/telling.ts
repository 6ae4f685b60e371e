import type { LiveConfig } from '../config/live-config.ts';
import { Problem } from '../core/problem.ts';
import type { Finding } from '../operations/shape.ts';
import type { Outbox, Route } from '../notices/outbox.ts';
import { tellRefused, type ConfigWitness } from './config-events.ts';
import { outboxSettings, type ChannelParts } from './notices.ts';
import type { ActingFault } from './settings.ts';
import type { Telegram, TelegramParts } from './telegram.ts';

type TellingDeps = Omit<ChannelParts, 'config' | 'telegram'> &
  Omit<TelegramParts, 'config'> & {
    readonly live: LiveConfig;
    readonly outbox: Outbox;
    readonly witness: ConfigWitness;
  };

/** The channels of the outbox and the bot, as the settings want them: a change of those acts at once. */
export class Telling {
  readonly #deps: TellingDeps;
  #telegram: Telegram | null = null;
  #faults: readonly ActingFault[] = [];
  #routes: readonly Route[] = [];
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: TellingDeps) {
    this.#deps = deps;
  }

  /** What is wrong with files that the settings name. */
  get faults(): readonly ActingFault[] {
    return this.#faults;
  }

  /** Resolves when the settings as they are now act, or are one of `faults`. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  /** How the bot does; null where there is none. */
  get finding(): Finding | null {
    return this.#telegram?.bot.finding ?? null;
  }

  async start(): Promise<void> {
    const { live, outbox } = this.#deps;
    live.onChange('notices', () => this.#reopen());
    live.onChange('telegram', () => this.#reopen());
    await this.#open();
    outbox.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#turn;
    await this.#telegram?.bot.stop();
    await this.#deps.outbox.stop();
  }

  #reopen(): void {
    const { log } = this.#deps;
    this.#turn = this.#turn.then(() => (this.#stopped ? undefined : this.#open())).catch(log.bug);
  }

  async #open(): Promise<void> {
    const { live, outbox, witness } = this.#deps;
    const config = live.current();
    const telegram = await this.#openTelegram(config);
    // One that is wrong leaves the one that was right.
    if (!(telegram instanceof Problem)) {
      await this.#telegram?.bot.stop();
      this.#telegram = telegram;
    }
    const channel = this.#telegram?.channel ?? null;
    const { settings, faults } = await outboxSettings({ ...this.#deps, config, telegram: channel });
    const wrong = telegram instanceof Problem ? [{ part: 'telegram', problem: telegram }] : [];
    this.#faults = [...faults, ...wrong];
    for (const fault of this.#faults) tellRefused(witness, fault);
    const lost = this.#routes.filter(({ channel: { name } }) => faults.some(({ part }) => part === `notices.${name}`));
    this.#routes = [...settings.routes, ...lost];
    outbox.configure({ ...settings, routes: this.#routes });
    this.#telegram?.bot.start();
  }

  async #openTelegram(config: TelegramParts['config']): Promise<Telegram | null | Problem> {
    // Whom it was to answer is not known.
    if (this.#deps.live.neverRight('telegram') !== undefined) return null;
    const isWanted = config.telegram.tokenFile !== '' || (this.#deps.environment['TELEGRAM_BOT_TOKEN'] ?? '') !== '';
    if (!isWanted) return null;
    try {
      const { openTelegram } = await import('./telegram.ts');
      return await openTelegram({ ...this.#deps, config });
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }
}
