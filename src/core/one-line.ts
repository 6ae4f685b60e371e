const usualLength = 160;

/**
 * Puts a text of somebody else on one line for people: no control or formatting characters, which could move a terminal's
 * cursor or turn the direction of writing, and at most so many characters.
 */
export function oneLine(text: string, longest: number = usualLength): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}\p{Cs}]+/gu, ' ').trim();
  const characters = Array.from(line.slice(0, (longest + 1) * 2));
  return characters.length <= longest ? line : `${characters.slice(0, longest - 1).join('')}…`;
}
