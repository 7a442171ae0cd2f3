// earlyoom 1.7: as Debian starts it, and as its manual says for such a device.

import { inTree, type PeerRow } from "./row.ts";

const disk = { packages: ["earlyoom", "libc6"] };

/** The second of the two lines in which it tells its thresholds. */
const START = { readyMs: 5000, readyWord: "SIGKILL" };

export const EARLYOOM: readonly PeerRow[] = [
  {
    name: "earlyoom",
    disk,
    // Debian's /etc/default/earlyoom: a report each hour.
    command: { argv: inTree("/usr/bin/earlyoom", "-r", "3600"), ...START },
  },
  {
    name: "earlyoom-tuned",
    disk,
    command: {
      argv: inTree(
        ...["/usr/bin/earlyoom", "-r", "0"],
        // earlyoom(1), -p: nice -20 and oom_score_adj -100, which its service
        // file cannot give.
        "-p",
        // earlyoom(1), -s: 100 has it go by available memory alone, however
        // much swap is free; zram's free swap is memory that is not there.
        ...["-m", "10", "-s", "100"],
        // README, Preferred Processes: who is never to be taken, by comm.
        ...["--avoid", "^(system_server|home)$"],
      ),
      ...START,
    },
  },
];
