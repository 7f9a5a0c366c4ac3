// The server's description of itself: https://github.com/open-inference/open-inference-protocol
import * as z from 'zod';

/** `/` for programs; the status is KServe's. @see https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol */
export const landingSchema = z.object({
  status: z.literal('alive'),
  name: z.string(),
  version: z.string(),
  links: z.record(z.string(), z.string()).describe('Paths of this server.'),
});

export type Landing = z.infer<typeof landingSchema>;

export const serverMetadataSchema = z.object({
  name: z.string(),
  version: z.string(),
  extensions: z.array(z.string()),
});

export type ServerMetadata = z.infer<typeof serverMetadataSchema>;

export const serverLiveSchema = z.object({ live: z.literal(true) });

export type ServerLive = z.infer<typeof serverLiveSchema>;

export const serverReadySchema = z.object({ live: z.literal(true), ready: z.literal(true) });

export type ServerReady = z.infer<typeof serverReadySchema>;

/** This description, as far as one schema says: https://spec.openapis.org/oas/v3.1.1.html */
export const descriptionSchema = z.object({
  openapi: z.literal('3.1.1'),
  info: z.record(z.string(), z.unknown()),
  servers: z.array(z.object({ url: z.string(), description: z.string() })),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z
    .record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())))
    .describe('Operations by path and verb.'),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
});

export type OpenApiDocument = z.infer<typeof descriptionSchema>;
