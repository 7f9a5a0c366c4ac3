// All commands by name, in the groups of the help. A command's own module says the rest; it is loaded only when the command is called,
// so that `list` does not wait for what `deploy` needs.
import type { Command } from 'commander';
import type { Execute } from './context.ts';
import type { Host } from './host.ts';

export interface CommandEntry {
  readonly name: string;
  /** Its arguments, as the usage spells them. */
  readonly args: string;
  readonly summary: string;
  readonly group: string;
  /** The module that adds it, and perhaps others: the same for all of them. */
  readonly module: CommandModule;
}

/** @returns a function that adds the commands of the module to the program */
type CommandModule = () => Promise<(program: Command, execute: Execute, host: Host) => void>;

const route: CommandModule = async () => (await import('./commands/route.ts')).addRouteCommands;
const look: CommandModule = async () => (await import('./commands/look.ts')).addLookCommands;
const clean: CommandModule = async () => (await import('./commands/clean.ts')).addCleanCommands;
const backup: CommandModule = async () => (await import('./commands/backup.ts')).addBackupCommands;

type Row = readonly [usage: string, summary: string, module: CommandModule];

const release: readonly Row[] = [
  [
    'publish <model>',
    'check, convert, measure and upload a model file as a new version',
    async () => (await import('./commands/publish.ts')).addPublish,
  ],
  ['activate <model> <version>', 'serve a version to everyone, at once', route],
  ['canary <model> <version>', 'give a version a share of the traffic, or change the share', route],
  ['promote <model>', 'end a canary: serve its version to everyone', route],
  ['abort <model>', 'end a canary: serve the version from before to everyone', route],
  ['rollback <model> [version]', 'go back to the version that was served before; ends a canary', route],
  ['shadow <model> [version]', 'let a version run along on a share of the traffic, compared but never answered', route],
  ['alias <model> <alias> <version>', 'give a version a name of your own, or move the name', route],
  ['unalias <model> <alias>', 'take a name of your own away', route],
  [
    'copy <model> <version>',
    'bring a version to another place: the same bytes, verified there',
    async () => (await import('./commands/copy.ts')).addCopy,
  ],
];

const watch: readonly Row[] = [
  ['list', 'all models and what is served of each', look],
  ['show <model> [version]', 'the versions of a model, or all about one version', look],
  [
    'status <model>',
    'which PoP serves what, how long the last release took to arrive, and what was served',
    async () => (await import('./commands/status.ts')).addStatus,
  ],
  [
    'history <model>',
    'who changed what is served, when and why, newest first',
    async () => (await import('./commands/history.ts')).addHistory,
  ],
  [
    'infer <model>',
    'ask a PoP: with a request as JSON, a picture, a text, a record or a file of records',
    async () => (await import('./commands/infer.ts')).addInfer,
  ],
  [
    'verify <model> [version]',
    "replay a version's golden vectors at a PoP, whether it is served there or not",
    async () => (await import('./commands/verify.ts')).addVerify,
  ],
  [
    'drift <model>',
    'how far live inputs and outputs are from the data that a version was published with',
    async () => (await import('./commands/drift.ts')).addDrift,
  ],
  [
    'sample <model>',
    'the sampled inputs of a model with their answers, where INPUT_SAMPLE asks for them',
    async () => (await import('./commands/sample.ts')).addSample,
  ],
];

const keep: readonly Row[] = [
  ['retire <model> <version>', 'delete a version that is not served any more; gc then frees its storage', clean],
  ['retry <model> <version>', 'let a version be loaded again that has failed its trials', clean],
  ['gc', 'delete stored bytes that no version needs and that are older than the grace period', clean],
  ['backup <folder>', 'keep the whole registry in a folder; again, only what is new', backup],
  ['restore <folder>', 'put a backup back into a registry that is empty, or has part of it', backup],
  [
    'renew <model>',
    'let PoPs take releases again that are ahead of the route log, after a restore of an older backup',
    async () => (await import('./commands/renew.ts')).addRenew,
  ],
  ['keys', 'API keys: who may ask and who may change', async () => (await import('./commands/keys.ts')).addKeyCommands],
  [
    'audit',
    'who changed what, when and from where, newest first',
    async () => (await import('./commands/audit.ts')).addAudit,
  ],
];

const setUp: readonly Row[] = [
  [
    'start',
    'run the local PoP of the project in this folder, with the settings of its wrangler.toml',
    async () => {
      const { addStart } = await import('./commands/start.ts');
      return (program, _execute, host) => addStart(program, host);
    },
  ],
  [
    'init <folder>',
    'write a project that runs and deploys popserve, with wrangler.toml, CI and a README',
    async () => (await import('./commands/init.ts')).addInit,
  ],
  [
    'deploy',
    'check the project, make what its Worker needs on the platform, deploy it and verify it through its URL',
    async () => (await import('./commands/deploy.ts')).addDeploy,
  ],
  [
    'doctor',
    'check what a release needs: this machine, the PoP, the token',
    async () => (await import('./commands/doctor.ts')).addDoctor,
  ],
];

export const commandTable: readonly CommandEntry[] = [
  ...entriesOf('Release:', release),
  ...entriesOf('Look and ask:', watch),
  ...entriesOf('Keep the registry:', keep),
  ...entriesOf('Set up:', setUp),
];

/** The command that a command line calls or asks the help of: none, one, or as many as its module has. */
export function calledCommands(args: readonly string[]): readonly CommandEntry[] {
  const words = args.filter((word) => !word.startsWith('-'));
  const called = words[0] === 'help' ? words[1] : words[0];
  return commandTable.filter(({ name }) => name === called);
}

function entriesOf(group: string, rows: readonly Row[]): CommandEntry[] {
  return rows.map(([usage, summary, module]) => {
    const [name = '', ...args] = usage.split(' ');
    return { name, args: args.join(' '), summary, group, module };
  });
}
