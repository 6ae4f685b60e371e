// Jobs as a user starts and follows them, on a daemon whose `claude` is a script that prints what Claude Code prints.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openJobPlace, type JobPlace } from '../../../../test/job-place.ts';

const gone = 'The daemon has stopped; this goes on when it runs again.';
let place: JobPlace;

beforeAll(async () => {
  place = await openJobPlace();
}, 20_000);

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

describe('stint run', () => {
  test('prints the result on stdout, and what the agent says and does on stderr', async () => {
    const { stdout, stderr, code } = await place.stint(['run', 'say hello']);
    expect({ stdout, code }).toEqual({ stdout: 'say hello\n', code: 0 });
    expect(stderr).toMatch(
      /^Job \w{10}: say hello\nAttempt 1 runs on claude, pool anthropic\.\nI look first\.\n> Bash npm test\nDone in \d+s\.\n$/,
    );
  });

  test('hands the agent what stands behind --, its environment, and the current folder', async () => {
    const args = ['run', 'tell', '--environment', 'FOO=a=b', '--environment', 'BAR=', '--', '--add-dir', 'two words'];
    const { stdout } = await place.stint(args);
    expect(stdout).toContain(`FOO=a=b BAR=set PWD=${place.folder}\n`);
    expect(stdout).toEndWith('--add-dir two words\n');
  });

  test.each([
    ['an argument', ['an argument'], undefined],
    ['a file\nof "two" lines', ['--file', 'task.md'], undefined],
    ['-- a text like a flag', ['-f', 'dashes.md'], undefined],
    ['a pipe', [], 'a pipe'],
    ['a dash', ['-'], 'a dash'],
  ])('takes %j as its prompt', async (prompt, args, stdin) => {
    writeFileSync(join(place.folder, 'task.md'), 'a file\nof "two" lines');
    writeFileSync(join(place.folder, 'dashes.md'), '-- a text like a flag');
    const { stdout } = await place.stint(['run', ...args], stdin === undefined ? {} : { stdin });
    expect(stdout).toBe(`${prompt}\n`);
  });

  test.each([
    [[], undefined, 'There is no prompt: nothing came on stdin. For example: stint run "fix the tests"'],
    [[' '], undefined, 'The prompt is empty. For example: stint run "fix the tests"'],
    [['-'], ' \n', 'There is no prompt: nothing came on stdin.'],
    [['fix', 'the', 'tests'], undefined, 'The prompt has to be one argument. Quote it: stint run "..."'],
    [['x', '--file', 'task.md'], undefined, 'There are two prompts, an argument and a file. Give one of them.'],
    [['--file', 'nowhere.md'], undefined, '"nowhere.md" cannot be read: there is no such file.'],
    [['--file', '.'], undefined, '"." cannot be read: it is a folder.'],
    [['--file', 'junk'], undefined, 'The prompt is no text in UTF-8.'],
    [['--file', 'long.md'], undefined, 'prompt must be a text of at most 900000 characters.'],
    [
      ['x', '--environment', 'FOO'],
      undefined,
      'environment must be names, of letters, digits and _, each with a text.',
    ],
    [['x', '--turns', '0'], undefined, 'turns must be a whole number from 1 to 100000.'],
    [['x', '--budget', 'two'], undefined, 'budget must be a number from 0.01 to 100000.'],
    [['x', '--time', '1.5'], undefined, 'time must be a whole number from 1 to 31536000.'],
    [['x', '--agent', 'vim'], undefined, '"vim" is not an agent that Stint knows.'],
    [['x', '--pool', 'nowhere'], undefined, 'There is no pool "nowhere".'],
  ])('refuses %j', async (args, stdin, line) => {
    writeFileSync(join(place.folder, 'junk'), Buffer.from([0x80, 0xff, 0x00]));
    writeFileSync(join(place.folder, 'long.md'), 'x'.repeat(900_001));
    const run = await place.stint(['run', ...args], stdin === undefined ? {} : { stdin });
    expect(run).toMatchObject({ stdout: '', code: args[1] === '--pool' ? 3 : 2 });
    expect(run.stderr).toStartWith(line);
    expect(run.stderr.split('\n')).toHaveLength(2);
  });

  test('with --json prints an event on each line, and the job on the last', async () => {
    const { stdout, stderr, code } = await place.stint(['run', '--json', 'say hello']);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const job = lines.pop();
    expect(job).toMatchObject({ state: 'done', result: 'say hello', attempts: 1, title: 'say hello' });
    const states = lines.filter((each) => each['event'] === 'state');
    expect(states.at(0)).toMatchObject({ job: job?.['id'] as string, attempts: 0, state: 'queued' });
    expect(states.at(-1)).toMatchObject({ attempts: 1, state: 'done' });
    const said = lines.filter((each) => each['event'] === 'said').map((each) => each['kind']);
    expect(said).toEqual(['session', 'text', 'tool', 'text', 'result']);
  });

  test('ends with 1 and the reason where the job failed', async () => {
    const { stdout, stderr, code } = await place.stint(['run', 'fail']);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toContain('error: task: The answer is too long.\n');
    expect(stderr).toMatch(
      /\nIt failed \d+s ago .*: The answer is too long\. Try again with: stint job retry \w{10}\n$/,
    );
  });

  test('says that the job is parked and why, and goes on with it', async () => {
    const run = place.start(['run', 'wait here']);
    await run.shows('> Bash npm test');
    const id = place.latest();
    expect((await place.stint(['job', 'park', await id, '--reason', 'lunch'])).stdout).toBe(
      `Job ${await id} is parked. You parked it: lunch. Go on with: stint job resume ${await id}\n`,
    );
    await run.shows('You parked it: lunch. Go on with: stint job resume');
    await place.stint(['job', 'resume', await id]);
    await run.shows('Attempt 2 runs on claude');
    await place.letGo();
    const { stderr, code } = await run.ended;
    expect(stderr).toMatch(/Done in \d+s, after 2 attempts\.\n$/);
    expect(code).toBe(0);
  }, 15_000);
});

