// TypeScript types of an OpenAPI document, as a client of the API would generate them.
import openapiTS, { astToString } from 'openapi-typescript';

/** @returns the text of a module that exports `paths`, which openapi-fetch takes */
export async function generateTypes(document: object): Promise<string> {
  return astToString(await openapiTS(JSON.stringify(document), { silent: true }));
}
