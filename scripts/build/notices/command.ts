// `npm run notices`: writes THIRD_PARTY_NOTICES.md. A test tells when it has to be run.
import { writeFile } from 'node:fs/promises';
import { noticesFile, writeNotices } from './notices.ts';

await writeFile(noticesFile, await writeNotices());
