import { z } from 'zod';
import { rootOf } from '../core/job/tree.ts';
import { Problem } from '../core/problem.ts';
import { quoted } from '../operations/require.ts';
import type { NoteHead } from './ports.ts';
import { agentTool } from './tool.ts';

const mostNotes = 200;
const mostBytes = 64 * 1024;

const noteShape = z.object({
  name: z.string(),
  text: z.string().nullable().describe('Null in a list'),
  sizeBytes: z.number(),
  job: z.string().describe('The job whose agent wrote it last'),
  at: z.number().describe('Epoch milliseconds'),
});

export const notes = agentTool({
  name: 'notes',
  title: 'Notes',
  description:
    'Notes that all jobs of this tree share: the first job, the jobs it created, and so on. Write what others have to know, read by name, list what there is, remove what is done with. They last as long as the jobs do. At most 200 notes of 64 KiB.',
  effect: 'write',
  input: z.object({
    action: z.enum(['read', 'write', 'list', 'remove']),
    name: z.string().min(1).max(200).optional().describe('The note; for list the beginning of the names'),
    text: z.string().optional().describe('What to write'),
  }),
  output: z.object({ notes: z.array(noteShape) }),
  async run({ action, name, text }, call) {
    const root = rootOf(call.job, (id) => call.jobs.find(id));
    const { store, clock, job } = call;
    if (action !== 'write' && text !== undefined)
      throw new Problem('invalid', `text goes with write, not with ${action}.`, { hint: 'Leave it out.' });
    if (action === 'list') {
      const all = await store.listNotes(root);
      return { notes: all.filter((each) => each.name.startsWith(name ?? '')).map((each) => view(each, null)) };
    }
    if (name === undefined) throw new Problem('invalid', `${action} needs a name.`, { hint: 'See: action list' });
    const known = await store.findNote(root, name);
    if (action === 'write') {
      const note = { root, name, text: checkedText(text), job: job.id, at: clock() };
      if (await store.writeNote(note, mostNotes)) return { notes: [view(note, null)] };
      throw new Problem('conflict', `There are ${mostNotes} notes already.`, {
        hint: 'Remove one, or write into one.',
      });
    }
    if (known === null)
      throw new Problem('not_found', `There is no note ${quoted(name)}.`, { hint: 'See: action list' });
    if (action === 'remove') await store.removeNote(root, name);
    return { notes: [view(known, action === 'read' ? known.text : null)] };
  },
});

function checkedText(text: string | undefined): string {
  if (text === undefined) throw new Problem('invalid', 'write needs a text.', { hint: 'Give it as text.' });
  const bytes = Buffer.byteLength(text);
  if (bytes <= mostBytes) return text;
  throw new Problem('too_large', `The text has ${bytes} bytes, and a note at most ${mostBytes}.`, {
    hint: 'Split it, or write it to a file and note the path.',
  });
}

function view(note: Omit<NoteHead, 'root' | 'sizeBytes'> & { sizeBytes?: number; text?: string }, text: string | null) {
  const { name, job, at } = note;
  return { name, text, sizeBytes: note.sizeBytes ?? Buffer.byteLength(note.text ?? ''), job, at };
}
