/** The most that one message takes: https://core.telegram.org/bots/api#sendmessage. Tags and entities count here as well. */
export const longestMessage = 4096;

/** A text with the tags that Telegram knows; what comes from elsewhere is escaped. */
export type Html = string;

export function escape(text: string): Html {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function bold(text: string): Html {
  return `<b>${escape(text)}</b>`;
}

export function code(text: string): Html {
  return `<code>${escape(text)}</code>`;
}

/** As many blocks as one message takes, and how many more there are. Each block has its tags closed. */
export function fit(blocks: readonly Html[], room = longestMessage, separator = '\n'): Html {
  const whole = blocks.join(separator);
  if (whole.length <= room) return whole;
  const kept: Html[] = [];
  let left = room - reserve;
  for (const block of blocks) {
    const cut = kept.length === 0 ? shorten(block, left) : block;
    left -= cut.length + separator.length;
    if (left < 0) break;
    kept.push(cut);
  }
  const missing = blocks.length - kept.length;
  return missing === 0 ? kept.join(separator) : `${kept.join(separator)}${separator}… and ${missing} more`;
}

/** For `… and 100000 more`. */
const reserve = 24;

/** A block that is too long loses its tags with its end. */
function shorten(block: Html, room: number): Html {
  if (block.length <= room) return block;
  const text = block.replaceAll(/<[^>]*>/g, '').slice(0, Math.max(0, room - 1));
  // Neither half an entity nor half a character.
  return `${text.replace(/&[^;]{0,8}$/, '').replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Monospace columns, as narrow as a phone: the head, then as many rows as fit. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): Html {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => Bun.stringWidth(line[column] ?? ''))));
  const drawn = lines.map((line) =>
    line
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - Bun.stringWidth(cell))))
      .join('  ')
      .trimEnd(),
  );
  return `<pre>${fit(drawn.map(escape), longestMessage - '<pre></pre>'.length)}</pre>`;
}
