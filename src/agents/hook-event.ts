import { z } from 'zod';
import { parseJson } from '../lib/parse-json.ts';

/** What Claude Code 2.1.197 and Codex 0.169.0 tell their hooks alike. https://code.claude.com/docs/en/hooks */
const eventSchema = z.object({
  hook_event_name: z.string(),
  session_id: z.string(),
  source: z.string().optional(),
  tool_name: z.string().optional(),
  tool_input: z.unknown().optional(),
  message: z.string().optional(),
  notification_type: z.string().optional(),
  last_assistant_message: z.string().nullish(),
  background_tasks: z.array(z.unknown()).optional(),
});
export type HookEvent = z.infer<typeof eventSchema>;

export function readHookEvent(line: string): HookEvent | undefined {
  return line.startsWith('{') ? eventSchema.safeParse(parseJson(line)).data : undefined;
}

/** What an agent asks for that wants to use a tool. */
export function permissionQuestion({ tool_name: tool = 'a tool', tool_input: input }: HookEvent): string {
  return `May it use ${tool}? ${JSON.stringify(input ?? {}).slice(0, 300)}`;
}
