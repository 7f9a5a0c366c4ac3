// The conformance table as a page.

export interface Case {
  readonly section: string;
  readonly demand: string;
  readonly passed: boolean;
}

export function summarize(cases: readonly Case[]): string {
  const passed = cases.filter((each) => each.passed).length;
  return `${passed} of ${cases.length} demands met`;
}

/** @param testFile where each demand is a case under its section */
export function renderTable(cases: readonly Case[], testFile: string): string {
  const sections = [...new Set(cases.map(({ section }) => section))];
  const parts = sections.map((section) => {
    const rows = cases
      .filter((each) => each.section === section)
      .map(({ demand, passed }) => `| ${escapeCell(demand)} | ${passed ? 'pass' : '**fail**'} |`);
    return `## ${section}\n\n| the protocol demands | |\n|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Conformance to the Open Inference Protocol\n\nWritten by \`npm run conformance:oip\`: what the protocol's text and its extensions demand, each checked against the built
Worker over HTTP by the case of the same name in \`${testFile}\`, which \`npm test\` runs as well. ${summarize(cases)}.\n\n${parts.join('\n')}`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
