import { type Answer, scriptedAnswer, scriptedCall, scriptIn, stepCommand, textAnswer } from '../provider/script.ts';
import type { InputItem, OfferedTool, ResponsesRequest } from './responses-request.ts';

/** A tool that runs a shell command, and how it is called. */
export type ShellTool =
  /** Codex's code mode: the input is JavaScript. */
  | { readonly form: 'custom'; readonly name: string; readonly namespace: string | undefined }
  | { readonly form: 'function'; readonly name: string };

export interface ScriptedReply {
  readonly answer: Answer;
  readonly tool: ShellTool | undefined;
}

const resultTypes = ['function_call_output', 'custom_tool_call_output', 'local_shell_call_output'];

/** Answers a conversation by the script in its last prompt. A request for structured output gets a title. */
export function answerTo(request: ResponsesRequest, items: readonly InputItem[], name: string): ScriptedReply {
  if (request.text?.format?.schema?.properties?.['title'] !== undefined) {
    return { answer: textAnswer(JSON.stringify({ title: 'Simulated session' })), tool: undefined };
  }
  const tool = shellTool([...(request.tools ?? []), ...items.flatMap((item) => item.tools ?? [])]);
  const talk = talkOf(items);
  const call = tool === undefined ? undefined : scriptedCall(talk);
  const answer = call ?? scriptedAnswer({ provider: 'openai', name, tool: tool?.name, ...talk });
  return { answer, tool };
}

/** What a scripted step passes to the tool. */
export function toolInput(tool: ShellTool, { tool: name, step, input }: Extract<Answer, { kind: 'tool' }>): string {
  // Code mode calls every other tool from its own one, which answers before the end where that takes longer.
  if (input !== undefined && tool.form === 'custom')
    return `// @exec: {"yield_time_ms": 150000}\nconst result = await tools.${name}(${JSON.stringify(input)});\ntext(JSON.stringify(result));\n`;
  const command = stepCommand(step);
  if (tool.form === 'custom') {
    return `const result = await tools.exec_command(${JSON.stringify({ cmd: command })});\ntext(result.output);\n`;
  }
  if (tool.name === 'exec_command') return JSON.stringify({ cmd: command });
  return JSON.stringify({ command: tool.name === 'shell' ? ['bash', '-lc', command] : command });
}

type Said = { prompt: string; prompts: number; toolResults: number; results: string[] };

function talkOf(items: readonly InputItem[]): Said {
  const { prompt, prompts, since } = scriptIn(
    items.map(({ type = '', ...item }) => ({ type, item, prompt: promptText(item) })),
  );
  const results = since
    .filter(({ type }) => resultTypes.includes(type))
    .map(({ item }) => JSON.stringify(item['output'] ?? ''));
  return { prompt, prompts, toolResults: results.length, results };
}

/** The text that a person wrote; Codex sends its own context in tags, as user messages too. */
function promptText({ role, content }: InputItem): string {
  if (role !== 'user' || content === null || content === undefined) return '';
  const texts = typeof content === 'string' ? [content] : content.map(({ text }) => text ?? '');
  return texts.filter((text) => text !== '' && !/^<[a-z_]+>/.test(text)).join('\n');
}

function shellTool(offered: readonly OfferedTool[]): ShellTool | undefined {
  const tools = offered.flatMap((tool) => callable(tool));
  return (
    tools.find(({ form, name }) => form === 'custom' && name === 'exec') ??
    tools.find(({ form, name }) => form === 'function' && /bash|shell|exec/i.test(name)) ??
    tools.find(({ form }) => form === 'function')
  );
}

function callable(tool: OfferedTool, namespace?: string): ShellTool[] {
  if (tool.type === 'namespace') return (tool.tools ?? []).flatMap((inner) => callable(inner, tool.name));
  if (tool.name === undefined) return [];
  if (tool.type === 'custom') return [{ form: 'custom', name: tool.name, namespace }];
  return tool.type === 'function' && namespace === undefined ? [{ form: 'function', name: tool.name }] : [];
}