describe('stint run with stop conditions', () => {
  test('stops the job, has its work saved, and says so; that is no failure', async () => {
    const { stdout, stderr, code } = await place.stint(['run', 'wait here', '--turns', '1', '--time', '600']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^It has reached its limit of 1 turn \(1 taken\)\.\n\nYou have to stop here, .*end your turn\.\n$/,
    );
    expect(stderr).toMatch(/\nStopped in \d+s, after 2 attempts\. It has reached its limit of 1 turn \(1 taken\)\.\n$/);
    const { stdout: shown } = await place.stint(['job', 'show', await place.latest()]);
    expect(shown).toContain('\n  stops: after 1 turn or 10m\n');
    expect(shown).toContain('why: It was stopped ');
  }, 15_000);

  test('warns on stderr of what cannot be kept', async () => {
    const run = await place.stint(['job', 'add', 'say hello', '--budget', '2.5', '--model', 'no-such-model']);
    expect(run.stdout).toStartWith('Added job ');
    expect(run.stderr).toMatch(
      /^Warning: Stint has no price for no-such-model \(its prices are of \w+ \d+\), so that what it costs is unknown and its budget cannot be kept until claude tells it\.\n$/,
    );
    const json = await place.stint(['job', 'add', 'say hello', '--json', '--completion', '--turns', '2']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ...{ warnings: [], stop: { turns: 2, budget: null, time: null, completion: true }, stopped: null },
    });
  }, 15_000);
});

describe('stint run that is interrupted', () => {
  test('cancels its job on SIGINT where nobody can be asked', async () => {
    const run = place.start(['run', 'wait here']);
    await run.shows('> Bash npm test');
    run.kill('SIGINT');
    const { stderr, code } = await run.ended;
    expect(stderr).toEndWith(`Job ${await place.latest()} was cancelled; its agent is gone.\n`);
    expect(code).toBe(130);
    expect((await place.show()).state).toBe('cancelled');
  }, 15_000);

  test('leaves its job alone on SIGTERM', async () => {
    const run = place.start(['run', 'wait here']);
    await run.shows('> Bash npm test');
    run.kill('SIGTERM');
    const { stderr, code } = await run.ended;
    expect(stderr).toContain(`Job ${await place.latest()} goes on without you.\n`);
    expect(code).toBe(143);
    expect((await place.show()).state).toBe('running');
    await place.stint(['job', 'cancel', await place.latest()]);
  }, 15_000);

  test('asks on a terminal: it may be watched on, and a second Ctrl-C detaches', async () => {
    const run = place.onTerminal('run', 'wait here');
    await run.shows('> Bash npm test');
    run.type('\u0003');
    await run.shows('Go on watching');
    run.type('\u001b[A\r');
    await place.stint(['job', 'park', await place.latest()]);
    const before = await run.shows('You parked it');
    run.type('\u0003');
    await run.showsMore(before, 'Go on watching');
    run.type('\u0003');
    const { shown, code } = await run.ended;
    expect(shown).toContain('goes on without you.');
    expect(code).toBe(130);
    expect((await place.show()).state).toBe('parked');
    await place.stint(['job', 'cancel', await place.latest()]);
  }, 15_000);

  test('cancels on a terminal when told so', async () => {
    const run = place.onTerminal('run', 'wait here');
    await run.shows('> Bash npm test');
    run.type('\u0003');
    await run.shows('Cancel it');
    run.type('\u001b[B\r');
    const { shown, code } = await run.ended;
    expect(shown).toContain('was cancelled; its agent is gone.');
    expect(code).toBe(130);
    expect((await place.show()).state).toBe('cancelled');
  }, 15_000);

  test('asks no longer when the job has ended, and shows what came meanwhile', async () => {
    const run = place.onTerminal('run', 'wait here');
    await run.shows('> Bash npm test');
    run.type('\u0003');
    await run.shows('Go on watching');
    await place.letGo();
    const { shown, code } = await run.ended;
    expect(shown).toMatch(/Done in \d+s\..*\r\nwait here\r\n$/s);
    expect(code).toBe(0);
  }, 15_000);
});

