// A webhook's receiver on this machine: checks signatures as the specification has them, with Node's own HMAC.

import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  readonly id: string;
  readonly signed: boolean;
  readonly body: { id: string; type: string; timestamp: string; data: Record<string, unknown> };
}

export class WebhookReceiver {
  readonly received: Received[] = [];
  /** The status of its answer; 0: it hangs up. */
  status = 204;
  readonly #server: Server;
  readonly #key: Buffer;

  private constructor(secret: string) {
    const encoded = /^whsec_(.*)$/.exec(secret)?.[1];
    this.#key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64');
    this.#server = createServer(async (request, response) => {
      const body = await text(request);
      const id = String(request.headers['webhook-id']);
      const at = String(request.headers['webhook-timestamp']);
      const expected = createHmac('sha256', this.#key).update(`${id}.${at}.${body}`).digest('base64');
      const fresh = Math.abs(Date.now() / 1000 - Number(at)) < 60;
      const signed = fresh && request.headers['webhook-signature'] === `v1,${expected}`;
      this.received.push({ id, signed, body: JSON.parse(body) });
      if (this.status === 0) request.socket.destroy();
      else response.writeHead(this.status).end();
    });
  }

  static async start(secret: string): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(secret);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
