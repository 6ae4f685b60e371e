import { describe, expect, test } from 'bun:test';
import { makeCertificate } from '../../test/certificate.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { agents } from '../agents/registry.ts';
import { writeAgentCa } from './agent-ca.ts';

const here = 'https://127.0.0.1:4610';

describe('what an agent has to trust', () => {
  test('is nothing where the gateway speaks no TLS', async () => {
    expect(await writeAgentCa('/nowhere', { cert: null, url: here, caFile: '' })).toBeUndefined();
  });

  test('is the certificate of the gateway, and who may have signed it', async () => {
    using folder = temporaryFolder();
    using others = temporaryFolder();
    const { cert } = await makeCertificate(folder.path);
    const signer = await makeCertificate(others.path);
    const path = await writeAgentCa(folder.path, { cert, url: here, caFile: signer.certFile });
    expect(await Bun.file(path ?? '').text()).toBe(`${cert}\n${signer.cert}`);
  });

  test('is refused where it is for another host: the agent would only ever retry', async () => {
    using folder = temporaryFolder();
    const { cert } = await makeCertificate(folder.path);
    const given = { cert, url: 'https://192.0.2.7:4610', caFile: '' };
    await expect(writeAgentCa(folder.path, given)).rejects.toMatchObject({
      code: 'conflict',
      message: 'The certificate of agent.tls.certFile is not for 192.0.2.7: no agent here trusts it.',
    });
  });

  test.each([
    ['claude', 'NODE_EXTRA_CA_CERTS'],
    ['codex', 'CODEX_CA_CERTIFICATE'],
    ['gemini', 'NODE_EXTRA_CA_CERTS'],
  ])('is told %s by %s', async (id, variable) => {
    using folder = temporaryFolder();
    const gate = { url: here, phantom: 'stint-test', folder: folder.path, environment: { HOME: folder.path } };
    const launch = async (more: object) => (await agents.get(id)?.launch({ ...gate, ...more }))?.environment;
    expect((await launch({ caFile: '/ca.pem' }))?.[variable]).toBe('/ca.pem');
    expect(Object.keys((await launch({})) ?? {})).not.toContain(variable);
  });
});
