// Where this process's memory group is, from texts of both versions and of
// containers; what a real kernel does is in hands_group.ts.

import assert from "node:assert/strict";
import { findPlace } from "../../src/shim/own_group.ts";

const V1 = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup " +
  "cgroup rw,memory\n";
const V2 = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
const ONLY_V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 none rw\n";

function check(
  mountinfo: string,
  groups: string,
  want: ReturnType<typeof findPlace>,
): void {
  assert.deepEqual(findPlace(mountinfo, groups), want, groups);
}

Deno.test("own group: nothing to be found", () => {
  check("", "", null);
  check("\n\n", "4:memory:/\n", null);
  check(V1, "", null);
  check(V1, "4:cpu:/\n0::/\n", null);
  check(V2, "4:memory:/\n", null);
  check("x - cgroup2\n", "0::/\n", null);
  // Mounted from within another container: our group is not below.
  const other = V1.replace("/ /sys", "/other /sys");
  check(other, "4:memory:/otherwise/x\n", null);
});

Deno.test("own group: version 1, version 2, both", () => {
  const mount = "/sys/fs/cgroup/memory";
  const v1 = { isV2: false, mount };
  check(V1, "4:memory:/\n", { ...v1, dir: mount, isRoot: true });
  check(V1 + V2, "4:memory:/a b\n0::/x\n", {
    ...v1,
    dir: `${mount}/a b`,
    isRoot: false,
  });
  check(V2 + V1, "4:cpu,memory:/\n0::/\n", { ...v1, dir: mount, isRoot: true });
  const v2 = { isV2: true, mount: "/sys/fs/cgroup" };
  check(ONLY_V2, "0::/\n", { ...v2, dir: v2.mount, isRoot: true });
  check(ONLY_V2, "0::/system.slice/oomguard.service\n", {
    ...v2,
    dir: "/sys/fs/cgroup/system.slice/oomguard.service",
    isRoot: false,
  });
});

Deno.test("own group: a part of the hierarchy is not its root", () => {
  const part = V1.replace("/ /sys/fs/cgroup/memory", "/box /mnt/a\\040b");
  const place = { isV2: false, mount: "/mnt/a b" };
  check(part, "4:memory:/box\n", { ...place, dir: "/mnt/a b", isRoot: false });
  check(part, "4:memory:/box/in\n", {
    ...place,
    dir: "/mnt/a b/in",
    isRoot: false,
  });
});
