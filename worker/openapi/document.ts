// The OpenAPI 3.1 description, generated from the routes as they are mounted: what is mounted cannot be missing in it.
// https://spec.openapis.org/oas/v3.1.1.html
import { serverName, serverVersion } from '../server-identity.ts';
import { headerParameters, headersOfAnswer } from './headers.ts';
import { type AnswerContent, type Operation, operations, withinPatterns } from './operations.ts';
import { componentSchemas, type JsonSchema, reference } from './schemas.ts';

const text = { type: 'string' };

interface MountedRoute {
  readonly method: string;
  readonly path: string;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: JsonSchema;
  readonly paths: Readonly<Record<string, Record<string, JsonSchema>>>;
  readonly components: JsonSchema;
  readonly security: readonly JsonSchema[];
}

/** @param routes of the Hono app; middleware (method ALL) is left out */
export function describeApi(routes: readonly MountedRoute[]): OpenApiDocument {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const { method, path } of [...routes, ...withinPatterns]) {
    if (method === 'ALL') continue;
    const mounted = path.length > 1 ? path.replace(/\/$/, '') : path;
    const operation = Object.hasOwn(operations, `${method} ${mounted}`)
      ? operations[`${method} ${mounted}`]
      : undefined;
    const template = operation?.path ?? mounted.replace(/:([a-z]+)(\{[^}]*\})?/gi, '{$1}');
    paths[template] ??= {};
    // Of a middleware and a handler on the same path the description is one.
    Object.assign(paths[template], { [method.toLowerCase()]: describeOperation(template, operation) });
  }
  return {
    openapi: '3.1.1',
    info: {
      title: serverName,
      version: serverVersion,
      description: 'Versioned ONNX models from the edge: Open Inference Protocol V2, plain records, and the registry.',
    },
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'API key, JWT or operator’s token' },
        key: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'the same without `Bearer`' },
      },
    },
    // Also without: inference is open where the operator has set it so.
    security: [...credentials, {}],
  };
}

const credentials = [{ bearer: [] }, { key: [] }];

const meanings = {
  200: 'done',
  201: 'created',
  206: 'the range',
  304: 'what the client holds still holds',
} as const;

function describeOperation(path: string, operation: Operation | undefined): JsonSchema {
  const named = [...path.matchAll(/\{([a-z]+)\}/gi)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
    ...(name === 'model' ? { example: 'machine-failure' } : {}),
  }));
  if (operation === undefined) return { parameters: named, responses: { default: { description: 'not described' } } };
  const query = Object.entries(operation.query ?? {}).map(([name, description]) =>
    name === '*'
      ? {
          ...{ name: 'features', in: 'query', description, style: 'form', explode: true },
          schema: { type: 'object', additionalProperties: { type: 'string' } },
        }
      : { name, in: 'query', ...(typeof description === 'string' ? { description, schema: text } : description) },
  );
  const { tag, summary, body, example, answer, operator, statuses = [200] } = operation;
  const parameters = [...named, ...query, ...headerParameters(operation.headers ?? [])];
  const headers = headersOfAnswer([...(operation.answerHeaders ?? []), 'popserve-pop']);
  const content = answer === 'none' ? {} : { content: contentOf(answer) };
  return {
    tags: [tag],
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operator ? { security: credentials } : {}),
    ...(body === undefined
      ? {}
      : { requestBody: { required: body !== 'Anything', content: contentOf(body, example) } }),
    responses: {
      ...Object.fromEntries(
        statuses.map((status) => [
          status,
          { description: meanings[status], headers, ...(status === 304 ? {} : content) },
        ]),
      ),
      default: { description: 'refused; the message names what is wrong', content: contentOf('Error') },
    },
  };
}

function contentOf(what: Exclude<AnswerContent, 'none'>, example?: unknown): JsonSchema {
  if (what === 'bytes') return { 'application/octet-stream': {} };
  if (what === 'page') return { 'text/html': { schema: text } };
  if (what === 'metrics') return { 'text/plain': { schema: text } };
  if (what === 'lines') return { 'application/x-ndjson': { schema: text } };
  const schema = typeof what === 'string' ? reference(what) : { oneOf: what.map(reference) };
  const json = { schema, ...(example === undefined ? {} : { example }) };
  // Tensors may come and go in the binary form as well.
  const binary = Array.isArray(what) ? { 'application/octet-stream': {} } : {};
  return { 'application/json': json, ...binary };
}
