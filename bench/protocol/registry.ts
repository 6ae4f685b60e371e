import { gemini } from './gemini.ts';
import { messages } from './messages.ts';
import type { Protocol } from './protocol.ts';
import { responses } from './responses.ts';

/** Every protocol over HTTP that is measured. */
export const protocols: readonly Protocol[] = [messages, responses, gemini];

/** The protocol of a name that travelled between processes. */
export function protocolOf(name: Protocol['name']): Protocol {
  const found = protocols.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no protocol ${name}`);
  return found;
}
