// The processor time that a server takes for a request: a fixed number of requests, and what its process has used for them.
import { HttpConnection } from './http-connection.ts';
import { processCpuMs } from './process-cpu.ts';

export interface RequestCost {
  readonly cpuUs: number;
  /** From sent to answered, divided among the connections: the inverse of the throughput. */
  readonly wallUs: number;
}

interface Load {
  readonly connections: number;
  /** The sum over all connections. */
  readonly requests: number;
}

/** Each connection sends its next request as soon as it has the answer to the last, until as many were sent. */
export async function costOf(
  { port, pid }: { readonly port: number; readonly pid: number },
  request: Buffer,
  { connections, requests }: Load,
): Promise<RequestCost> {
  const opened = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(port)));
  try {
    let left = requests;
    const started = performance.now();
    const cpuBefore = await processCpuMs(pid);
    await Promise.all(
      opened.map(async (connection) => {
        while (left-- > 0) await connection.send(request);
      }),
    );
    const cpuMs = (await processCpuMs(pid)) - cpuBefore;
    return { cpuUs: (cpuMs * 1000) / requests, wallUs: ((performance.now() - started) * 1000) / requests };
  } finally {
    for (const connection of opened) connection[Symbol.dispose]();
  }
}
