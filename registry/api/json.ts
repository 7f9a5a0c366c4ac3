// Any JSON value: the part of an answer that the model or the caller decides. It says what a value is and not what is in it,
// because generators of clients make circular types of a schema that refers to itself.
import * as z from 'zod';

export const jsonValueSchema = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
]);
