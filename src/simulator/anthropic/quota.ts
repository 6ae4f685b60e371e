import type { QuotaWindow } from '../provider/quota-window.ts';
import type { Credential } from './credential.ts';
import type { WindowName } from './scenario.ts';

/** What a request would take out of the windows. */
export interface Demand {
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export type Admission =
  | { readonly kind: 'admitted' }
  /** A used up subscription that goes on for money. */
  | { readonly kind: 'overage'; readonly window: WindowName }
  | { readonly kind: 'used_up'; readonly window: WindowName };

const families: Partial<Record<WindowName, string>> = {
  seven_day_opus: 'opus',
  seven_day_sonnet: 'sonnet',
  seven_day_overage_included: 'fable',
};

/** Decides whether the credential may serve the request and, if so, spends it. */
export function admit(credential: Credential, demand: Demand, now: number): Admission {
  const counting = credential.windows.filter((window) => countsModel(window.name, demand.model));
  const used = counting.filter((window) => window.refuses(amountFor(window, demand), now));
  const longest = used.toSorted((a, b) => b.state(now).resetAt - a.state(now).resetAt)[0];
  if (longest !== undefined) {
    return { kind: credential.overage === 'allowed' ? 'overage' : 'used_up', window: longest.name };
  }
  for (const window of counting) window.spend(amountFor(window, demand), now);
  return { kind: 'admitted' };
}

/** Whether the window limits this model; a window without a family limits all. */
function countsModel(name: WindowName, model: string): boolean {
  const family = families[name];
  return family === undefined || model.includes(family);
}

function amountFor(window: QuotaWindow<WindowName>, demand: Demand): number {
  if (window.name === 'tokens') return demand.inputTokens + demand.outputTokens;
  if (window.name === 'input-tokens') return demand.inputTokens;
  return window.name === 'output-tokens' ? demand.outputTokens : 1;
}
