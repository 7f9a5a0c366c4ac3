// One keep-alive HTTP/1.1 connection, one request at a time, over the socket itself: on two cores a client that parses headers
// into objects takes as long as the server that it measures.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  /** The status line and the headers. */
  readonly head: string;
  readonly body: Buffer;
}

const longestAnswerMs = 60_000;
const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

/** The bytes of a request, made once and sent many times. */
export function httpRequest(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = '',
): Buffer {
  const content = Buffer.from(body as string);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(method === 'GET' ? [] : [`Content-Length: ${content.length}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content]);
}

export class HttpConnection implements Disposable {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(closed()));
    socket.setTimeout(longestAnswerMs, () => {
      if (this.#waiting) socket.destroy(new Error(`no answer within ${longestAnswerMs / 1000} s`));
    });
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new HttpConnection(socket);
  }

  /** @throws Error unless the answer has status 200 */
  async send(request: Buffer): Promise<HttpAnswer> {
    if (this.#socket.closed) throw closed();
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    this.#waiting = { resolve, reject };
    this.#socket.write(request);
    const answer = await promise;
    if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.body.toString().slice(0, 500)}`);
    return answer;
  }

  [Symbol.dispose](): void {
    this.#waiting = null;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = parseAnswer(this.#received);
    if (answer === null) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(answer);
  }
}

/** @returns null while the answer is not whole */
export function parseAnswer(received: Buffer): HttpAnswer | null {
  const end = received.indexOf(headEnd);
  if (end < 0) return null;
  const head = received.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const bodyAt = end + headEnd.length;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const bodyEnd = bodyAt + Number(length);
    return received.length < bodyEnd ? null : { status, head, body: received.subarray(bodyAt, bodyEnd) };
  }
  // Chunked: the body is not looked into, only its end.
  if (!received.subarray(-lastChunk.length).equals(lastChunk)) return null;
  return { status, head, body: received.subarray(bodyAt) };
}

function closed(): Error {
  return new Error('the server closed the connection');
}
