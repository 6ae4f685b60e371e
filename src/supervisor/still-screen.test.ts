import { expect, test } from 'bun:test';
import { labelFrom } from '../../test/builders.ts';
import { asAttemptId, asJobId } from '../core/ids.ts';
import type { Attempt, JobState } from '../core/job/job.ts';
import { nothingSpent } from '../core/job/stop.ts';
import type { JobTerminal } from './ports.ts';
import { StillScreen } from './still-screen.ts';

const id = asAttemptId('job1.1');
const attempt: Attempt = {
  ...{ id, job: asJobId('job1'), number: 1, agent: 'gemini', model: null },
  ...{ pool: labelFrom('work'), account: null, pid: 7, birth: 'b', startedAt: 0, endedAt: null },
  ...{ exitCode: null, outcome: null, spent: nothingSpent, waitedMs: 0 },
};
const running: JobState = { kind: 'running', attempt: id };
const waiting = { kind: 'waiting', attempt: id, question: 'May it?', since: 1, on: 'terminal' } as const;
const answering: JobState = { ...running, answering: { answer: 'yes', to: waiting } };

/** What is asked at looks that find the job so, and this on the screen. */
async function asked(
  { silent, heard = false }: { readonly silent: boolean; readonly heard?: boolean },
  looks: readonly (readonly [JobState, string])[],
): Promise<readonly (string | undefined)[]> {
  let [state, text] = [running, ''];
  const terminal = { text: () => Promise.resolve(text) } as JobTerminal;
  const processes = { terminal: () => Promise.resolve(terminal) };
  const still = new StillScreen({ processes, state: () => state, bug: () => undefined }, { attempt, silent });
  if (heard) still.hear();
  const all = [];
  for (const each of looks) {
    [state, text] = each;
    all.push(/^It shows: (.*) Look at it with/.exec((await still.look())?.question ?? '')?.[1]);
  }
  return all;
}

const none = undefined;

test('an agent that has not said its first word is asked about at once, and then where what it shows stays', async () => {
  const looks = ['Trust it?', 'Which theme?', 'Which theme?', 'busy 1', 'busy 2'].map(
    (text) => [running, text] as const,
  );
  expect(await asked({ silent: false }, looks)).toEqual(['Trust it?', none, 'Which theme?', none, none]);
});

test('one that never says a word waits where what it shows stays, and is not asked about while it waits', async () => {
  const shown = [
    [waiting, 'Trust it?'],
    [running, 'Trust it?'],
    [running, 'busy'],
    [running, 'done'],
    [running, 'done'],
  ];
  const looks = shown as [JobState, string][];
  expect(await asked({ silent: true }, looks)).toEqual([none, none, none, none, 'done']);
});

test('one that speaks is asked about only where it does not go on with an answer', async () => {
  const looks = [running, running, answering, answering, running].map((state) => [state, 'same'] as const);
  expect(await asked({ silent: false, heard: true }, looks)).toEqual([none, none, none, 'same', none]);
});

test('where it shows its empty prompt it takes a text, and what else it shows is a dialog', async () => {
  let text = '';
  const terminal = { text: () => Promise.resolve(text) } as JobTerminal;
  const deps = { processes: { terminal: () => Promise.resolve(terminal) }, state: () => running, bug: () => undefined };
  const still = new StillScreen(deps, { attempt, silent: true, takesText: /^> Type here/ });
  const shown = async (screen: string): Promise<unknown> => {
    text = screen;
    await still.look();
    return still.look();
  };
  expect(await shown('all done\n> Type here\n')).not.toHaveProperty('yes');
  expect(await shown('May it?\n● 1. Yes\n')).toMatchObject({ yes: '\r' });
});
