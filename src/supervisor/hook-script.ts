import { shellWord } from '../lib/shell-word.ts';
import type { RunFiles } from './ports.ts';

export const hookName = 'hook';

/**
 * A script to which an agent on a terminal tells what happens, an object of one line on stdin: it is kept as a line of the
 * attempt's output. A transcript that such an object names is noted, with how much of it is of before.
 */
export function hookScript({ stdout, transcripts }: Pick<RunFiles, 'stdout' | 'transcripts'>): string {
  const [told, noted] = [shellWord(stdout), shellWord(transcripts)];
  return `event=$(cat | tr -d '\\n')
path=$(printf '%s' "$event" | sed -n 's/.*"transcript_path":"\\([^"\\\\]*\\)".*/\\1/p')
if [ -n "$path" ] && ! grep -qsF " $path" ${noted}; then
  bytes=$(wc -c <"$path" 2>/dev/null || echo 0)
  printf '%s %s\\n' "$((bytes))" "$path" >>${noted}
fi
printf '%s\\n' "$event" >>${told}
`;
}
