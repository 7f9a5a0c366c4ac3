// Requests over kept connections, light enough that the driver leaves the machine to the PoPs.
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Answered } from './oracle.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });

/** No answer within this is a lost request. */
const longestMs = 60_000;

/** @returns status 0 and the reason as the body when there was no answer */
export async function exchange(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = '',
): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request(
    {
      agent,
      host: '127.0.0.1',
      port,
      method,
      path,
      timeout: longestMs,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    },
    resolve,
  );
  try {
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${longestMs / 1000} s`)));
    sent.end(body);
    const response = await promise;
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers as Answered['headers'],
      body: Buffer.concat(chunks).toString(),
    };
  } catch (error) {
    // workerd closes connections that were idle for 5 s; a request that met one that was just closing never arrived.
    const closing = sent.reusedSocket && error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
    if (closing) return await exchange(port, method, path, headers, body);
    return { status: 0, headers: {}, body: String(error) };
  }
}

export function closeConnections(): void {
  agent.destroy();
}
