import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endChild, freePorts } from './child.ts';
import type { Upstream } from './upstream.ts';

/** The ports on which nginx passes on to one upstream. */
export type NginxRoute = { readonly whole: number; readonly streamed: number };
export type Nginx = {
  readonly version: string;
  readonly workerPid: number;
  readonly routes: readonly NginxRoute[];
  stop(): Promise<void>;
};

/** Starts nginx with one worker in front of the upstreams; undefined when it is not installed. */
export async function startNginx(folder: string, upstreams: readonly Upstream[]): Promise<Nginx | undefined> {
  const binary = Bun.which('nginx', { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` });
  if (binary === null) return undefined;
  const ports = await freePorts(upstreams.length * 2);
  const routes = upstreams.map((_, index) => ({ whole: ports[2 * index] ?? 0, streamed: ports[2 * index + 1] ?? 0 }));
  const prefix = join(folder, 'nginx');
  mkdirSync(prefix);
  const file = join(prefix, 'nginx.conf');
  writeFileSync(file, configuration(prefix, upstreams, routes));
  const child = Bun.spawn([binary, '-p', prefix, '-c', file, '-e', join(prefix, 'error.log')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  for (const { whole } of routes) await listens(whole, () => child.exitCode !== null);
  const version = Bun.spawnSync([binary, '-v']).stderr.toString().trim();
  return { version, workerPid: firstChildOf(child.pid), routes, stop: () => endChild(child) };
}

function configuration(prefix: string, upstreams: readonly Upstream[], routes: readonly NginxRoute[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${prefix}/${name};`,
  );
  const servers = upstreams.map(({ port }, index) => {
    const route = routes[index];
    return `
  upstream up${index} { server 127.0.0.1:${port}; keepalive 64; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${route?.whole}; location / { proxy_pass http://up${index}; } }
  server { listen 127.0.0.1:${route?.streamed}; location / { proxy_pass http://up${index}; proxy_buffering off; } }`;
  });
  // Bodies stay in memory and nothing is logged: the comparison is with nginx at its best.
  return `daemon off;
worker_processes 1;
pid ${prefix}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  ${temporary.join(' ')}
  keepalive_requests 1000000000;
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_max_temp_file_size 0;
${servers.join('\n')}
}
`;
}

async function listens(port: number, gone: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (gone()) break;
    const answered = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' }).catch(() => undefined);
    if (answered !== undefined) return;
    await Bun.sleep(10);
  }
  throw new Error('nginx did not start');
}

function firstChildOf(pid: number): number {
  return Number(
    Bun.spawnSync(['pgrep', '-P', String(pid)])
      .stdout.toString()
      .split('\n')[0],
  );
}
