// Exit codes of every command; each has a row in the tests.

/** Done, or stopped by SIGTERM. */
export const EXIT_OK = 0;
/** It was tried and failed, or the guard was asked and refused. */
export const EXIT_FAILED = 1;
/** A bad option, argument or configuration. */
export const EXIT_USAGE = 2;
/** No guard is running, or it left nothing to read. */
export const EXIT_NO_GUARD = 3;
/** Another guard is running. */
export const EXIT_ALREADY = 4;
/** An error of ours. */
export const EXIT_BUG = 70;
