import { parseJson } from '../lib/parse-json.ts';
import type { JobListener } from './job-mode.ts';

type Cut = { readonly head: string; readonly inside: readonly string[] };

const beginning = '{"type":"';
/** A line of junk is not searched to its end. */
const mostBeginnings = 100;

/**
 * Mends lines of stdout into which another event was written, as Claude Code does with `rate_limit_event`: its line end
 * cuts the outer one in two (anthropics/claude-code#49640). What is inside counts only where it has a type of `events`
 * and all around it is whole again: in a line that was cut off, an object may be a model's.
 */
export function withWholeLines(listen: JobListener, events: RegExp): JobListener {
  let cut: Cut | null = null;
  const whole = (line: string): readonly string[] => {
    const isObject = line.startsWith('{');
    if (isObject && parseJson(line) !== undefined) return [line];
    const inside = cut?.inside ?? [];
    for (const text of cut === null ? [line] : [cut.head + line, line]) {
      const known = text === line ? [] : inside;
      cut = null;
      if (text !== line && parseJson(text) !== undefined) return [...known, text];
      const found = text.startsWith('{') ? takeOut(text, events) : null;
      if (found?.kind === 'whole') return [...known, ...found.lines];
      if (found === null) continue;
      cut = { head: found.head, inside: [...known, found.event] };
      return [];
    }
    return [line];
  };
  return (channel, line) =>
    channel === 'stdout' ? whole(line).flatMap((each) => listen(channel, each)) : listen(channel, line);
}

type Found =
  | { readonly kind: 'whole'; readonly lines: readonly string[] }
  | { readonly kind: 'cut'; readonly head: string; readonly event: string };

/** Finds an event inside a line that is no JSON because of it. */
function takeOut(line: string, events: RegExp): Found | null {
  let at = line.indexOf(beginning, 1);
  for (let tries = 0; at !== -1 && tries < mostBeginnings; tries += 1) {
    const end = endOfObject(line, at);
    const event = line.slice(at, end);
    if (end !== -1 && events.test(typeOf(event))) {
      const [head, rest] = [line.slice(0, at), line.slice(end)];
      if (rest === '') return { kind: 'cut', head, event };
      if (parseJson(head + rest) !== undefined) return { kind: 'whole', lines: [event, head + rest] };
    }
    at = line.indexOf(beginning, at + 1);
  }
  return null;
}

/** Empty for what is no JSON. */
function typeOf(text: string): string {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : '';
}

/** Where the object that begins here has its end; -1 where it has none. */
function endOfObject(text: string, from: number): number {
  let depth = 0;
  let inString = false;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\' && inString) at += 1;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}
