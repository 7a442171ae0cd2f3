// Opens files that others may have put in our way: nobody is waited for, as
// opening a FIFO would, and what is no regular file is refused.

// Loaded with this module only: a static import costs every start.
const { closeSync, constants, fstatSync, openSync, readFileSync } =
  await import("node:fs");

/** What stands there is no regular file. */
export class NotRegular extends Error {
  override readonly name = "NotRegular";
  /** In place of an errno's name. */
  readonly code = "not a regular file";
}

/** A descriptor for reading; the caller's to close. Throws NotRegular, or an
 * error whose `code` is the errno's name. */
export function openRegular(file: string): number {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const fd = openSync(file, flags);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new NotRegular(`Cannot open "${file}": not a regular file`);
}

/** All bytes of a regular file; throws as openRegular. */
export function readRegular(file: string): Uint8Array {
  const fd = openRegular(file);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
