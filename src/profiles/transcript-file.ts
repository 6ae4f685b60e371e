import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Transcripts } from '../agents/profile.ts';

type Place = { readonly transcripts: Transcripts; readonly profile: string };

/** Every conversation that a profile has. */
export async function transcriptFiles({ transcripts, profile }: Place): Promise<string[]> {
  const found = await Promise.all(
    transcripts.folders.map(async (folder) => {
      const names = await readdir(join(profile, folder), { recursive: true }).catch(() => []);
      return names.filter((name) => name.endsWith('.jsonl')).map((name) => join(profile, folder, name));
    }),
  );
  return found.flat();
}

export async function hasTranscript(place: Place, session: string): Promise<boolean> {
  return (await transcriptFiles(place)).some((file) => isTranscriptOf(place, session, file));
}

export function isTranscriptOf({ transcripts }: Pick<Place, 'transcripts'>, session: string, file: string): boolean {
  return transcripts.fileOf(session, basename(file));
}
