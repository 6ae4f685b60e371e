import { describe, expect, test } from 'bun:test';
import { configSchema } from './config-schema.ts';
import { listSettings } from './list-settings.ts';

describe('the list of settings', () => {
  test('has every one, and says of none that it was changed where none was', () => {
    const all = listSettings(configSchema.parse({}));
    expect(all.filter((each) => !each.isDefault)).toEqual([]);
    expect(all).toContainEqual({ field: 'gateway.holdSeconds', value: 240, isDefault: true, isSecret: false });
    expect(all).toContainEqual({ field: 'reset.pools', value: {}, isDefault: true, isSecret: false });
    expect(all).toContainEqual({ field: 'notices.webhook.url', value: false, isDefault: true, isSecret: true });
  });

  test('shows what was changed, a secret only as set', () => {
    const config = configSchema.parse({
      notices: { webhook: { url: 'https://example.com/test-secret' } },
      reset: { pools: { work: { container: 'box' } }, agents: { mine: { command: ['a', 'b'] } } },
    });
    expect(listSettings(config).filter((each) => !each.isDefault)).toEqual([
      { field: 'notices.webhook.url', value: true, isDefault: false, isSecret: true },
      { field: 'reset.agents.mine.command', value: ['a', 'b'], isDefault: false, isSecret: false },
      { field: 'reset.agents.mine.user', value: '', isDefault: false, isSecret: false },
      { field: 'reset.pools.work.container', value: 'box', isDefault: false, isSecret: false },
    ]);
  });
});
