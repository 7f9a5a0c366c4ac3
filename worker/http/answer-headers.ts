// Headers that every answer has, whatever it holds.

/** An answer is what its media type says: JSON with a caller's own words in it is never taken for a page or a script. */
export const answerHeaders = { 'x-content-type-options': 'nosniff' } as const;
