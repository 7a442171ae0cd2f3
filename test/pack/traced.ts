// Reads what strace wrote of a program (-f -y, trace=file,network): every call
// that changed something, or tried to, or spoke to somebody, outside of the
// places where it may. A call that is not known to read only counts as one.

import { isAbsolute, normalize } from "node:path";

/** Calls by path that change nothing. */
const READING = new Set([
  ..."access faccessat faccessat2 stat lstat fstat newfstatat statx".split(" "),
  ..."statfs readlink readlinkat getcwd chdir execve execveat".split(" "),
]);
/** Calls about sockets that are made, and addressed, by other calls. */
const SPEAKING = new Set([
  ..."socketpair listen accept accept4 getsockname getpeername".split(" "),
  ..."getsockopt setsockopt shutdown recvfrom recvmsg recvmmsg".split(" "),
]);
const OPENING = new Set(["open", "openat", "openat2"]);
/** Flags without which an open changes nothing. */
const CHANGING = /\bO_(WRONLY|RDWR|CREAT|TRUNC)\b/;

/** A quoted word of a call, and the folder it counts from where one is told. */
const WORD = /(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g;

/** Lines of the log, each a call outside of `places` and what is below them. */
export function callsOutside(log: string, places: readonly string[]): string[] {
  return log.split("\n").filter((line) => isOutside(line, places));
}

function isOutside(line: string, places: readonly string[]): boolean {
  const text = line.replace(/^\d+ +/, "");
  // The end of a call that was read where it began; a signal; an end.
  if (text === "" || /^(<\.\.\. \w+ resumed>|---|\+\+\+)/.test(text)) {
    return false;
  }
  const match = /^(\w+)\((.*)$/.exec(text);
  if (match === null) return true;
  const [, call = "", rest = ""] = match;
  if (READING.has(call) || SPEAKING.has(call)) return false;
  // What it answered is no path of its own.
  const said = rest.replace(/\) += .*$/, "");
  if (call === "socket") return !/^AF_UNIX\b/.test(said);
  if (OPENING.has(call) && !CHANGING.test(said.replace(WORD, ""))) return false;
  const paths = [...said.matchAll(WORD)].map(([, folder = "?", word = ""]) =>
    isAbsolute(word) ? word : `${folder}/${word}`
  );
  return paths.length === 0 || !paths.every((path) => isIn(path, places));
}

function isIn(path: string, places: readonly string[]): boolean {
  const plain = normalize(path);
  return places.some((place) =>
    plain === place || plain.startsWith(`${place}/`)
  );
}
