import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import type { Transcripts } from '../agents/profile.ts';
import { isTranscriptOf, transcriptFiles } from './transcript-file.ts';

/**
 * Takes out of a conversation what only the account can read that has had it up to now; all else stays as it is. Nobody
 * may write to the conversation meanwhile.
 */
export async function leaveOutForeign(
  place: { readonly transcripts: Transcripts; readonly profile: string },
  session: string,
): Promise<void> {
  const { isForeign } = place.transcripts;
  if (isForeign === undefined) return;
  for (const file of await transcriptFiles(place)) {
    if (!isTranscriptOf(place, session, file)) continue;
    const lines = (await readFile(file, 'utf8')).split('\n');
    const kept = lines.filter((line) => !isForeign(line));
    if (kept.length < lines.length) await writeFileAtomic(file, kept.join('\n'));
  }
}
