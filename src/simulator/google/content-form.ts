import { type Answer, stepCommand, textDeltas } from '../provider/script.ts';

/** What an answer says of itself besides its content. */
export interface ContentMeta {
  readonly id: string;
  readonly model: string;
  readonly inputTokens: number;
}

/** Renders the chunks of a streamed answer, one per delta of its text; the last one also ends it. */
export function contentChunks(answer: Answer, meta: ContentMeta): object[] {
  const parts = partsOf(answer);
  return parts.map((part, index) => {
    const last = index === parts.length - 1;
    return contentOf([index === 0 ? signed(part) : part], meta, { outputTokens: index + 1, last });
  });
}

/** Renders a whole answer. */
export function wholeContent(answer: Answer, meta: ContentMeta): object {
  const parts = answer.kind === 'tool' ? partsOf(answer) : [{ text: textDeltas(answer).join('') }];
  return contentOf(parts.map(signed), meta, { outputTokens: outputTokensOf(answer), last: true });
}

function outputTokensOf(answer: Answer): number {
  if (answer.kind === 'words') return answer.count;
  return answer.kind === 'tool' ? 1 : answer.deltas.length;
}

function contentOf(
  parts: readonly object[],
  meta: ContentMeta,
  { outputTokens, last }: { outputTokens: number; last: boolean },
): object {
  const end = last ? { finishReason: 'STOP' } : {};
  return {
    candidates: [{ content: { parts, role: 'model' }, ...end, index: 0 }],
    usageMetadata: {
      promptTokenCount: meta.inputTokens,
      candidatesTokenCount: outputTokens,
      totalTokenCount: meta.inputTokens + outputTokens,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: meta.inputTokens }],
    },
    modelVersion: meta.model,
    responseId: meta.id,
  };
}

function partsOf(answer: Answer): object[] {
  if (answer.kind !== 'tool') return textDeltas(answer).map((text) => ({ text }));
  const args = answer.input ?? { command: stepCommand(answer.step), description: `Step ${answer.step}` };
  return [{ functionCall: { id: crypto.randomUUID().slice(0, 8), name: answer.tool, args } }];
}

/** Adds a thought signature: opaque to clients, who only send it back. */
function signed(part: object): object {
  return { ...part, thoughtSignature: crypto.getRandomValues(Buffer.alloc(48)).toString('base64') };
}
