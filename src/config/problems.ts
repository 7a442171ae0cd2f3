// What is wrong with a configuration, and where. Every message names the file
// or the option, the line and column, and what was expected.

/** Where something was written: a file's line and column (from 1, in
 * characters), or an option, whose line is 0. */
export interface Place {
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong. */
export interface Problem extends Place {
  readonly text: string;
}

/** Problems told in one message; more are only counted. */
export const PROBLEMS_SHOWN_MAX = 20;

/** One problem as a sentence. */
export function describeProblem(problem: Problem): string {
  const { source, line, column, text } = problem;
  const at = line === 0 ? "" : `line ${line}, column ${column}: `;
  return `Cannot parse ${JSON.stringify(source)}: ${at}${text}`;
}

/** A configuration that cannot be used: all that is wrong with it. */
export class ConfigError extends SyntaxError {
  override readonly name = "ConfigError";
  /** Everything found, in the order of the file; not cut. */
  readonly problems: readonly Problem[];

  /** A message of one line for each problem, or the one given. */
  constructor(
    problems: readonly Problem[],
    options?: { message?: string; cause?: unknown },
  ) {
    super(
      options?.message ?? listProblems(problems),
      options?.cause === undefined ? undefined : { cause: options.cause },
    );
    this.problems = problems;
  }
}

function listProblems(problems: readonly Problem[]): string {
  const lines = problems.slice(0, PROBLEMS_SHOWN_MAX).map(describeProblem);
  const more = problems.length - lines.length;
  if (more > 0) lines.push(`(${more} more not shown)`);
  return lines.join("\n");
}
