// A limit in an agent that has the terminal: the next account's one gets the terminal as it was.
import { expect, test } from 'bun:test';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openServing } from '../../../test/daemon-rig.ts';

const launcher = join(import.meta.dir, '../../../bin/stint.mjs');
const other = '11111111-1111-4111-8111-111111111111';

/** A Claude Code with a screen of its own: `/clear` begins another conversation, whose limit it then meets. */
const claude = `#!/bin/sh
folder="$CLAUDE_CONFIG_DIR/projects/-work"
mkdir -p "$folder" "$CLAUDE_CONFIG_DIR/sessions"
if [ "$1" = --resume ]; then
  stty -a | grep -q -- '-icanon' && echo 'the terminal is raw'
  echo "resumed $2"; read -r line; echo "heard $line"; exit 0
fi
echo '{"sessionId":"${other}"}' > "$CLAUDE_CONFIG_DIR/sessions/$$.json"
stty raw -echo
echo 'ready'
head -c 1 > /dev/null
printf '%s\\n' '{"type":"assistant","isSidechain":false,"error":"rate_limit","isApiErrorMessage":true,"message":{"model":"<synthetic>","content":[{"type":"text","text":"You\\u0027ve hit your session limit · resets 4:19pm (UTC)"}]}}' >> "$folder/${other}.jsonl"
exec sleep 600
`;

test('a conversation goes on in the same terminal, on the next account', async () => {
  await using place = await openServing();
  const bin = join(place.folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'claude'), claude, { mode: 0o755 });
  for (const label of ['a', 'b']) {
    mkdirSync(join(place.folder, label));
    writeFileSync(
      join(place.folder, label, '.credentials.json'),
      '{"claudeAiOauth":{"accessToken":"sk-ant-oat01-test-0"}}',
    );
    await place.stint(['account', 'add', 'anthropic', label, '--profile', label]);
  }
  await place.stint(['pool', 'set', 'anthropic', '--share-sessions']);

  let shown = '';
  let typed = 0;
  // What is typed, once the text before it is there.
  const script = [
    ['ready', 'x'],
    [`resumed ${other}`, 'hello\r'],
  ] as const;
  const child = Bun.spawn(['node', launcher, 'claude'], {
    cwd: place.folder,
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: place.folder, TERM: 'xterm', STINT_HOME: place.home },
    terminal: {
      cols: 100,
      rows: 30,
      data: (terminal, chunk) => {
        shown += new TextDecoder().decode(chunk);
        const [text, keys] = script[typed] ?? [];
        if (text === undefined || !shown.includes(text)) return;
        typed += 1;
        terminal.write(keys ?? '');
      },
    },
  });
  const code = await child.exited;
  child.terminal?.close();
  expect(shown).toContain('heard hello');
  expect(shown).toContain('stint: anthropic/a reached its limit; anthropic/b goes on.');
  expect(shown).not.toContain('the terminal is raw');
  expect(code).toBe(0);
  expect(readFileSync(join(place.folder, 'b/projects/-work', `${other}.jsonl`), 'utf8')).toContain('rate_limit');
  expect((await place.stint(['status'])).stdout).toContain('anthropic/a  closed (five_hour)');
}, 20_000);
