// Jobs in a chat, over a real supervisor.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { buildJob } from '../../../test/job-builder.ts';
import { jobsOf } from '../../../test/job-rig.ts';
import { finish, openSupervisor, type SupervisorRig } from '../../../test/supervisor-rig.ts';
import { openTelegram, owner, type TelegramRig } from '../../../test/telegram-rig.ts';
import { asJobId } from '../../core/ids.ts';

let agents: SupervisorRig;
let telegram: TelegramRig;
const ask = async (text: string): Promise<string> => (await telegram.api.ask(owner, text)).text;

beforeAll(async () => {
  agents = await openSupervisor();
  agents.places = 0;
  await agents.store.addJobs([
    buildJob({
      id: asJobId('asking'),
      state: { kind: 'waiting', attempt: null, question: 'Which <one>?', since: agents.now },
    }),
  ]);
  await agents.restart();
  telegram = await openTelegram({ jobs: jobsOf(agents) });
});

afterAll(async () => {
  await telegram[Symbol.asyncDispose]();
  await agents[Symbol.asyncDispose]();
});

test('a job is added, shown, parked, resumed, cancelled and retried in a chat', async () => {
  const added = await ask('/job_add "Fix the <tests>" directory=/tmp title=Tests');
  expect(added).toMatch(/^⏳ \w{10} queued Tests\nclaude in \/tmp, added .+\nAll 0 places are taken/);
  const id = /\w{10}/.exec(added)?.[0] ?? '';
  expect(await ask(`/job_show ${id.slice(0, 8)}`)).toStartWith(`⏳ ${id} queued Tests`);
  expect(await ask(`/job_park ${id} lunch`)).toContain('“lunch” is one too many');
  expect(await ask(`/job_park ${id} reason=lunch`)).toContain(`You parked it: lunch. Go on with: /job_resume ${id}`);
  expect(await ask(`/job_resume ${id}`)).toStartWith(`⏳ ${id}`);
  expect(await ask(`/job_cancel ${id}`)).toStartWith(`⚪ ${id} cancelled`);
  expect(await ask(`/job_retry ${id}`)).toStartWith(`⏳ ${id} queued`);
  expect(await ask('/job_show nobody')).toBe('❌ There is no job "nobody".\nSee: /job_list');
});

test('what a job asks is told with the way to answer, and answered', async () => {
  expect(await ask('/job_show asking')).toContain('It waits for you: Which <one>?');
  expect(await ask('/job_show asking')).toContain('Answer: /job_answer asking "…"');
  expect(await ask('/job_answer asking "the second"')).toStartWith('⏳ asking queued');
});

test('a job is chosen by buttons, from those to which it can happen', async () => {
  const job = await agents.add(finish());
  const { buttons } = await telegram.api.ask(owner, '/job_resume');
  expect(buttons).toEqual([]);
  const all = await telegram.api.ask(owner, '/job_cancel');
  expect(all.buttons).toContain(job.id);
});

test('the list is short, and has those that go on first', async () => {
  for (let more = 0; more < 12; more += 1) {
    agents.now += 1000;
    const { id } = await agents.add(finish());
    if (more > 8) await agents.supervisor.cancel(id);
  }
  const lines = (await ask('/jobs')).split('\n');
  expect(lines).toHaveLength(11);
  expect(lines.slice(0, 10).every((line) => line.includes(' queued '))).toBe(true);
  expect(lines.at(-1)).toMatch(/^And \d+ more\.$/);
});

test('no environment comes from a chat, and logs are too long for one', async () => {
  expect(await ask('/job_add x directory=/tmp environment={"A":"b"}')).toStartWith('❌ environment must be names');
  expect(await ask('/job_logs asking')).toContain('stint job logs shows it');
});
