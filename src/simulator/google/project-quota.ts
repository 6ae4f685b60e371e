import { QuotaWindow, unlimited, type WindowState } from '../provider/quota-window.ts';
import { endOfPacificDay } from './pacific-day.ts';
import type { WindowChange, WindowName, WindowOptions } from './scenario.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** What a request would take out of its project's windows. */
export interface Demand {
  readonly model: string;
  readonly inputTokens: number;
}

/** A window as a credential shows it; `model` is null for one that no request has touched. */
export interface ModelWindowState extends WindowState<WindowName> {
  readonly model: string | null;
}

/** One window of a project: every model that it counts has a counter of its own. */
class ModelWindow {
  readonly name: WindowName;
  readonly pattern: string | undefined;
  private readonly options: WindowOptions;
  private readonly untouched: QuotaWindow<WindowName>;
  private readonly counters = new Map<string, QuotaWindow<WindowName>>();

  constructor(options: WindowOptions, now: number) {
    this.name = options.name;
    this.pattern = options.model;
    this.options = options;
    this.untouched = newWindow(options, now);
  }

  counts(model: string): boolean {
    return this.pattern === undefined || model.includes(this.pattern);
  }

  /** The model's counter, which begins as the window stands for a model that nobody has used. */
  counter(model: string, now: number): QuotaWindow<WindowName> {
    const known = this.counters.get(model);
    if (known !== undefined) return known;
    const { limit, used, resetAt } = this.untouched.state(now);
    const counter = newWindow({ ...this.options, limit, used, resetAt }, now);
    this.counters.set(model, counter);
    return counter;
  }

  change(change: Omit<WindowChange, 'name' | 'model'>): void {
    for (const window of [this.untouched, ...this.counters.values()]) window.change(change);
  }

  states(now: number): ModelWindowState[] {
    if (this.counters.size === 0) return [{ model: null, ...this.untouched.state(now) }];
    return [...this.counters].map(([model, counter]) => ({ model, ...counter.state(now) }));
  }
}

/** The windows of one project, shared by all its credentials. */
export class ProjectQuota {
  private readonly windows: ModelWindow[] = [];

  add(options: WindowOptions, now: number): void {
    this.windows.push(new ModelWindow(options, now));
  }

  /** Spends the demand, or returns the used-up window that resets last. */
  admit(demand: Demand, now: number): WindowState<WindowName> | undefined {
    const counters = this.windows
      .filter((window) => window.counts(demand.model))
      .map((window) => window.counter(demand.model, now));
    const used = counters.filter((counter) => counter.refuses(amountFor(counter, demand), now));
    if (used.length === 0) for (const counter of counters) counter.spend(amountFor(counter, demand), now);
    const refused = used.map((counter) => counter.state(now));
    return refused.toSorted((a, b) => b.resetAt - a.resetAt)[0];
  }

  /** How the day's window of a model stands, where there is one. */
  day(model: string, now: number): WindowState<WindowName> | undefined {
    const window = this.windows.find((candidate) => candidate.name === 'day' && candidate.counts(model));
    return window?.counter(model, now).state(now);
  }

  change({ name, model, ...change }: WindowChange, now: number): void {
    const named = this.windows.filter((window) => window.name === name && (model ?? window.pattern) === window.pattern);
    if (named.length === 0) {
      const added = new ModelWindow({ name, model, limit: unlimited, used: 0 }, now);
      this.windows.push(added);
      named.push(added);
    }
    for (const window of named) window.change(change);
  }

  states(now: number): ModelWindowState[] {
    return this.windows.flatMap((window) => window.states(now));
  }
}

function newWindow(options: WindowOptions, now: number): QuotaWindow<WindowName> {
  const { name, limit, used, resetAt, periodMs } = options;
  const endOf = name === 'day' && periodMs === undefined ? endOfPacificDay : undefined;
  const period = periodMs ?? (name === 'day' ? dayMs : minuteMs);
  return new QuotaWindow({ name, limit, used, resetAt, periodMs: period, endOf }, now);
}

function amountFor({ name }: QuotaWindow<WindowName>, demand: Demand): number {
  return name === 'input_tokens_minute' ? demand.inputTokens : 1;
}
