// Where a drill looks for a place: mounts and groups as real systems show
// them, and hostile ones.

import assert from "node:assert/strict";
import {
  firstPossible,
  GroupRefused,
  parseStall,
} from "../../src/cli/drill_group.ts";
import {
  drillRuns,
  leftovers,
  parentsToTry,
  parseOwn,
  parseTrees,
} from "../../src/cli/drill_trees.ts";

const HYBRID = `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;
const UNIFIED =
  "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:1 - cgroup2 cgroup2 rw,nsdelegate";

Deno.test("parseTrees: hybrid, unified, containers, none", () => {
  const check = (text: string, want: ReturnType<typeof parseTrees>) =>
    assert.deepEqual(parseTrees(text), want);
  const none = { v1: null, v2: null };
  check("", none);
  check("\n \n - \n31 23 - cgroup2", none);
  check("31 23 0:28 / relative rw - cgroup2 cgroup2 rw", none);
  check(HYBRID, {
    v1: { root: "/", path: "/sys/fs/cgroup/memory" },
    v2: { root: "/", path: "/sys/fs/cgroup/unified" },
  });
  check(UNIFIED, { v1: null, v2: { root: "/", path: "/sys/fs/cgroup" } });
  // Options of the mount are no controllers, and a name may look like one.
  check("1 2 0:3 / /a rw,memory - cgroup memory rw,name=memory", none);
  check("1 2 0:3 /docker/1 /a\\040b\\134c rw - cgroup c rw,cpu,memory", {
    v1: { root: "/docker/1", path: "/a b\\c" },
    v2: null,
  });
  // The first mount of a kind is the one on top of the tree.
  check(`${UNIFIED}\n40 29 0:26 /x /other rw - cgroup2 c rw`, {
    v1: null,
    v2: { root: "/", path: "/sys/fs/cgroup" },
  });
});

Deno.test("parseOwn: by version, colons in names", () => {
  const text = "9:name=memory:/no\n4:cpu,memory:/a:b\n0::/user.slice/c\n";
  assert.equal(parseOwn(text, 1), "/a:b");
  assert.equal(parseOwn(text, 2), "/user.slice/c");
  assert.equal(parseOwn("", 2), null);
  assert.equal(parseOwn("0\n4:memory", 1), null);
});

Deno.test("parentsToTry: the root, then the own group and up", () => {
  const check = (root: string, own: string | null, want: string[]) =>
    assert.deepEqual(parentsToTry({ root, path: "/m" }, own), want);
  check("/", null, [""]);
  check("/", "/", [""]);
  check("/", "/a/b", ["", "/a/b", "/a"]);
  check("/docker/1", "/docker/1/a", ["", "/a"]);
  check("/docker/1", "/docker/1", [""]);
  check("/docker/1", "/docker/12/a", [""]);
  check("/", "/../..", [""]);
});

Deno.test("parseStall: both totals, or nothing", () => {
  const some = "some avg10=0.00 avg60=0.00 avg300=0.00 total=123\n";
  const full = "full avg10=0.00 avg60=0.00 avg300=0.00 total=45\n";
  assert.deepEqual(parseStall(some + full), { some: 123, full: 45 });
  assert.equal(parseStall(some), null);
  assert.equal(parseStall(""), null);
});

Deno.test("firstPossible: the first that can be, else every reason once", () => {
  const tried: string[] = [];
  const check = (places: string[]) =>
    firstPossible(places, (place) => {
      tried.push(place);
      if (place === "/fits") return `${place}/group`;
      throw new Error(place === "" ? "EROFS" : `EACCES "${place}"`);
    });
  assert.equal(check(["", "/a", "/fits", "/b"]), "/fits/group");
  assert.deepEqual(tried, ["", "/a", "/fits"]);
  assert.throws(
    () => check(["", "/a", "", "/b"]),
    new GroupRefused('EROFS; EACCES "/a"; EACCES "/b"'),
  );
});

Deno.test("leftovers: folders of drills whose process is gone", () => {
  const dir = Deno.makeTempDirSync();
  try {
    // No pid is that large; this process is no drill.
    const gone = ["oomguard-drill-99999999", `oomguard-drill-${Deno.pid}`];
    const other = ["oomguard-drill-", "oomguard-drill-1-kept", "drill-2"];
    for (const name of [...gone, ...other]) Deno.mkdirSync(`${dir}/${name}`);
    assert.deepEqual(
      leftovers(dir).sort(),
      gone.map((name) => `${dir}/${name}`).sort(),
    );
    assert.deepEqual(leftovers(`${dir}/missing`), []);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
  assert.equal(drillRuns(99_999_999), false);
});
