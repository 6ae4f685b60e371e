import { describe, expect, test } from 'bun:test';
import type { Transport } from '../src/core/job/transport.ts';
import { startGatewayJobs, type JobAgent } from './job-rig.ts';

/** An agent whose model goes round in circles; Gemini CLI finds that out by itself. */
export function describeLoop(each: JobAgent, transport: Transport = 'pipe'): void {
  describe(`a job of ${each.agent} on ${transport} that does the same again and again`, () => {
    test('is stopped and told so, and is blocked when that does not help', async () => {
      await using rig = await startGatewayJobs(each);
      const { id } = await rig.add('[[again:100000]] go', { transport });
      const job = await rig.reaches(id, 'blocked');
      expect(job).toMatchObject({ attempts: 2, failure: 'task', lastAction: { rule: 'content-loop' } });
      expect(job.why).toMatch(
        /^It is blocked: it called \S+ \d+ times in a row in the same way, with the same result, and not for the first time\./,
      );
      const { records } = (await rig.call('audit.list', { subject: id, kind: 'job.watch' })) as {
        records: { detail: string }[];
      };
      expect(records.map(({ detail }) => detail.split(':')[0])).toEqual(['resume', 'block']);
    });
  });
}
