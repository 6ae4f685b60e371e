// The HTML of Telegram messages as its server parses it: https://core.telegram.org/bots/api#html-style.

const tags = new Set('b strong i em u ins s strike del span tg-spoiler tg-emoji a code pre blockquote'.split(' '));
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

/** The text that people see, or the words in which the server refuses it. */
export function parseTelegramHtml(html: string): { readonly text: string } | { readonly error: string } {
  const open: string[] = [];
  let text = '';
  for (let at = 0; at < html.length;) {
    const rest = html.slice(at);
    const entity = /^&(?:([a-z]+)|#(\d+)|#x([0-9a-f]+));/i.exec(rest);
    const known = entity === null ? undefined : decode(entity);
    if (entity !== null && known !== undefined) {
      text += known;
      at += entity[0].length;
      continue;
    }
    if (rest[0] !== '<') {
      text += rest[0] ?? '';
      at += 1;
      continue;
    }
    const offset = Buffer.byteLength(html.slice(0, at));
    const tag = /^<(\/?)([^\s>]*)([^>]*)>/.exec(rest);
    if (tag === null) return { error: `Unclosed start tag at byte offset ${offset}` };
    const name = (tag[2] ?? '').toLowerCase();
    const error = tag[1] === '' ? opened(open, name, offset) : closed(open, name, offset);
    if (error !== undefined) return { error };
    at += tag[0].length;
  }
  const left = open.at(-1);
  return left === undefined ? { text } : { error: `Can't find end tag corresponding to start tag "${left}"` };
}

function opened(open: string[], name: string, offset: number): string | undefined {
  if (!tags.has(name)) return `Unsupported start tag "${name}" at byte offset ${offset}`;
  open.push(name);
  return undefined;
}

function closed(open: string[], name: string, offset: number): string | undefined {
  const expected = open.pop();
  if (expected === undefined) return `Unexpected end tag at byte offset ${offset}`;
  if (name === '' || name === expected) return undefined;
  return `Unmatched end tag at byte offset ${offset}, expected "</${expected}>", found "</${name}>"`;
}

function decode([, name, decimal, hex]: RegExpExecArray): string | undefined {
  if (name !== undefined) return named[name];
  return String.fromCodePoint(Number.parseInt(decimal ?? hex ?? '', decimal === undefined ? 16 : 10));
}
