import type { ProviderId } from '../core/ids.ts';
import { anthropic } from './anthropic/anthropic.ts';
import { google } from './google/google.ts';
import { openai } from './openai/openai.ts';
import type { Provider } from './provider.ts';

const all: readonly Provider[] = [anthropic, openai, google];

/** All providers, by id. A new one is its folder and a line here. */
export const providers: ReadonlyMap<ProviderId, Provider> = new Map(all.map((each) => [each.id, each]));
