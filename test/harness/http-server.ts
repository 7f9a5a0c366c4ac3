// Servers that a test puts in the way of what it tests, on a free port of this machine.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** @returns where the server listens, without a slash at the end */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${portOf(server)}`;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Ends the server and every connection to it. */
export async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
