// The message of a refusal that came over HTTP as `{"error": "…"}`.
import { type ErrorAnswer, errorAnswerSchema } from './api/error.ts';

/** @returns null if the body is not an error of popserve (a proxy's page, or empty) */
export function errorAnswerOf(body: Uint8Array): ErrorAnswer | null {
  try {
    return errorAnswerSchema.safeParse(JSON.parse(new TextDecoder().decode(body))).data ?? null;
  } catch {
    return null;
  }
}

/** @returns the message; null if the body is not an error of popserve */
export function errorMessageOf(body: Uint8Array): string | null {
  return errorAnswerOf(body)?.error ?? null;
}
