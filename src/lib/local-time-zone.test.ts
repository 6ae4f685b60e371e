import { expect, test } from 'bun:test';
import { join } from 'node:path';

test.each(['UTC', 'Asia/Kolkata'])('the zone of a machine in %s is that', (zone) => {
  const program = `import { localTimeZone } from ${JSON.stringify(join(import.meta.dir, 'local-time-zone.ts'))};
    console.log(localTimeZone());`;
  const { stdout } = Bun.spawnSync([process.execPath, '-e', program], { env: { ...process.env, TZ: zone } });
  expect(stdout.toString().trim()).toBe(zone);
});
