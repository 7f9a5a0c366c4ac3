// How the control plane is called: with the token, the name of whoever changes something, and a schema for each answer.
import type * as z from 'zod';
import { parse, parseJson } from '../../registry/parse.ts';
import type { Call, Connection, Reply } from './connection.ts';

export class RegistryCalls {
  protected readonly connection: Connection;
  readonly #actor: () => string;

  /** @param actor who is named in the history; asked for only when something is changed */
  constructor(connection: Connection, actor: () => string) {
    this.connection = connection;
    this.#actor = actor;
  }

  protected get(path: string): Promise<Reply> {
    return this.send({ method: 'GET', path });
  }

  protected send(call: Omit<Call, 'authorized' | 'repeat'> & Partial<Pick<Call, 'repeat'>>): Promise<Reply> {
    const changes = call.method !== 'GET' && call.method !== 'HEAD';
    const headers = changes ? { ...call.headers, 'popserve-actor': this.#actor() } : { ...call.headers };
    return this.connection.send({ repeat: 'always', ...call, headers, authorized: true });
  }

  protected read<S extends z.ZodType>(schema: S, reply: Reply): z.output<S> {
    const what = `the answer of ${this.connection.settings.url}`;
    return parse(schema, parseJson(new TextDecoder().decode(reply.body), what, 'INTERNAL'), what, 'INTERNAL');
  }
}

export function json(body: string): { body: string; headers: Record<string, string> } {
  return { body, headers: { 'content-type': 'application/json' } };
}
