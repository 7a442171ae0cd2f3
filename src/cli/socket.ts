// The control socket: init's, systemd's, or one that we make.

import type { SocketConfig } from "../config/compile.ts";
import { cString } from "../shim/load.ts";
import { errnoName } from "../base/errno.ts";
import type { Shim } from "../shim/shim.ts";
import { isWant } from "../state/calls.ts";
import { EVENT_LISTENER } from "../state/layout.ts";
import type { Log } from "./log.ts";

/** First descriptor that systemd passes (sd_listen_fds). */
const LISTEN_FDS_START = 3;

const EPOLLIN = 1;
const EPOLLET = 1 << 31;

/** Descriptor of the listening socket. Throws when it was asked for wrongly; -1
 * and a line when something was wanting for it: the guard needs no client to
 * guard. */
export function openSocket(
  shim: Shim,
  socket: SocketConfig,
  log: Log,
): number {
  const fd = listen(shim, socket);
  if (fd >= 0) return fd;
  log.say("error", `Without a socket: ${errnoName(fd)}, going on`);
  return -1;
}

/** Hears who knocks there from now on; who has knocked before counts. */
export function hearSocket(shim: Shim, fd: number, log: Log): void {
  if (fd < 0) return;
  const tag = EVENT_LISTENER << 24;
  const rc = shim.symbols.watch(fd, EPOLLIN | EPOLLET, tag);
  if (rc >= 0) return;
  log.say("error", `Nobody is heard: ${errnoName(rc)}, going on`);
}

/** The socket, or -errno of what was wanting. */
function listen(shim: Shim, socket: SocketConfig): number {
  const inherited = inheritedFd();
  if (inherited !== null) {
    const fd = shim.symbols.listenInherited(inherited.fd);
    if (fd >= 0 || isWant(fd)) return fd;
    throw new Error(
      `Cannot use ${inherited.from} (descriptor ${inherited.fd}): ${
        errnoName(fd)
      }, expected a SEQPACKET socket`,
    );
  }
  const fd = shim.symbols.listen(
    cString(socket.path),
    socket.mode,
    idOf(socket.owner, "/etc/passwd"),
    idOf(socket.group, "/etc/group"),
  );
  if (fd >= 0 || isWant(fd)) return fd;
  throw new Error(`Cannot listen on "${socket.path}": ${errnoName(fd)}`);
}

/** A socket that whoever started us has made, or null. */
function inheritedFd(): { fd: number; from: string } | null {
  const android = Deno.env.get("ANDROID_SOCKET_lmkd");
  if (android !== undefined && /^\d+$/.test(android)) {
    return { fd: Number(android), from: "ANDROID_SOCKET_lmkd" };
  }
  const forUs = Deno.env.get("LISTEN_PID") === String(Deno.pid);
  if (forUs && Number(Deno.env.get("LISTEN_FDS")) > 0) {
    return { fd: LISTEN_FDS_START, from: "LISTEN_FDS" };
  }
  return null;
}

/** Numeric id of a user or group; -1 leaves it as it is made. */
function idOf(name: string | number | null, file: string): number {
  if (name === null) return -1;
  // The shim takes int32 and hands on the same bits.
  if (typeof name === "number") return name | 0;
  if (/^\d+$/.test(name)) return Number(name) | 0;
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch (cause) {
    const why = `Cannot look up "${name}": there is no "${file}" to read, ` +
      "expected a number";
    throw new Error(why, { cause });
  }
  for (const line of text.split("\n")) {
    const [known, , id = ""] = line.split(":");
    if (known === name && /^\d+$/.test(id)) return Number(id) | 0;
  }
  throw new Error(
    `Cannot find "${name}" in "${file}": expected its name or id`,
  );
}
