// The load generator: latencies on one connection, throughput on many.

import { quantile } from '../summarise.ts';
import { HttpConnection } from './http-connection.ts';

/** Requests before the measured ones: a connection is new each time, as servers close those that wait for their turn. */
const settling = 20;

/** Milliseconds of each of `count` requests, one after the other on one keep-alive connection. */
export async function measureLatencies(port: number, request: Buffer, count: number): Promise<number[]> {
  using connection = await HttpConnection.open(port);
  for (let index = 0; index < settling; index++) await connection.send(request);
  const latencies: number[] = [];
  for (let index = 0; index < count; index++) {
    const started = performance.now();
    await connection.send(request);
    latencies.push(performance.now() - started);
  }
  return latencies;
}

export interface Throughput {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Each connection sends its next request as soon as it has the answer to the last, until the time is over. */
export async function measureThroughput(
  port: number,
  request: Buffer,
  { connections, durationMs }: { readonly connections: number; readonly durationMs: number },
): Promise<Throughput> {
  const opened = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(port)));
  const latencies: number[] = [];
  try {
    const started = performance.now();
    const end = started + durationMs;
    await Promise.all(
      opened.map(async (connection) => {
        for (let sent = performance.now(); sent < end; ) {
          await connection.send(request);
          const answered = performance.now();
          latencies.push(answered - sent);
          sent = answered;
        }
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    return {
      perSecond: latencies.length / seconds,
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
    };
  } finally {
    for (const connection of opened) connection[Symbol.dispose]();
  }
}
