import type { ProviderId } from '../core/ids.ts';
import { anthropic } from './anthropic/anthropic.ts';
import type { Provider } from './provider.ts';

/** All providers, by id. A new one is its folder and a line here. */
export const providers: ReadonlyMap<ProviderId, Provider> = new Map([[anthropic.id, anthropic]]);
