import { z } from 'zod';

/** What tools answer that have waited as long as they may, and are to be called again. */
const outputs: Readonly<Record<string, z.ZodType>> = {
  ask_user: z.object({ answered: z.literal(false) }),
  wait_for_jobs: z.object({ ended: z.array(z.unknown()).max(0), pending: z.array(z.unknown()).min(1) }),
  lock_files: z.object({ locked: z.literal(false) }),
};

/** Whether a call has done nothing but wait: it is made again, and brought nothing to work with. */
export function hasOnlyWaited(tool: string, output: unknown): boolean {
  return outputs[tool]?.safeParse(output).success === true;
}
