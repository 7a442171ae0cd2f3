// The machines an executable is built for, and the error that means "this one
// cannot be built here" rather than "the build is broken".

/** A machine, spelled as Deno.build.arch and gcc do. */
export type Target = "x86_64" | "aarch64";

/** Every target, in the order they are built. */
export const TARGETS: readonly Target[] = ["x86_64", "aarch64"];

/** The machine of this host. */
export const NATIVE: Target = Deno.build.arch;

/**
 * A tool or a file needed for one target is not to be had. The build drops a
 * foreign target for it and stops for the native one.
 */
export class MissingError extends Error {
  override name = "MissingError";
}
