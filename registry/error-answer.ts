// The message of a refusal that came over HTTP as `{"error": "…"}`.
import { errorAnswerSchema } from './api/error.ts';

/** @returns the message, null if the body is not an error of popserve (a proxy's page, or empty) */
export function errorMessageOf(body: Uint8Array): string | null {
  try {
    return errorAnswerSchema.safeParse(JSON.parse(new TextDecoder().decode(body))).data?.error ?? null;
  } catch {
    return null;
  }
}
