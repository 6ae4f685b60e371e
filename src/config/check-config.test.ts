import { describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { checkConfig } from './check-config.ts';

async function findings(text: string | null): Promise<string[]> {
  using folder = temporaryFolder();
  const path = join(folder.path, 'config.toml');
  if (text !== null) writeFileSync(path, text);
  return (await checkConfig(path)).map(({ check, ok, detail }) => `${ok ? 'ok' : 'FAIL'} ${check}: ${detail}`);
}

describe('a check of the settings', () => {
  test.each([null, '', '[log]\nlevel = "debug"'])('finds nothing wrong with %j', async (text) => {
    expect(await findings(text)).toEqual([expect.stringMatching(/^ok settings: .*config\.toml is right$/)]);
  });

  test('finds what is wrong in each section', async () => {
    expect(await findings('[log]\nlevel = "loud"\n[audit]\nkeepDays = 0')).toEqual([
      'FAIL settings of audit: config.toml line 4: audit.keepDays must be a whole number from 1 to 3650.',
      'FAIL settings of log: config.toml line 2: log.level must be "debug", "info", "warning" or "error".',
    ]);
    expect(await findings('[log')).toEqual([expect.stringMatching(/^FAIL settings: config\.toml line 1: /)]);
  });

  test('says what does nothing, which is no mistake', async () => {
    expect(await findings('telegram.tokenFile = "/token"\nnotices.webhook.secretFile = "/secret"')).toEqual([
      'ok settings of telegram: telegram.chats is empty: the bot answers nobody, and tells nobody',
      'ok settings of notices: notices.webhook.url is empty: nothing is posted',
    ]);
  });

  test('says that the file cannot be read', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'config.toml');
    mkdirSync(path);
    expect(await checkConfig(path)).toMatchObject([
      { check: 'settings', ok: false, detail: `${path} cannot be read: it is a directory.` },
    ]);
  });
});
