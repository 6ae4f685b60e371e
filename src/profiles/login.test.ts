import { describe, expect, test } from 'bun:test';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { Agent } from '../agents/agent.ts';
import { agents } from '../agents/registry.ts';
import { logIn } from './login.ts';

/** Logs in with a shell script in place of the CLI. */
function open() {
  const folder = temporaryFolder();
  const executable = join(folder.path, 'claude');
  const home = join(folder.path, 'home');
  return {
    profile: join(home, 'profiles/anthropic/work'),
    logIn(script: string) {
      writeFileSync(executable, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      return logIn({
        ...{ agent: agents.get('claude') as Agent, label: 'work', home, profile: null, args: [] },
        find: () => executable,
        tell: () => undefined,
        surroundings: {
          ...{ cwd: folder.path, terminal: false, stdout: process.stdout, stderr: process.stderr, signals: process },
          environment: { HOME: folder.path, PATH: process.env['PATH'] },
          kill: (pid, signal) => void process.kill(pid, signal),
        },
      });
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const write = `echo '{"claudeAiOauth":{"accessToken":"sk-ant-oat01-test-0"}}' > "$CLAUDE_CONFIG_DIR/.credentials.json"`;

describe('a login', () => {
  test('counts when it is there, whatever the CLI ends with', async () => {
    using rig = open();
    expect(await rig.logIn(`${write}; exit 1`)).toBe(rig.profile);
  });

  test('of before does not count for one that fails, and stays', async () => {
    using rig = open();
    await rig.logIn(write);
    await expect(rig.logIn('exit 1')).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'claude did not log in again (exit code 1).',
    });
    expect(existsSync(join(rig.profile, '.credentials.json'))).toBe(true);
    expect(await rig.logIn('exit 0')).toBe(rig.profile);
  });

  test.each(['TERM', 'HUP'])('that SIG%s ends leaves nothing behind', async (signal) => {
    using rig = open();
    await expect(rig.logIn(`kill -${signal} $PPID; exec sleep 600`)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(existsSync(rig.profile)).toBe(false);
  });
});
