// CHANGELOG.md against the version of the package: one section a version, the newest first.
import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { readPage, sections } from './markdown.ts';

const headings = [...sections(readPage('CHANGELOG.md')).keys()];

it('begins with the version that is being worked on, or was just released', () => {
  expect(headings[0]).toMatch(/^\d+\.\d+\.\d+ \((unreleased|\d{4}-\d{2}-\d{2})\)$/);
  expect(headings[0]?.split(' ')[0]).toBe(packageJson.version);
});

it('has released versions below it, each with its date', () => {
  expect(headings.length).toBeGreaterThan(1);
  for (const heading of headings.slice(1)) expect(heading).toMatch(/^\d+\.\d+\.\d+ \(\d{4}-\d{2}-\d{2}\)$/);
});
