// The OpenAPI 3.1 description, generated from the routes as they are mounted: what is mounted cannot be missing in it.
// https://spec.openapis.org/oas/v3.1.1.html
import * as z from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import type { OpenApiDocument } from '../../registry/api/server.ts';
import { keyIdSchema, type Scope } from '../../registry/api-key.ts';
import { aliasSchema, digestSchema, modelNameSchema, versionSchema } from '../../registry/names.ts';
import { serverName, serverVersion } from '../server-identity.ts';
import { headerParameters, headersOfAnswer } from './headers.ts';
import { type Answer, type Body, type Operation, type Operations, tags } from './operation.ts';
import { inferenceOperations } from './operations/inference.ts';
import { modelOperations } from './operations/models.ts';
import { registryOperations } from './operations/registry.ts';
import { type AnswerName, componentSchemas, type JsonSchema, parameterSchema, reference } from './schemas.ts';

interface Call {
  readonly method: string;
  readonly path: string;
  /** One of them is enough; none: the call is for everybody. */
  readonly scopes: readonly Scope[];
}

const operations: Operations = { ...inferenceOperations, ...modelOperations, ...registryOperations };

/**
 * @param calls as the app mounts and declares them
 * @throws Error that names a call which operations/ does not describe
 */
export function describeApi(calls: readonly Call[]): OpenApiDocument {
  const paths: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const { method, path, scopes } of calls) {
    const mounted = `${method} ${path.length > 1 ? path.replace(/\/$/, '') : path}`;
    const operation = Object.hasOwn(operations, mounted) ? operations[mounted] : undefined;
    if (operation === undefined) {
      throw new Error(`${mounted} is mounted and not described: add it to openapi/operations`);
    }
    const template = operation.path ?? mounted.slice(method.length + 1).replace(/:([a-z]+)(\{[^}]*\})?/gi, '{$1}');
    paths[template] ??= {};
    paths[template][method.toLowerCase()] = describeOperation(template, operation, scopes);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: serverName,
      version: serverVersion,
      description: 'Versioned ONNX models from the edge: Open Inference Protocol V2, plain records, and the registry.',
      license: { name: packageJson.license, identifier: packageJson.license },
    },
    servers: [{ url: '/', description: 'The server that this description came from.' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: componentSchemas(),
      responses: {
        Refused: {
          description: 'The request is refused; the message names what is wrong and what was expected.',
          headers: headersOfAnswer(['Retry-After', 'WWW-Authenticate', 'popserve-pop']),
          content: contentOf('Error'),
        },
        Failed: {
          description: 'The server cannot answer now; the message says why.',
          headers: headersOfAnswer(['Retry-After', 'popserve-pop']),
          content: contentOf('Error'),
        },
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'API key, JWT or operator’s token' },
        key: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'the same without `Bearer`' },
      },
    },
  };
}

/** Either way to send a credential, with either scope; none where the operator has opened inference, or for calls for everybody. */
function securityOf(scopes: readonly Scope[]): JsonSchema[] {
  const ways = scopes.flatMap((scope) => [{ bearer: [scope] }, { key: [scope] }]);
  return scopes.includes('infer') ? [...ways, {}] : ways;
}

const meanings = {
  200: 'done',
  201: 'created',
  202: 'taken, and counted with the next report',
  206: 'the range',
  304: 'what the client holds still holds',
} as const;

function describeOperation(path: string, operation: Operation, scopes: readonly Scope[]): JsonSchema {
  const { id, tag, summary, body, answer, headers = [] } = operation;
  const parameters = [...pathParameters(path), ...queryParameters(operation.query), ...headerParameters(headers)];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    security: securityOf(scopes),
    ...(body === undefined ? {} : { requestBody: describeBody(body) }),
    responses: {
      ...describeAnswer(answer),
      ...describeRefusals(answer.refusals),
    },
  };
}

const pathSchemas: Readonly<Record<string, z.ZodType>> = {
  model: modelNameSchema,
  version: versionSchema,
  label: aliasSchema,
  digest: digestSchema,
  id: keyIdSchema,
  key: z.string().describe('The slashes of a key stay as they are.'),
};

