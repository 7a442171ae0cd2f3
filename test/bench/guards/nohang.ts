// nohang 0.2.0: with its plain configuration, and with the one for desktops, told
// of zram and of a device's measures.

import { inTree, type PeerRow } from "./row.ts";

const DESKTOP_CONF = "/etc/nohang/nohang-desktop.conf";

/** Python with what nohang imports: ctypes and logging are not in the minimal
 * library. */
const packages = [
  ...["nohang", "python3-minimal", "python3.11-minimal"],
  ...["libpython3.11-minimal", "libpython3.11-stdlib", "libexpat1", "zlib1g"],
  ...["libffi8", "libssl3", "libbz2-1.0", "liblzma5", "libcrypt1", "libuuid1"],
  "libc6",
];

const START = { readyMs: 20000, readyWord: "Monitoring" };

function monitor(path: string): string[] {
  return inTree("/usr/sbin/nohang", "--monitor", "--config", path);
}

export const NOHANG: readonly PeerRow[] = [
  {
    name: "nohang",
    disk: { packages },
    // As its service file starts it.
    command: { argv: monitor("/etc/nohang/nohang.conf"), ...START },
  },
  {
    name: "nohang-tuned",
    disk: {
      packages,
      values: {
        // nohang(8): the configuration optimized for desktops, which asks PSI
        // and spares what a session cannot do without.
        [DESKTOP_CONF]: {
          // nohang.conf, section 1: memory that zram's pages take is a trigger
          // of its own. The defaults of sections 5 and 6, 55 and 60 % of all
          // memory, are for zram as large as memory; a device's, of 3/8 of it
          // and at 2 : 1, is full at 19 %.
          zram_checking_enabled: "True",
          warning_threshold_max_zram: "12 %",
          soft_threshold_max_zram: "15 %",
          hard_threshold_max_zram: "18 %",
          // Sections 5 and 6 give ranges and no advice. Within them, what
          // earlyoom(1) advises: to go by available memory alone, since it acts
          // on memory only where swap is short too.
          warning_threshold_min_mem: "12 %",
          soft_threshold_min_mem: "10 %",
          hard_threshold_min_mem: "5 %",
          warning_threshold_min_swap: "100 %",
          soft_threshold_min_swap: "100 %",
          hard_threshold_min_swap: "50 %",
          // Section 2: how long pressure has to last; 30 s are for a desktop.
          psi_excess_duration: "2",
          // Section 4: nobody is there to be told.
          post_action_gui_notifications: "False",
          low_memory_warnings_enabled: "False",
        },
      },
    },
    command: { argv: monitor(DESKTOP_CONF), ...START },
  },
];
