// The shapes of calls as published descriptions of the protocol have them, stated again as schemas: no text of theirs is here.
// open_inference_rest.yaml of kserve/open-inference-protocol (commit d49cc23), docs/predict-api/v2/rest_predict_v2.yaml and
// python/kserve/kserve/protocol/rest/v2_datamodels.py of kserve/kserve (aaac4e2), openapi/dataplane.yaml and
// openapi/model_repository.yaml of SeldonIO/MLServer (a325e52).
import * as z from 'zod';

const nested: z.ZodType = z.lazy(() => z.array(z.union([nested, z.number(), z.string(), z.boolean()])));
const error = z.object({ error: z.string() });
const integers = z.array(z.int());
const parameters = z.record(z.string(), z.unknown());
const datatypes = [
  ...['BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64'],
  ...['FP16', 'FP32', 'FP64', 'BYTES'],
];

const serverMetadata = z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) });

function modelMetadata(datatype: z.ZodType, more: Readonly<Record<string, z.ZodType>> = {}) {
  const tensors = z.array(z.object({ name: z.string(), datatype, shape: integers }));
  return z.object({
    ...{ name: z.string(), platform: z.string(), versions: z.array(z.string()).optional() },
    ...{ inputs: tensors.optional(), outputs: tensors.optional(), ...more },
  });
}

function inference(datatype: z.ZodType, id: z.ZodType = z.string().optional()) {
  const output = z.object({
    ...{ name: z.string(), shape: integers, datatype, data: nested, parameters: parameters.optional() },
  });
  return z.object({
    ...{ model_name: z.string(), model_version: z.string().optional(), id },
    ...{ parameters: parameters.optional(), outputs: z.array(output) },
  });
}

const repositoryIndex = z.array(
  z.object({
    ...{ name: z.string(), version: z.string().optional(), reason: z.string() },
    state: z.enum(['UNKNOWN', 'READY', 'UNAVAILABLE', 'LOADING', 'UNLOADING']),
  }),
);

/** A call with the schema of its answer's body, undefined where the description names none. */
export interface DescribedCall {
  readonly verb: 'GET' | 'POST';
  readonly path: string;
  readonly status: number;
  readonly schema: z.ZodType | undefined;
}

function get(path: string, schema?: z.ZodType, status = 200): DescribedCall {
  return { verb: 'GET', path, status, schema };
}

function post(path: string, schema?: z.ZodType, status = 200): DescribedCall {
  return { verb: 'POST', path, status, schema };
}

const model = '/v2/models/{model}';
const version = `${model}/versions/{version}`;
const health = [get('/v2/health/live'), get('/v2/health/ready')];

/** The Open Inference Protocol's own description; KServe's is the same without "properties". */
const protocol = [
  ...health,
  get('/v2/', serverMetadata),
  get(`${version}/ready`),
  get(version, modelMetadata(z.string(), { properties: z.record(z.string(), z.string()).optional() })),
  post(`${version}/infer`, inference(z.string())),
  post(`${version}/infer`, error, 400),
];

/**
 * The models by which KServe's server checks its own answers, and the calls of its first protocol (v1_endpoints.py). They require an
 * identifier, so requests bring one.
 */
const kserve = [
  get('/v2', serverMetadata),
  get('/v2/health/live', z.object({ live: z.boolean() })),
  get('/v2/health/ready', z.object({ ready: z.boolean() })),
  get(model, modelMetadata(z.string()).required({ inputs: true, outputs: true })),
  get(`${model}/ready`, z.object({ name: z.string(), ready: z.boolean() })),
  post(`${model}/infer`, inference(z.string(), z.string())),
  get('/', z.object({ status: z.string() })),
  get('/v1/models', z.object({ models: z.array(z.string()) })),
  get('/v1/models/{model}', z.object({ name: z.string(), ready: z.boolean() })),
];

const datatype = z.enum(datatypes);

const mlserver = [
  ...health,
  get('/v2', serverMetadata),
  ...[model, version].flatMap((path) => [
    get(`${path}/ready`),
    get(path, modelMetadata(datatype, { parameters: parameters.optional() })),
    get(path, error, 404),
    post(`${path}/infer`, inference(datatype)),
    post(`${path}/infer`, error, 400),
    post(`${path}/infer`, error, 404),
  ]),
  post('/v2/repository/index', repositoryIndex),
  post('/v2/repository/models/{model}/load'),
  post('/v2/repository/models/{model}/unload'),
];

export const descriptions = {
  'The description of the protocol (open_inference_rest.yaml) and of KServe (rest_predict_v2.yaml)': protocol,
  'The models of KServe (v2_datamodels.py, v1_endpoints.py)': kserve,
  'The descriptions of MLServer (dataplane.yaml, model_repository.yaml)': mlserver,
};

/** Where KServe lists models by their names. */
export const kserveModelList = z.object({ models: z.array(z.string()) });

/** An inference answer whose identifier is required. */
export const kserveInference = inference(z.string(), z.string());

/** An inference answer in any description: elements of data are numbers, strings and Booleans. */
export const anyInference = inference(z.string());
