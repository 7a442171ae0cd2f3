// oomd 0.5.0: with the configuration that Debian delivers, and with one after
// its own documentation. Both kill groups, so each process has one.

import { APPS_GROUP } from "../../qemu/guard_command.ts";
import { inTree, type PeerRow } from "./row.ts";

const packages = [
  ...["oomd", "libc6", "libgcc-s1", "libstdc++6", "libjsoncpp25"],
  ...["libsystemd0", "libcap2", "libgcrypt20", "libgpg-error0", "liblzma5"],
  ...["libzstd1", "liblz4-1"],
];

const TUNED_CONF = "/etc/oomd/tuned.json";
const APPS = `${APPS_GROUP}/*`;

/** Debian's /etc/default/oomd: looks each second; with version 2 alone mounted,
 * it says there, the group file system is where oomd expects it. */
const OPTIONS = ["--interval", "1", "--config"];

const START = { readyMs: 5000, readyWord: "Running", needsGroups: true };

function detector(name: string, args: Readonly<Record<string, string>>) {
  return { name, args };
}

/** docs/configuration.md has these two rulesets in its example; the groups are
 * the device's. */
const TUNED = {
  rulesets: [
    {
      name: "memory pressure protection",
      detectors: [[
        "apps stall, and memory is being reclaimed",
        // The example's figure for the workload, which is to be left in peace.
        // docs/core_plugins.md: 10 s averages, where the example's detector
        // goes by the minute's, for 15 s; memory_reclaim, as in Debian's
        // configuration, tells whether it is memory that is short.
        detector("pressure_above", {
          cgroup: APPS_GROUP,
          resource: "memory",
          threshold: "5",
          duration: "2",
        }),
        detector("memory_reclaim", { cgroup: APPS_GROUP, duration: "10" }),
      ]],
      actions: [
        // docs/core_plugins.md: after a kill it rests for 15 s unless another
        // time is said. With 2 s, an average that had not come down yet cost an
        // innocent's life (seen).
        detector("kill_by_memory_size_or_growth", { cgroup: APPS }),
      ],
    },
    {
      name: "low swap protection",
      // The example's figure.
      detectors: [[
        "swap is running low",
        detector("swap_free", { threshold_pct: "15" }),
      ]],
      actions: [
        detector("kill_by_swap_usage", { cgroup: APPS }),
      ],
    },
  ],
};

export const OOMD: readonly PeerRow[] = [
  {
    name: "oomd",
    disk: { packages },
    command: {
      argv: inTree("/usr/bin/oomd", ...OPTIONS, "/etc/oomd/oomd.json"),
      ...START,
    },
  },
  {
    name: "oomd-tuned",
    disk: { packages, texts: { [TUNED_CONF]: JSON.stringify(TUNED) } },
    command: {
      argv: inTree("/usr/bin/oomd", ...OPTIONS, TUNED_CONF),
      ...START,
      // docs/production_setup.md: among what is critical for the host, with 64
      // MB guaranteed.
      ownGroup: { path: "hostcritical.slice/oomd.service", minMb: 64 },
      // docs/core_plugins.md: who goes before all others, and who only when
      // there are no others; by that oomd learns what Android tells by
      // importance.
      marks: [
        { attribute: "trusted.oomd_avoid", adjMin: -1000, adjMax: 200 },
        { attribute: "trusted.oomd_prefer", adjMin: 900, adjMax: 1000 },
      ],
    },
  },
];
