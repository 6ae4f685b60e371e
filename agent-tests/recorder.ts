import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

/** A wire between an agent and the gateway that keeps what the gateway answered. */
export type Recorder = AsyncDisposable & {
  readonly port: number;
  /** The answers so far, head and body as they were sent, in the order of their connections. */
  answers(): string[];
};

export async function startRecorder(gatewayPort: number): Promise<Recorder> {
  const answers: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((agent) => {
    const gateway = connect(gatewayPort, '127.0.0.1');
    const received: Buffer[] = [];
    answers.push(received);
    gateway.on('data', (bytes: Buffer) => received.push(bytes));
    for (const socket of [agent, gateway]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        agent.destroy();
        gateway.destroy();
      });
    }
    agent.pipe(gateway).pipe(agent);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    answers: () =>
      answers.flatMap((chunks) =>
        Buffer.concat(chunks)
          .toString('latin1')
          .split(/(?=HTTP\/1\.1 \d{3})/),
      ),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
