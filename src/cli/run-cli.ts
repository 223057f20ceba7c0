/** The program: its commands, and how each failure becomes one line on standard error and an exit code. */
import { Command, CommanderError } from 'commander';
import type { CommandContext } from './command-context.js';
import { CommandError, errorLine, oneLine } from './command-error.js';
import { registerExport } from './export.js';
import { registerImport } from './import.js';
import { registerInspect } from './inspect.js';
import { registerKeys } from './keys.js';
import { registerRepack } from './repack.js';
import { registerServe } from './serve.js';
import { registerTail } from './tail.js';
import { registerTorture } from './torture.js';
import { registerVerify } from './verify.js';

/** The command was not understood; nothing was done. */
const USAGE_EXIT_CODE = 2;

/**
 * Runs one command line (without node and the script) and resolves with its exit code: 0 done, 1 failed,
 * 2 not understood, 130 or 143 stopped by a signal.
 */
export async function runCli(
  args: readonly string[],
  version: string,
  context: CommandContext,
): Promise<number> {
  const program = new Command('fi-consult');
  let running = program.name();
  program
    .description('Keeps medical consultations as events that are never changed.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // The line is written below, with the name of the command.
      outputError: () => {},
    })
    .hook('preSubcommand', (_, command) => {
      running = `${program.name()} ${command.name()}`;
    });
  registerServe(program, context);
  registerImport(program, context);
  registerExport(program, context);
  registerInspect(program, context);
  registerKeys(program, context);
  registerRepack(program, context);
  registerTail(program, context);
  registerTorture(program, context);
  registerVerify(program, context);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return usageExit(error, running, context);
    context.stderr.write(`${running}: ${failureText(error, context)}\n`);
    return error instanceof CommandError ? error.exitCode : 1;
  }
}

/** Help and version were asked for and given; anything else of commander's is a usage error. */
function usageExit(error: CommanderError, running: string, context: CommandContext): number {
  if (error.exitCode === 0) return 0;
  const isHelpOnly = error.code === 'commander.help';
  if (!isHelpOnly) {
    const text = oneLine(error.message.replace(/^error: /, ''));
    context.stderr.write(`${running}: ${text}; see ${running} --help\n`);
  }
  return USAGE_EXIT_CODE;
}

/** A failure's line; at the log level `debug`, the stack of one that nobody foresaw. */
function failureText(error: unknown, context: CommandContext): string {
  if (error instanceof CommandError) return oneLine(error.message);
  const isDebug = context.env.FI_LOG_LEVEL === 'debug';
  return isDebug && error instanceof Error && error.stack !== undefined ? error.stack : errorLine(error);
}
