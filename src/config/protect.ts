// Whom no policy may choose, by name and by user. Names are matched as bytes:
// a process may call itself anything, and none of it is text until proven.

import { NAME_BYTES } from "../base/limits.ts";

/** What neither a Linux nor an Android system can lose and go on. */
export const SYSTEM_NAMES: readonly string[] = [
  "init",
  "systemd",
  "systemd-*",
  "(sd-pam)",
  "dbus-daemon",
  "dbus-broker*",
  "udevd",
  "elogind*",
  "polkitd",
  "sshd*",
  "dropbear",
  "login",
  "getty",
  "agetty",
  "Xorg",
  "Xwayland",
  "gnome-shell",
  "kwin*",
  "plasmashell",
  "mutter*",
  "sway",
  "weston*",
  "phoc",
  "NetworkManager",
  "wpa_supplicant",
  "system_server",
  "zygote*",
  "surfaceflinger",
  "servicemanager",
  "hwservicemanage",
  "vndservicemanag",
  "ueventd",
  "vold",
  "logd",
  "netd",
  "adbd",
  "lmkd",
  "oomguard",
];

const STAR = 42;
const QUESTION = 63;

/** Whether the whole of bytes at..end fits the pattern; `*` is any run of
 * bytes, `?` any one byte. */
export function matchGlob(
  pattern: Uint8Array,
  bytes: Uint8Array,
  at: number,
  end: number,
): boolean {
  const length = pattern.length;
  let p = 0;
  let i = at;
  // Where to go on from when what follows the last star did not fit.
  let star = -1;
  let retry = at;
  while (i < end) {
    if (p < length && pattern[p] === STAR) {
      star = p++;
      retry = i;
    } else if (
      p < length && (pattern[p] === QUESTION || pattern[p] === bytes[i])
    ) {
      p++;
      i++;
    } else if (star >= 0) {
      p = star + 1;
      i = ++retry;
    } else return false;
  }
  while (p < length && pattern[p] === STAR) p++;
  return p === length;
}

/** The protected names and users, ready to be asked. */
export class ProtectTable {
  /** Patterns as bytes. */
  readonly patterns: readonly Uint8Array[];
  /** User ids, wrapped to int32 as the mailbox has them. */
  readonly uids: Int32Array;

  /** A table of these name patterns and user ids. */
  constructor(names: readonly string[], uids: readonly number[]) {
    const utf8 = new TextEncoder();
    this.patterns = names.map((name) => utf8.encode(name));
    this.uids = Int32Array.from(uids, (uid) => uid | 0);
  }

  /**
   * Whether a process of user `uid`, whose name is the bytes at..end (cut at a
   * NUL and at 15), is never to be killed. Allocates nothing.
   */
  protects(bytes: Uint8Array, at: number, end: number, uid: number): boolean {
    if (this.uids.indexOf(uid | 0) >= 0) return true;
    let last = at;
    const limit = end < at + NAME_BYTES - 1 ? end : at + NAME_BYTES - 1;
    while (last < limit && bytes[last] !== 0) last++;
    const patterns = this.patterns;
    for (let i = 0; i < patterns.length; i++) {
      if (matchGlob(patterns[i], bytes, at, last)) return true;
    }
    return false;
  }
}
