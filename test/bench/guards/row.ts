// What an adapter says of a guard: what is on its disk, how it is started, and
// what of the device is arranged for it.

import type { GuardCommand } from "../../qemu/guard_command.ts";

/** The tree that the guard lives in: a disk of its own, root of the guard. */
export interface DiskContent {
  /** Debian packages, unpacked; what they depend on is named too. */
  packages: readonly string[];
  /** Text of more files, by path in the tree. */
  texts?: Readonly<Record<string, string>>;
  /** Values set anew in `key = value` files of the packages, by path. */
  values?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Folders of the packages that are left out. */
  without?: readonly string[];
  /** Files of this machine, by path in the tree. */
  copies?: Readonly<Record<string, string>>;
}

/** One row of the device bench: a guard with one configuration. */
export interface PeerRow {
  /** As harness and bench call it: lower case, digits, dashes. */
  name: string;
  disk: DiskContent;
  command: GuardCommand;
}

/** The command line of a program in the tree. */
export function inTree(...argv: string[]): string[] {
  return ["/bin/chroot", "/guard", ...argv];
}
