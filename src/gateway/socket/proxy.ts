import { BlockList, isIP } from 'node:net';

/** The user's proxies, as the environment names them, and the hosts that are asked directly. */
export type ProxyRules = {
  readonly http: string | null;
  readonly https: string | null;
  readonly direct: readonly string[];
};

/** Reads the variables that fetch obeys as well: lower case goes first, ALL_PROXY stands for what has none of its own. */
export function proxyRulesOf(env: Readonly<Record<string, string | undefined>>): ProxyRules {
  const read = (name: string): string | null => env[name.toLowerCase()] || env[name] || null;
  const all = read('ALL_PROXY');
  const direct = (read('NO_PROXY') ?? '').split(',').map((each) => each.trim().toLowerCase());
  return { http: read('HTTP_PROXY') ?? all, https: read('HTTPS_PROXY') ?? all, direct: direct.filter(Boolean) };
}

/**
 * The proxy through which a URL is asked; null for none. The rules are those that Bun's fetch was seen to have: a name
 * covers the names below it, with or without a dot or `*.` in front, a port limits it, an address may be a range.
 */
export function proxyOf(url: URL, rules: ProxyRules): URL | null {
  const proxy = url.protocol === 'https:' ? rules.https : rules.http;
  if (proxy === null || !URL.canParse(proxy)) return null;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return rules.direct.some((rule) => covers(rule, host, port)) ? null : new URL(proxy);
}

function covers(rule: string, host: string, port: string): boolean {
  if (rule === '*') return true;
  if (isIP(host) !== 0) return coversAddress(rule.replace(/^\[|\]$/g, ''), host);
  const [name = '', onlyPort = port] = rule.split(':');
  const bare = name.replace(/^\*?\./, '');
  return onlyPort === port && bare !== '' && (host === bare || host.endsWith(`.${bare}`));
}

function coversAddress(rule: string, address: string): boolean {
  if (rule === address) return true;
  const [network = '', bits = ''] = rule.split('/');
  const family = isIP(network);
  if (family === 0 || family !== isIP(address) || !/^\d{1,3}$/.test(bits)) return false;
  const most = family === 4 ? 32 : 128;
  if (Number(bits) > most) return false;
  const range = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  range.addSubnet(network, Number(bits), type);
  return range.check(address, type);
}
