// The statistics extension, of one isolate or of all PoPs together.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
import * as z from 'zod';
import { profileNames } from '../manifest.ts';
import { modelNameSchema, versionSchema } from '../names.ts';
import { recentLatencySchema } from './latency.ts';

const count = z.int().min(0);
const milliseconds = z.number().min(0);

export const statisticSchema = z.object({ count, ns: count });

export type Statistic = z.infer<typeof statisticSchema>;

export const batchStatisticsSchema = z.object({
  batch_size: count,
  compute_input: statisticSchema,
  compute_infer: statisticSchema,
  compute_output: statisticSchema,
});

export type BatchStatistics = z.infer<typeof batchStatisticsSchema>;

export const coldStartSchema = z.object({
  route_ms: milliseconds,
  runtime_ms: milliseconds,
  fetch_ms: milliseconds,
  create_ms: milliseconds,
  warmup_ms: milliseconds,
  from: z.enum(['cache', 'registry']),
  local_only: z.array(z.string()).describe('Steps that read 0 in production, where clocks stand still without I/O.'),
});

export type ColdStart = z.infer<typeof coldStartSchema>;

const { side, calls, p50Ms, p95Ms, p99Ms } = recentLatencySchema.shape;

export const versionStatisticsSchema = z.object({
  name: modelNameSchema,
  version: versionSchema,
  last_inference: count.describe('Milliseconds since 1970; 0: none.'),
  inference_count: count,
  execution_count: count,
  inference_stats: z.object({
    success: statisticSchema,
    fail: statisticSchema,
    queue: statisticSchema,
    compute_input: statisticSchema,
    compute_infer: statisticSchema,
    compute_output: statisticSchema,
    cache_hit: statisticSchema,
    cache_miss: statisticSchema,
  }),
  response_stats: z.strictObject({}),
  batch_stats: z.array(batchStatisticsSchema).describe('By the number of items in a batch; empty if PoPs are merged.'),
  memory_usage: z.array(z.object({ type: z.string(), id: count, byte_size: count })),
  popserve_profile: z
    .enum(profileNames)
    .describe('How it is loaded here; absent if it is not, or if PoPs are merged.')
    .exactOptional(),
  popserve_litert: z
    .object({
      runs: count.describe('Executions among those above.'),
      failures: count.describe('Calls that failed, so that onnxruntime answered.'),
    })
    .describe('What LiteRT, the second engine, has answered; absent for a version that it was never asked for.')
    .exactOptional(),
  popserve_cold_start: coldStartSchema.describe('What the load took, by its steps.').exactOptional(),
  popserve_latency: z
    .array(z.object({ source: z.literal('callers'), side, calls, p50_ms: p50Ms, p95_ms: p95Ms, p99_ms: p99Ms }))
    .describe('What callers measured within an hour, by the side of a rollout; absent for an isolate.')
    .exactOptional(),
});

export type VersionStatistics = z.infer<typeof versionStatisticsSchema>;

export const statisticsSchema = z.object({
  model_stats: z.array(versionStatisticsSchema),
  popserve_scope: z.enum(['isolate', 'all']),
  popserve_heap: z
    .object({ byte_size: count, budget: count, discarded: count, replacements: count })
    .describe('The memory that all models of the isolate share, bytes; absent if PoPs are merged.')
    .exactOptional(),
  popserve_memory: z
    .object({
      limit: count.describe('What the isolate may take in all.'),
      base: count.describe('What it takes without a request.'),
      kept: count.describe('Sampled rows that wait for the next report.'),
      heap: count.describe('The WASM memory, discarded ones included.'),
      bodies: count,
      decoded: count.describe('Tensors that are no views on a body.'),
      answers: count,
      shadows: count.describe('Requests and answers that a shadow run still needs.'),
      control: count.describe('All that calls of the control plane hold.'),
      room: z.int().describe('What is left; below 0 where a version was promised what requests still hold.'),
    })
    .describe('What the memory of the isolate is spent on, bytes; absent if PoPs are merged.')
    .exactOptional(),
  popserve_note: z.string().describe('What the numbers are not.'),
});

export type Statistics = z.infer<typeof statisticsSchema>;
