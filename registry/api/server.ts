// What the server says of itself: https://github.com/open-inference/open-inference-protocol
import * as z from 'zod';

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
