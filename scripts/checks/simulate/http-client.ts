// The simulator's requests: an answer that does not come is an observation, not an error.
import { HttpSender } from '../http-sender.ts';
import type { Answered } from './oracle.ts';

/** A request without an answer within this time is lost. */
const sender = new HttpSender({ connections: 256, longestMs: 60_000 });

/** @returns status 0 and the reason as the body when there was no answer */
export async function exchange(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = '',
): Promise<Answered> {
  try {
    const answer = await sender.send(port, { method, path, headers, body });
    return { status: answer.status, headers: answer.headers as Answered['headers'], body: answer.body.toString() };
  } catch (error) {
    return { status: 0, headers: {}, body: String(error) };
  }
}

export function closeConnections(): void {
  sender[Symbol.dispose]();
}
