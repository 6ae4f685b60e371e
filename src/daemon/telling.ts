import type { LiveConfig } from '../config/live-config.ts';
import { stampOf } from '../config/live-config.ts';
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
    /** How often the files that the settings name are looked at. */
    readonly pollMs?: number;
  };

const usualPollMs = 2000;

/** The channels of the outbox and the bot, as the settings want them: a change of those acts at once. */
export class Telling {
  readonly #deps: TellingDeps;
  #telegram: Telegram | null = null;
  /** What the bot was made from: as long as that is the same, it is. */
  #telegramFrom = '';
  #faults: readonly ActingFault[] = [];
  #routes: readonly Route[] = [];
  /** Faults that people were told, until they are mended. */
  #told: ReadonlySet<string> = new Set();
  #turn: Promise<void> = Promise.resolve();
  #isQueued = false;
  #stamps = '';
  #poll: NodeJS.Timeout | undefined;
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

  /** Looks again at what is wrong, and at the files that the settings name; resolves when that acts. */
  async look(): Promise<void> {
    const stamps = await this.#readStamps();
    if (stamps !== this.#stamps || this.#faults.length > 0) this.#reopen();
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
    this.#poll = setInterval(
      () => void this.#lookAtFiles().catch(this.#deps.log.bug),
      this.#deps.pollMs ?? usualPollMs,
    );
    this.#poll.unref();
    outbox.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#poll);
    await this.#turn;
    await this.#telegram?.bot.stop();
    await this.#deps.outbox.stop();
  }

  /** One save may change both sections: what waits for its turn reads them as they are then. */
  #reopen(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    const turn = async (): Promise<void> => {
      this.#isQueued = false;
      if (!this.#stopped) await this.#open();
    };
    this.#turn = this.#turn.then(turn).catch(this.#deps.log.bug);
  }

  async #lookAtFiles(): Promise<void> {
    if ((await this.#readStamps()) !== this.#stamps && !this.#stopped) this.#reopen();
  }

  /** Tells one state of the files that the settings name from another. */
  async #readStamps(): Promise<string> {
    const { notices, telegram } = this.#deps.live.current();
    const files = [notices.webhook.secretFile, telegram.tokenFile];
    return (await Promise.all(files.map((file) => stampOf(file)))).join('\n');
  }

  async #open(): Promise<void> {
    const { live, outbox, witness } = this.#deps;
    const config = live.current();
    this.#stamps = await this.#readStamps();
    const telegram = await this.#renewTelegram(config);
    const channel = this.#telegram?.channel ?? null;
    const { settings, faults } = await outboxSettings({ ...this.#deps, config, telegram: channel });
    const wrong = telegram instanceof Problem ? [{ part: 'telegram', problem: telegram }] : [];
    this.#faults = [...faults, ...wrong];
    const known = this.#told;
    this.#told = new Set(this.#faults.map(nameOf));
    for (const fault of this.#faults) if (!known.has(nameOf(fault))) tellRefused(witness, fault);
    const lost = this.#routes.filter(({ channel: { name } }) => faults.some(({ part }) => part === `notices.${name}`));
    this.#routes = [...settings.routes, ...lost];
    outbox.configure({ ...settings, routes: this.#routes });
    this.#telegram?.bot.start();
  }

  /** Opens another bot where it would be another; one that is wrong leaves the one that was right. */
  async #renewTelegram(config: TelegramParts['config']): Promise<Telegram | null | Problem> {
    const { tokenFile } = config.telegram;
    const wanted = [config.telegram, config.notices.quiet.timeZone, tokenFile === '' ? '' : await stampOf(tokenFile)];
    const from = JSON.stringify([...wanted, this.#deps.live.neverRight('telegram') === undefined]);
    if (from === this.#telegramFrom) return this.#telegram;
    const telegram = await this.#openTelegram(config);
    if (telegram instanceof Problem) return telegram;
    await this.#telegram?.bot.stop();
    this.#telegram = telegram;
    this.#telegramFrom = from;
    return telegram;
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

function nameOf({ part, problem }: ActingFault): string {
  return `${part}\n${problem.message}`;
}
