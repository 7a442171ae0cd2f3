// How a guard is started in the device, and what of the device is arranged for
// it: the flags stand here, and for the peers in test/bench/guards, and nowhere
// else.

/** Importances of processes whose groups get an extended attribute: how guards
 * that kill groups are told of importance. */
export interface Mark {
  attribute: string;
  adjMin: number;
  adjMax: number;
}

export interface GuardCommand {
  /** Empty: init starts it, and `comm` tells which process it is. */
  argv: readonly string[];
  comm?: string;
  socketPath?: string;
  /** A file whose lines are told when all is over. */
  showPath?: string;
  journalPath?: string;
  /** What the runner waits for at most, ms: for the socket, or for a line of the
   * guard's with `readyWord` in it. */
  readyMs: number;
  readyWord?: string;
  /** Its own memory group, below the root of all, and what is guaranteed to it,
   * MB. */
  ownGroup?: { path: string; minMb: number };
  /** It kills groups: each process has to have one. */
  needsGroups?: boolean;
  marks?: readonly Mark[];
  /** A program on its disk that is the device's init. */
  init?: string;
}

export type GuardName = "none" | "oomguard";

const SOCKET_PATH = "/dev/socket/lmkd";
const STATE_FOLDER = "/run/oomguard";

export const GUARDS: Readonly<Record<GuardName, GuardCommand | undefined>> = {
  none: undefined,
  oomguard: {
    argv: [
      "/guard/oomguard",
      "daemon",
      "--socket",
      SOCKET_PATH,
      "--state",
      STATE_FOLDER,
      "--log",
      "stderr",
    ],
    socketPath: SOCKET_PATH,
    showPath: `${STATE_FOLDER}/status`,
    journalPath: `${STATE_FOLDER}/journal`,
    readyMs: 60000,
  },
};

/** Where processes live that are told apart by group: apps below a user's
 * session, what has a uid below 10000 among the system's services. systemd has
 * such names, so the configurations that peers are delivered with fit. */
export const APPS_GROUP = "user.slice/user-1000.slice/user@1000.service";
export const GROUPS_LINE = `groups ${APPS_GROUP} system.slice`;

/** The lines of a scene's text that are about its guard (scene_parse.c). */
export function guardLines(
  guard: GuardCommand,
  moreArgs: readonly string[],
): string[] {
  const lines = [`ready ${guard.readyMs}`];
  const words = [...guard.argv, ...moreArgs];
  if (guard.argv.length > 0) lines.unshift(`guard ${words.join(" ")}`);
  if (guard.comm) lines.push(`guardcomm ${guard.comm}`);
  if (guard.readyWord) lines.push(`readyword ${guard.readyWord}`);
  if (guard.socketPath) lines.push(`socket ${guard.socketPath}`);
  if (guard.showPath) lines.push(`show ${guard.showPath}`);
  if (guard.journalPath) lines.push(`journal ${guard.journalPath}`);
  if (guard.ownGroup) {
    lines.push(`guardgroup ${guard.ownGroup.path} ${guard.ownGroup.minMb}`);
  }
  for (const { attribute, adjMin, adjMax } of guard.marks ?? []) {
    lines.push(`mark ${attribute} ${adjMin} ${adjMax}`);
  }
  return lines;
}
