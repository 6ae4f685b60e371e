import type { Ask } from '../provider.ts';
import { innerPath } from './path.ts';

/** Answers what Codex asks of a ChatGPT plan's backend about the account, in place of the many accounts behind us. */
export function answerLocal(ask: Ask, headers: Headers): Response {
  const path = innerPath(ask) ?? '';
  if (path === '/wham/accounts/check') return Response.json(accountsCheck(headers.get('chatgpt-account-id')));
  if (path === '/wham/settings/user') return Response.json({});
  if (path.startsWith('/ps/plugins/')) return Response.json({ plugins: [], items: [] });
  // Without a body this cannot be an MCP server's answer; one that is none keeps Codex 0.169.0 waiting for 30 s.
  if (path === '/ps/mcp') return Response.json({ detail: 'Not Found' }, { status: 404 });
  return new Response(null, { status: 204 });
}

/**
 * No account has to be asked at another place. Codex 0.169.0 fails its turn ("workspace routing discovery failed") when
 * its own account is not in the list.
 */
function accountsCheck(account: string | null): object {
  if (account === null) return { accounts: [], account_ordering: [] };
  const open = 'NO_CONSTRAINT';
  return {
    accounts: [{ id: account, workspace_backend_origin: open, account_routing_override: open }],
    account_ordering: [account],
  };
}
