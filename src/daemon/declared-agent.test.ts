import { describe, expect, test } from 'bun:test';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlace, type Place } from '../../test/daemon-rig.ts';
import type { JobView } from '../operations/job-view.ts';

/** Meets a limit the first time, and finishes in the conversation that it began then. */
const mine = `#!/bin/sh
echo "$@" >> calls
cat >> told; echo '---' >> told
env >> environment
echo 'limit: resets in 3 hours' # what a model says
case "$*" in
  *--go-on*) echo '{"done":"written down"}' ;;
  *) echo '{"conversation":"c-1"}'; echo 'limit reached, try again in 1s' >&2; exit 1 ;;
esac
`;
const config = `
[agents.mine]
command = ["mine", "--json", "--task={prompt}"]
session = '^\\{"conversation":"([^"]+)"'
resume = ["--go-on", "{session}"]
result = '^\\{"done":"(.*)"\\}$'
limits = ["^limit"]
model = ["--model", "{model}"]

[agents.served]
command = ["served"]
result = "^done"
provider = "anthropic"
environment = { MY_URL = "{gateway}/anthropic", MY_TOKEN = "{token}" }
`;

async function place(text: string): Promise<Place & { readonly work: string }> {
  const opened = openPlace();
  const [bin, work] = [join(opened.folder, 'bin'), join(opened.folder, 'work')];
  for (const each of [bin, work, opened.home]) mkdirSync(each, { mode: 0o700 });
  writeFileSync(join(bin, 'mine'), mine, { mode: 0o755 });
  writeFileSync(join(bin, 'served'), '#!/bin/sh\nenv > environment\necho done', { mode: 0o755 });
  writeFileSync(join(opened.home, 'config.toml'), text, { mode: 0o600 });
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, STINT_TOKEN: 'sk-test-of-stint', OTHER_SECRET: 'sk-test' };
  return { ...opened, work, stint: (args, options = {}) => opened.stint(args, { ...options, env }) };
}

async function run(on: Place & { readonly work: string }, ...args: string[]): Promise<JobView> {
  const added = await on.stint(['job', 'add', 'Do it.', '--directory', on.work, '--json', ...args]);
  if (added.code !== 0) throw new Error(added.stderr);
  const { id } = JSON.parse(added.stdout) as JobView;
  await on.stint(['job', 'logs', id, '--follow']);
  return JSON.parse((await on.stint(['job', 'show', id, '--json'])).stdout) as JobView;
}

describe('an agent of the config', () => {
  test('is parked at its limit and goes on with its conversation after it', async () => {
    await using on = await place(config);
    const job = await run(on, '--agent', 'mine', '--model', 'large');
    expect(job).toMatchObject({ state: 'done', result: 'written down', attempts: 2, session: 'c-1' });
    const read = (name: string): string => readFileSync(join(on.work, name), 'utf8');
    const prompt = (number: number): string => join(on.home, 'attempts', `${job.id}.${number}`, 'prompt');
    expect(read('calls')).toBe(
      `--json --task=${prompt(1)} --model large\n--json --task=${prompt(2)} --model large --go-on c-1\n`,
    );
    expect(read('told')).toStartWith('Do it.---\nContinue with the task');
    expect(read('environment')).not.toMatch(/sk-test|STINT_(?!(ATTEMPT|MCP_URL|JOB_TOKEN)=)/);
    expect((await on.stint(['phantom', 'issue', '--agent', 'mine'])).code).not.toBe(0);
  }, 30_000);

  test('is let in to the gateway where it names a provider', async () => {
    await using on = await place(config);
    await on.stint(['account', 'add', 'anthropic', 'work'], { stdin: 'sk-ant-api03-test-0123456789' });
    expect(await run(on, '--agent', 'served')).toMatchObject({ state: 'done', attempts: 1 });
    const environment = readFileSync(join(on.work, 'environment'), 'utf8');
    expect(environment).toMatch(/^MY_URL=http:\/\/127\.0\.0\.1:\d+\/anthropic$/m);
    expect(environment).toMatch(/^MY_TOKEN=stint-[\w-]{22}$/m);
    expect(environment).not.toMatch(/sk-test|sk-ant|STINT_(?!(ATTEMPT|MCP_URL|JOB_TOKEN)=)/);
  }, 30_000);

  test('is refused where its provider is none', async () => {
    await using on = await place('[agents.mine]\ncommand = ["mine"]\nresult = "x"\nprovider = "nobody"');
    const { stderr, code } = await on.stint(['up']);
    expect(stderr).toContain('agents.mine.provider is nobody, which is no provider.');
    expect(code).not.toBe(0);
  });
});
