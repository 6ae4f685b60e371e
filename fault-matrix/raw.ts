import { connect } from 'node:net';
import { startVendorRig } from '../test/vendor-rig.ts';
import { captured } from '../test/builders.ts';
for (const [v, path, body] of [
  [
    'google',
    '/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    { contents: [{ role: 'user', parts: [{ text: '[[say:one two three]]' }] }] },
  ],
  [
    'anthropic',
    '/v1/messages',
    {
      model: 'claude-sonnet-4-5',
      max_tokens: 100,
      stream: true,
      messages: [{ role: 'user', content: '[[say:one two three]]' }],
    },
  ],
] as const) {
  await using rig = await startVendorRig(v, { frozenAt: captured });
  rig.simulator.inject({ kind: 'cut_mid', pauseMs: 200, credential: 'a' } as never);
  const text = JSON.stringify(body);
  await new Promise<void>((resolve) => {
    const s = connect(rig.port, '127.0.0.1');
    s.on('data', (d) => console.log(performance.now() | 0, JSON.stringify(d.toString().slice(-60))));
    s.on('end', () => console.log('fin'));
    s.on('error', (e) => console.log('err', e.message));
    s.on('close', () => {
      console.log('close');
      resolve();
    });
    s.write(
      `POST /${v === 'google' ? 'gemini' : 'anthropic'}${path} HTTP/1.1\r\nhost: x\r\nx-goog-api-key: ${rig.token}\r\nauthorization: Bearer ${rig.token}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    );
    setTimeout(() => s.destroy(), 1500);
  });
}
