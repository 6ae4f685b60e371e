import { expect, test } from 'bun:test';
import { buildAccount } from '../../../test/builders.ts';
import { mendOf } from './mend.ts';

test.each([
  [{ credential: 'api-key' }, 'stint account add anthropic work --replace'],
  [{ credential: 'setup-token' }, 'stint account add anthropic work --replace'],
  [{ credential: 'login' }, 'stint account adopt anthropic work --replace --from <directory>'],
  [{ credential: 'plan-login' }, 'stint account adopt anthropic work --replace --from <directory>'],
  [
    { credential: 'login', baseUrl: 'https://api.vendor.example' },
    'stint account adopt anthropic work --replace --from <directory> --base-url https://api.vendor.example',
  ],
  [{ credential: 'profile', profile: '/home/me/work' }, 'stint account login anthropic work'],
])('a refused account with %j is mended with: %s', (more, command) => {
  expect(mendOf(buildAccount('work', more))).toBe(command);
});
