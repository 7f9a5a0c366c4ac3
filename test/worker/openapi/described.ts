// The description as tests read it: its operations, and what of an answer it does not say.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { OpenApiDocument } from '../../../registry/api/server.ts';
import type { Answer, TestPop } from '../../harness/pop.ts';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Response extends Content {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, object>>;
}

export interface DescribedOperation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: Content & { readonly required: boolean };
  readonly responses: Readonly<Record<string, Response>>;
}

interface Place {
  /** In upper case. */
  readonly verb: string;
  readonly path: string;
  readonly operation: DescribedOperation;
}

export function operationsOf(document: OpenApiDocument): Place[] {
  return Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({
      ...{ verb: verb.toUpperCase(), path },
      operation: operation as unknown as DescribedOperation,
    })),
  );
}

const json = 'application/json';

export class Description {
  readonly document: OpenApiDocument;
  readonly #ajv = new Ajv2020({
    ...{ strict: true, allowUnionTypes: true, allErrors: true },
    formats: { binary: true, 'date-time': (text: string) => !Number.isNaN(Date.parse(text)) },
  });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.document = document;
    // Where the document's schemas stand, for their references.
    this.#ajv.addVocabulary(['components']);
    this.#ajv.addSchema({ $id: 'api', components: closed({ schemas: document.components.schemas }) as object });
  }

  static async of(pop: TestPop): Promise<Description> {
    return new Description((await pop.send('GET', '/openapi.json')).json<OpenApiDocument>());
  }

  operation(verb: string, path: string): DescribedOperation | undefined {
    return this.document.paths[path]?.[verb.toLowerCase()] as unknown as DescribedOperation | undefined;
  }

  /** @returns what of an answer the description does not say: its status, headers, content type, members; empty if it says all */
  faults(verb: string, path: string, { status, headers, bytes }: Answer): string[] {
    const response = this.#response(this.operation(verb, path), status);
    if (response === undefined) return [`status ${status}`];
    const known = Object.keys(response.headers ?? {}).map((name) => name.toLowerCase());
    const own = [...headers.keys()].filter((name) => /^(popserve-|etag$|inference-header-|retry-after$)/.test(name));
    const faults = own.filter((name) => !known.includes(name)).map((name) => `header ${name}`);
    if (bytes.length === 0) return faults;
    const type = headers.get('content-type')?.split(';')[0] ?? '';
    const schema = response.content?.[type]?.schema;
    if (schema === undefined) return [...faults, `content type '${type}'`];
    if (type === json) return [...faults, ...this.bodyFaults(schema, JSON.parse(new TextDecoder().decode(bytes)))];
    // In the binary form of the Open Inference Protocol a JSON part comes first, with the same schema as JSON alone.
    const head = headers.get('inference-header-content-length');
    const headSchema = response.content?.[json]?.schema;
    if (head === null || headSchema === undefined) return faults;
    const part: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(0, Number(head))));
    return [...faults, ...this.bodyFaults(headSchema, part)];
  }

  /** @param schema of the document @returns where the value is none of it */
  bodyFaults(schema: Schema, value: unknown): string[] {
    const key = JSON.stringify(closed(schema)).replaceAll('"#/', '"api#/');
    const validate = this.#validators.get(key) ?? this.#ajv.compile(JSON.parse(key));
    this.#validators.set(key, validate);
    return validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  }

  #response(operation: DescribedOperation | undefined, status: number): Response | undefined {
    const { responses = {} } = operation ?? {};
    const response = responses[status] ?? responses[`${Math.floor(status / 100)}XX`];
    if (response?.$ref === undefined) return response;
    return this.document.components.responses?.[response.$ref.split('/').at(-1) ?? ''] as Response | undefined;
  }
}

/** The schema without room for members that it does not name, wherever it names any. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, closed(part)]));
  const isOpen = typeof inner.properties === 'object' && inner.type === 'object' && !('additionalProperties' in inner);
  return isOpen ? { ...inner, additionalProperties: false } : inner;
}
