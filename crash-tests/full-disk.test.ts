// A daemon whose home is on a disk of its own, which is really full.
import { expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobView } from '../src/operations/job-view.ts';
import { openJobPlace, type JobPlace } from '../test/job-place.ts';

const lookMs = 50;
/** Jobs are started only where there is more room than a hundred. */
const diskMegabytes = 150;
const refusal = whyNotMounted();
if (refusal !== null) console.log(`A full disk is not tested, for this user may not mount one: ${refusal}`);

/** What the system says against mounting a disk here; null where it does not. */
function whyNotMounted(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'stint-mount-'));
  try {
    const refused = mountDisk(folder);
    if (refused === null) unmount(folder);
    return refused;
  } finally {
    rmdirSync(folder);
  }
}

function mountDisk(folder: string): string | null {
  if (process.platform !== 'linux' || Bun.which('mount') === null) return 'there is no tmpfs';
  const { exitCode, stderr } = Bun.spawnSync([
    'mount',
    '-t',
    'tmpfs',
    '-o',
    `size=${diskMegabytes}m,mode=0700`,
    'tmpfs',
    folder,
  ]);
  return exitCode === 0 ? null : stderr.toString().trim();
}

function unmount(folder: string): void {
  const { exitCode, stderr } = Bun.spawnSync(['umount', '--lazy', folder]);
  if (exitCode !== 0) throw new Error(stderr.toString());
}

/** A place whose home is on a small disk of its own. */
async function openOnDisk(): Promise<JobPlace & { fill(): void; makeRoom(): void }> {
  const place = await openJobPlace((home) => {
    mkdirSync(home);
    mountDisk(home);
  });
  const ballast = join(place.home, 'ballast');
  return {
    ...place,
    fill: () => {
      // To the last page.
      for (const block of ['1M', '4096'])
        Bun.spawnSync(['dd', 'if=/dev/zero', `of=${ballast}`, `bs=${block}`, 'conv=notrunc', 'oflag=append']);
    },
    makeRoom: () => rmSync(ballast),
    async [Symbol.asyncDispose]() {
      rmSync(ballast, { force: true });
      // Of a test that failed some wait still, and would outlive the daemon.
      const { stdout } = await place.stint(['job', 'list', '--state', 'running', '--json']);
      for (const { id } of (JSON.parse(stdout) as { jobs: JobView[] }).jobs) await place.stint(['job', 'cancel', id]);
      await place.stint(['down']);
      unmount(place.home);
      await place[Symbol.asyncDispose]();
    },
  };
}

async function show(place: JobPlace, id: string): Promise<JobView> {
  const { stdout } = await place.stint(['job', 'show', id, '--json']);
  return JSON.parse(stdout) as JobView;
}

async function reaches(place: JobPlace, id: string, state: JobView['state']): Promise<JobView> {
  for (let job = await show(place, id); ; job = await show(place, id)) {
    if (job.state === state) return job;
    // It would never be: it was run again, or has ended as something else.
    if (job.attempts > 1 || job.state === 'failed' || job.state === 'blocked') throw new Error(JSON.stringify(job));
    await Bun.sleep(lookMs);
  }
}

/** Adds a job whose agent waits for somebody to open the gate of its folder. */
async function addWaiting(place: JobPlace, name: string): Promise<{ job: JobView; letGo(): Promise<unknown> }> {
  const directory = join(place.folder, name);
  mkdirSync(directory);
  Bun.spawnSync(['mkfifo', join(directory, 'gate')]);
  const { stdout } = await place.stint(['job', 'add', 'wait here', '--directory', directory, '--json']);
  const { id } = JSON.parse(stdout) as JobView;
  const job = await reaches(place, id, 'running');
  // The pipe opens once the agent reads from it.
  const letGo = () => Bun.spawn(['sh', '-c', 'echo > gate'], { cwd: directory }).exited;
  return { job, letGo };
}

test.skipIf(refusal !== null)(
  'a disk that is really full refuses jobs in a sentence, and loses neither the daemon nor what its agents did',
  async () => {
    await using place = await openOnDisk();
    const early = await addWaiting(place, 'early');
    const late = await addWaiting(place, 'late');
    const daemon = place.read('stint.pid');
    place.fill();
    const refused = await place.stint(['job', 'add', 'hi', '--directory', place.folder]);
    expect(refused.stderr).toBe(
      'The disk is full: nothing was changed. Make room on the disk of Stint’s home, then try again.\n',
    );
    expect(refused.code).not.toBe(0);
    await early.letGo();
    const stdout = join('attempts', `${early.job.id}.1`, 'stdout');
    while (!place.read(stdout)?.includes('"type":"result"')) await Bun.sleep(lookMs);
    expect(await show(place, early.job.id)).toMatchObject({ state: 'running' });
    expect(await show(place, late.job.id)).toMatchObject({ state: 'running' });

    place.makeRoom();
    const finished = { attempts: 1, result: 'wait here', attempt: { exitCode: 0 } };
    expect(await reaches(place, early.job.id, 'done')).toMatchObject(finished);
    await late.letGo();
    expect(await reaches(place, late.job.id, 'done')).toMatchObject(finished);
    expect(place.read('stint.pid')).toBe(daemon);
    const added = await place.stint(['run', 'hi', '--directory', place.folder]);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('hi') });
  },
);
