import { formatDuration, formatWhen, secondMs, type EpochMs } from '../core/time.ts';
import type { DemoEvent } from './event.ts';
import { cell, type Line, type Style } from './line.ts';

/** When the run began, and the zone in which moments are told. */
export type Origin = { readonly startedAt: EpochMs; readonly timeZone: string };

const wordWidth = 'overload'.length;

/** One line for what happened, with the seconds since the start; none for what only the panel shows. */
export function renderEvent(event: DemoEvent, origin: Origin): Line | undefined {
  const told = tell(event, origin);
  if (told === undefined) return undefined;
  const seconds = `${((event.at - origin.startedAt) / secondMs).toFixed(1)}s`;
  return [
    cell(seconds.padStart(7), 'dim'),
    cell('  '),
    cell(told.word.padEnd(wordWidth), told.style),
    cell(`  ${told.text}`),
  ];
}

type Told = { readonly word: string; readonly style: Style; readonly text: string };

function tell(event: DemoEvent, { timeZone }: Origin): Told | undefined {
  switch (event.kind) {
    case 'turn-started':
      return { word: `turn ${event.turn}`, style: 'bold', text: event.prompt };
    case 'said':
    case 'turn-done':
      return undefined;
    case 'limit': {
      const when = formatWhen(event.until, event.at, timeZone);
      return { word: 'limit', style: 'red', text: `${event.account} hit ${event.window}, opens ${when}` };
    }
    case 'overload':
      return {
        word: 'overload',
        style: 'yellow',
        text: `${event.account} answered ${event.status}; the request is sent again`,
      };
    case 'moved':
      return { word: 'move', style: 'cyan', text: `${event.from} → ${event.to}, inside the open request` };
    case 'hold-started': {
      const wait = formatDuration(event.until - event.at);
      return {
        word: 'hold',
        style: 'yellow',
        text: `all closed: the request is held until ${event.opensFirst} opens in ${wait}`,
      };
    }
    case 'hold-ended':
      return {
        word: 'hold',
        style: 'green',
        text: `${event.account} is open again after ${(event.heldMs / secondMs).toFixed(1)}s; the request goes on`,
      };
    case 'agent-error':
      return { word: 'error', style: 'red', text: `the agent saw: ${event.message}` };
  }
}
