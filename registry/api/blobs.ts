// The answer to a blob that was stored.
import * as z from 'zod';
import { digestSchema } from '../names.ts';

export const storedBlobSchema = z.object({ digest: digestSchema, bytes: z.int().min(0) });

export type StoredBlob = z.infer<typeof storedBlobSchema>;