describe('a daemon that goes while a job is followed', () => {
  test('is started again where it crashed, and the job is followed to its end', async () => {
    await using own = await openJobPlace();
    const run = own.start(['run', 'wait here']);
    await run.shows('> Bash npm test');
    process.kill(Number(own.read('stint.pid')), 'SIGKILL');
    await run.shows('The daemon runs again.');
    await own.letGo();
    const { stdout, stderr, code } = await run.ended;
    expect({ stdout, code }).toEqual({ stdout: 'wait here\n', code: 0 });
    expect(stderr).toContain(gone);
    expect(stderr.match(/> Bash npm test/g)).toHaveLength(1);
  }, 20_000);

  test('stays down where it was stopped; the log goes on when it is back, with nothing twice', async () => {
    await using own = await openJobPlace();
    const added = await own.stint(['job', 'add', 'wait here']);
    expect(added.stdout).toMatch(/^Added job \w{10}: wait here\nJob \w{10} is (queued|starting)\. .*--follow\n$/);
    const id = await own.latest();
    const run = own.start(['job', 'logs', id.slice(0, 5), '--follow']);
    await run.shows('> Bash npm test');
    await own.stint(['down']);
    await run.shows(gone);
    await own.stint(['up', '--detach']);
    await own.letGo();
    const { stdout, code } = await run.ended;
    expect(stdout).toMatch(/^--- attempt 1\nconversation \S+\nI look first\.\n> Bash npm test\nwait here\n$/);
    expect(code).toBe(0);
    expect((await own.stint(['job', 'logs', id])).stdout).toBe(stdout);
  }, 20_000);
});

describe('stint job', () => {
  test('shows where a job is, and lists it', async () => {
    await place.stint(['run', 'say hello', '--title', 'Hello', '--priority', '3', '--model', 'opus']);
    const id = await place.latest();
    expect((await place.stint(['job', 'why', id])).stdout).toMatch(
      new RegExp(
        `^${id} {2}done {2}Hello\n {2}why: It was done \\d+s ago .*\n {2}agent: claude, model opus\n {2}directory: ${place.folder}\n` +
          ` {2}priority: 3\n {2}attempts: 1; the latest on claude, model opus, pool anthropic\n {4}began .*, took \\d+s, exit code 0: done\n` +
          ` {2}spent: 2 turns, 2\\.5k tokens in, 60 out, \\$0\\.0140, \\d+s running\n` +
          ` {2}conversation: \\S+\n {2}added: .*\n {2}result:\n {4}say hello\n$`,
      ),
    );
    expect((await place.stint(['job', 'list', '--count', '1'])).stdout).toMatch(
      new RegExp(`^JOB +STATE +FOR +AGENT +TITLE +WHY\n${id} +done +\\d+s +claude opus +Hello +-\n$`),
    );
  });

  test.each([
    ['cancel', 'be cancelled'],
    ['park', 'be parked'],
    ['resume', 'be resumed'],
    ['answer', 'be answered'],
  ])('%s of one that is done says that it cannot %s', async (verb, words) => {
    await place.stint(['run', 'say hello']);
    const id = await place.latest();
    expect(await place.stint(['job', verb, id, ...(verb === 'answer' ? ['yes'] : [])])).toEqual({
      stdout: '',
      stderr: `Job ${id} is done: it cannot ${words}. See: stint job show ${id}\n`,
      code: 1,
    });
  });

  test.each([
    [['job', 'show', 'zzzz'], 3, 'There is no job "zzzz". See: stint job list'],
    [['job', 'logs', 'zzzz', '--follow'], 3, 'There is no job "zzzz". See: stint job list'],
    [['job', 'add'], 2, 'There is no prompt: nothing came on stdin. For example: stint job add "fix the tests"'],
  ])('%j says what is wrong', async (args, code, line) => {
    expect(await place.stint(args)).toEqual({ stdout: '', stderr: `${line}\n`, code });
  });
});
