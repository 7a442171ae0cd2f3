// systemd-oomd 252, with the systemd it cannot do without as the device's init:
// as Debian delivers it, and as its manuals say for such a device. The runner is
// one service; the apps' groups are in the session of a user, which is a service
// that delegates. Nothing else is started: no journal, no bus.

import { APPS_GROUP } from "../../qemu/guard_command.ts";
import type { PeerRow } from "./row.ts";

const packages = [
  ...["systemd-oomd", "systemd", "libsystemd-shared", "busybox-static"],
  ...["libc6", "libgcc-s1", "libacl1", "libapparmor1", "libaudit1"],
  ...["libblkid1", "libcap2", "libcap-ng0", "libcrypt1", "libgcrypt20"],
  ...["libgpg-error0", "libip4tc2", "libkmod2", "liblz4-1", "liblzma5"],
  ...["libmount1", "libpam0g", "libpcre2-8-0", "libseccomp2", "libselinux1"],
  ...["libssl3", "libsystemd0", "libzstd1"],
];

/** Programs that write units when systemd starts: there are none to write. */
const without = ["/lib/systemd/system-generators"];

const UNITS = "/etc/systemd/system";
const LOG_PATH = "/run/systemd-oomd.log";

/** The whole of what the device starts. */
const TEXTS = {
  [`${UNITS}/default.target`]: `[Unit]
Wants=load.service
`,
  [`${UNITS}/load.service`]: `[Unit]
DefaultDependencies=no
Requires=systemd-oomd.service user@1000.service
After=systemd-oomd.service user@1000.service

[Service]
ExecStart=/load/load scene /dev/vdb /dev/ttyS1
ExecStopPost=/bin/busybox reboot -f
OOMScoreAdjust=-1000
StandardOutput=file:/dev/console
StandardError=inherit
`,
  // In place of a user's systemd: a session in which there is nothing but what
  // the runner puts into it. A group that has groups may hold no process, so it
  // rests in one of its own, as systemd's does.
  [`${UNITS}/user@.service`]: `[Unit]
DefaultDependencies=no

[Service]
Type=notify
NotifyAccess=all
Slice=user-%i.slice
Delegate=memory pids
ExecStart=/bin/busybox sh /session
`,
  "/session": `cd /sys/fs/cgroup/${APPS_GROUP}
/bin/busybox mkdir init.scope
echo $$ >init.scope/cgroup.procs
exec /bin/busybox sh -c '/bin/systemd-notify --ready; exec /bin/busybox sleep 9999'
`,
  // Its log, where there is no journal.
  [`${UNITS}/systemd-oomd.service.d/log.conf`]: `[Service]
StandardOutput=file:${LOG_PATH}
StandardError=inherit
`,
  "/etc/passwd": `root:x:0:0:root:/:/bin/sh
systemd-oom:x:998:998:systemd Userspace OOM Killer:/:/usr/sbin/nologin
`,
  "/etc/group": `root:x:0:
systemd-oom:x:998:
`,
  "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
  "/etc/os-release": "ID=device\nNAME=device\n",
};

const COMMAND = {
  argv: [],
  comm: "systemd-oomd",
  init: "/lib/systemd/systemd",
  showPath: LOG_PATH,
  readyMs: 20000,
  needsGroups: true,
};

export const SYSTEMD_OOMD: readonly PeerRow[] = [
  {
    // Debian's package: swap is watched for the root slice, pressure above 50 %
    // for 20 s for user@.service.
    name: "systemd-oomd",
    disk: { packages, without, texts: TEXTS },
    command: COMMAND,
  },
  {
    name: "systemd-oomd-tuned",
    disk: {
      packages,
      without,
      texts: {
        ...TEXTS,
        // systemd-oomd.service(8): a session may want a much lower limit than
        // the default, 40 % for instance. In the leak the apps' group, in which
        // somebody can always run, did not come that far (seen): lower still.
        [`${UNITS}/user@.service.d/20-tuned.conf`]: `[Service]
ManagedOOMMemoryPressure=kill
ManagedOOMMemoryPressureLimit=10%
`,
        // oomd.conf(5): a second is the shortest there is.
        "/etc/systemd/oomd.conf.d/20-tuned.conf": `[OOM]
DefaultMemoryPressureDurationSec=1s
`,
      },
    },
    command: {
      ...COMMAND,
      // systemd.resource-control(5), ManagedOOMPreference: whom it never takes,
      // and whom only when there is nobody else.
      marks: [
        { attribute: "user.oomd_omit", adjMin: -1000, adjMax: -1 },
        { attribute: "user.oomd_avoid", adjMin: 0, adjMax: 200 },
      ],
    },
  },
];
