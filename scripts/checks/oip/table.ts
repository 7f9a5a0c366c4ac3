// The conformance table as a page.

export interface Case {
  readonly section: string;
  readonly demand: string;
  readonly passed: boolean;
}

/** A test file and what the titles of its cases are. */
export interface Chapter {
  readonly title: string;
  /** The sentence before its tables. */
  readonly introduction: string;
  readonly testFile: string;
  readonly cases: readonly Case[];
}

export function summarize(cases: readonly Case[]): string {
  const passed = cases.filter((each) => each.passed).length;
  return `${passed} of ${cases.length} met`;
}

export function renderPage(chapters: readonly Chapter[]): string {
  const parts = chapters.map(({ title, introduction, testFile, cases }) => {
    const source = `Each row is the case of the same name in \`${testFile}\`. ${summarize(cases)}.`;
    return `## ${title}\n\n${introduction} ${source}\n\n${renderSections(cases)}`;
  });
  return `# Conformance to the Open Inference Protocol\n\nWritten by \`npm run conformance:oip\`: each demand is checked against the built Worker over HTTP, by tests that \`npm test\` runs
as well.\n\n${parts.join('\n')}`;
}

function renderSections(cases: readonly Case[]): string {
  const sections = [...new Set(cases.map(({ section }) => section))];
  const tables = sections.map((section) => {
    const rows = cases
      .filter((each) => each.section === section)
      .map(({ demand, passed }) => `| ${escapeCell(demand)} | ${passed ? 'pass' : '**fail**'} |`);
    return `### ${section}\n\n| | |\n|---|---|\n${rows.join('\n')}\n`;
  });
  return tables.join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