/** The data plane takes an alias in the place of a version. */
const versionOrAlias = z.union([versionSchema, aliasSchema]);

function pathParameters(path: string): JsonSchema[] {
  return [...path.matchAll(/\{([a-z]+)\}/gi)].map(([, name = '']) => {
    const schema = name === 'version' && !path.startsWith('/registry/') ? versionOrAlias : pathSchemas[name];
    if (schema === undefined) throw new Error(`${path}: the parameter '${name}' has no schema`);
    const example = name === 'model' ? { example: 'machine-failure' } : {};
    return { name, in: 'path', required: true, schema: parameterSchema(schema), ...example };
  });
}

function queryParameters(query: Operation['query']): JsonSchema[] {
  if (query === undefined) return [];
  if (query === 'features') {
    const description = 'Each feature by its name; elements of a list are separated by commas.';
    const schema = { type: 'object', additionalProperties: { type: 'string' } };
    return [{ name: 'features', in: 'query', description, style: 'form', explode: true, schema }];
  }
  return Object.entries(query.shape).map(([name, field]) => {
    const { description, ...schema } = parameterSchema(field as z.ZodType);
    return { name, in: 'query', description, schema };
  });
}

function describeBody({ content, binary, media, optional, example }: Body): JsonSchema {
  const forms = media ? mediaForms : {};
  return { required: optional !== true, content: { ...contentOf(content, { binary, example }), ...forms } };
}

/** The answers to what is refused, and to what cannot be answered now. */
function describeRefusals(refusals: AnswerName | undefined): JsonSchema {
  const [refused, failed] = ['#/components/responses/Refused', '#/components/responses/Failed'];
  if (refusals === undefined) return { '4XX': { $ref: refused }, '5XX': { $ref: failed } };
  const own = (description: string) => ({
    ...{ description, headers: headersOfAnswer(['Retry-After', 'popserve-pop']), content: contentOf(refusals) },
  });
  return { '4XX': own('The request is refused.'), '5XX': own('The server cannot answer now.') };
}

function describeAnswer({ content, binary, headers = [], statuses = [200] }: Answer): JsonSchema {
  const body = content === 'none' ? {} : { content: contentOf(content, { binary }) };
  const own = headersOfAnswer([...headers, 'popserve-pop']);
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: meanings[status], headers: own, ...(status === 304 ? {} : body) },
    ]),
  );
}

const bytes = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
const text = { schema: { type: 'string' } };
const file = { type: 'string', format: 'binary' };
/** The forms of pictures and texts beside JSON. */
const mediaForms = {
  ...{ 'image/jpeg': { schema: file }, 'image/png': { schema: file }, 'image/webp': { schema: file } },
  'text/plain': { ...text, example: 'A text for a version whose pipeline takes texts; for others JSON.' },
  'multipart/form-data': {
    schema: {
      anyOf: [
        formWith('file', file, 'Pictures, or texts in UTF-8. Several are a batch.'),
        formWith('text', text.schema, 'For a version that takes texts. Several are a batch.'),
      ],
    },
  },
};

function formWith(field: string, one: JsonSchema, description: string): JsonSchema {
  return {
    type: 'object',
    required: [field],
    properties: {
      [field]: { oneOf: [one, { type: 'array', items: one }], description },
      parameters: { type: 'string', description: '`PipelineParameters` as JSON.' },
    },
  };
}

function contentOf(
  content: Body['content'] | Exclude<Answer['content'], 'none'>,
  { binary, example }: { binary?: true | undefined; example?: unknown } = {},
): JsonSchema {
  if (content === 'bytes') return bytes;
  if (content === 'page') return { 'text/html': text };
  if (content === 'metrics') return { 'text/plain': text };
  if (content === 'lines') return { 'application/x-ndjson': text };
  const schema = typeof content === 'string' ? reference(content) : { anyOf: content.map(reference) };
  const json = { 'application/json': { schema, ...(example === undefined ? {} : { example }) } };
  return binary ? { ...json, ...bytes } : json;
}
