import { shellWord } from '../lib/shell-word.ts';
import type { RunFiles } from './ports.ts';

export const hookName = 'hook';

/**
 * A script to which an agent on a terminal tells what happens, an object of one line on stdin: it is kept as a line of the
 * attempt's output. Above it stands how much there is at that moment of the transcript that it names, after a byte 30.
 */
export function hookScript({ stdout }: Pick<RunFiles, 'stdout'>): string {
  return `event=$(cat | tr -d '\\n')
path=$(printf '%s' "$event" | sed -n 's/.*"transcript_path":"\\([^"\\\\]*\\)".*/\\1/p')
mark=
if [ -n "$path" ]; then
  bytes=$(wc -c <"$path" 2>/dev/null || echo 0)
  mark=$(printf '\\036%s %s' "$((bytes))" "$path")
fi
printf '%s\\n' \${mark:+"$mark"} "$event" >>${shellWord(stdout)}
`;
}
