// Whether a PoP can listen where it is told to, asked before its Worker is built: workerd's front throws where nobody catches.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { PopserveError } from '../../registry/errors.ts';

/** Ports that are tried as a proposal. */
const proposals = 20;
const lastPort = 65_535;

/** @throws {PopserveError} with another address to try, if this one is taken, forbidden or not of this machine */
export async function requireAddress(host: string, port: number): Promise<void> {
  const fault = await faultOf(host, port);
  if (fault === null) return;
  if (fault === 'EADDRINUSE') {
    throw new PopserveError('CONFLICT', `port ${port} of ${host} is taken; ${await proposal(host, port)}`);
  }
  if (fault === 'EACCES') {
    throw new PopserveError(
      'PERMISSION_DENIED',
      `the system does not let this user listen on port ${port}; choose one above 1023, as in --port 8787`,
    );
  }
  throw new PopserveError(
    'INVALID_ARGUMENT',
    `--host ${host}: the system cannot listen there (${fault}); expected an address of this machine: 127.0.0.1 is reached from it alone, 0.0.0.0 from everywhere`,
  );
}

async function proposal(host: string, port: number): Promise<string> {
  for (let next = port + 1; next <= Math.min(port + proposals, lastPort); next++) {
    if ((await faultOf(host, next)) === null) return `${next} is free: --port ${next}`;
  }
  return '--port 0 takes a free one';
}

/** @returns the code of the system's refusal */
async function faultOf(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    // As miniflare names it.
    server.listen(port, host === '*' ? '::' : host);
    await once(server, 'listening');
  } catch (error) {
    return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);
  }
  server.close();
  await once(server, 'close');
  return null;
}
