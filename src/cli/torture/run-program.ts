/** Runs a command of this program as a process of its own, with no settings but those given. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../fi-consult.js', import.meta.url));

export interface ProgramEnd {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** The command line that runs it; `within` is the command that runs that, such as one that enters a namespace. */
export function programLine(args: readonly string[], within: readonly string[] = []): [string, ...string[]] {
  const [command = process.execPath, ...rest] = [...within, process.execPath, PROGRAM, ...args];
  return [command, ...rest];
}

export async function runProgram(args: readonly string[], within?: readonly string[]): Promise<ProgramEnd> {
  const [command, ...rest] = programLine(args, within);
  const child = spawn(command, rest, {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { exitCode: exitCode as number | null, stdout, stderr };
}
