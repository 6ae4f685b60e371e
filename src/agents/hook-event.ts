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

/** The input of Claude Code's tool with which its model asks its user; a choice has the number that its key is. */
const choicesSchema = z.object({
  questions: z.array(z.object({ question: z.string(), options: z.array(z.object({ label: z.string() })) })).min(1),
});

/** What an agent asks for that wants to use a tool. */
export function permissionQuestion({ tool_name: tool = 'a tool', tool_input: input }: HookEvent): string {
  const asked = tool === 'AskUserQuestion' ? choicesSchema.safeParse(input).data?.questions : undefined;
  if (asked === undefined) return `May it use ${tool}? ${JSON.stringify(input ?? {}).slice(0, 300)}`;
  const choices = (options: readonly { readonly label: string }[]): string =>
    options.map(({ label }, index) => `${index + 1}. ${label}`).join(', ');
  return asked.map(({ question, options }) => `${question} (${choices(options)})`).join(' Then: ');
}
