import { post, type Protocol } from './protocol.ts';

/** The Gemini API, as Gemini CLI asks with a key. Its requests name no conversation: the opening tells it. */
export const gemini: Protocol = {
  name: 'gemini',
  title: 'Gemini',
  provider: 'google',
  agent: 'gemini',
  door: '/gemini',
  secretOf: (name) => `AIza-test-${name}`,
  window: 'day',
  request: (way, { streamed, prompt, session }) =>
    post(way, `/v1beta/models/gemini-2.5-pro:${streamed ? 'streamGenerateContent?alt=sse' : 'generateContent'}`, {
      headers: [
        'accept: */*',
        'accept-encoding: gzip, deflate',
        'user-agent: GeminiCLI/0.61.0/gemini-2.5-pro (linux; x64; terminal)',
        'x-goog-api-client: google-genai-sdk/1.30.0 gl-node/v22',
        `x-goog-api-key: ${way.token}`,
      ],
      body: {
        contents: [
          { role: 'user', parts: [{ text: `Session ${session}.` }] },
          { role: 'user', parts: [{ text: prompt }] },
        ],
        generationConfig: { temperature: 1, topP: 0.95, topK: 64 },
      },
    }),
  completeDeltas(body) {
    const text = body.toString();
    const last = text.slice(text.lastIndexOf('data: '));
    if (!last.includes('"finishReason":"STOP"') || !last.endsWith('\r\n\r\n')) return -1;
    return text.split('data: ').length - 1;
  },
};
