// Where a drill may leave a memory group: the hierarchies of this machine and
// the places in them, and what earlier drills left there.

// Loaded with this module only: a static import costs every start.
const { existsSync, readdirSync, readFileSync } = await import("node:fs");

/** Name of a drill's group and of its folder; the number is the drill's pid. */
export const DRILL_NAME = /^oomguard-drill-(\d+)$/;

/** A mounted hierarchy of groups. */
export interface GroupTree {
  /** The group that the mount shows as its root. */
  readonly root: string;
  /** Where it is mounted. */
  readonly path: string;
}

/** Hierarchies of this machine; null where there is none. */
export interface GroupTrees {
  /** The one of v1 with the memory controller. */
  readonly v1: GroupTree | null;
  readonly v2: GroupTree | null;
}

/**
 * Hierarchies in the text of /proc/self/mountinfo:
 * `35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory`
 */
export function parseTrees(mountinfo: string): GroupTrees {
  let v1: GroupTree | null = null;
  let v2: GroupTree | null = null;
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", path = ""] = before.split(" ").map(unescape);
    const [type = "", , options = ""] = after.split(" ");
    if (!path.startsWith("/")) continue;
    const memory = options.split(",").includes("memory");
    if (type === "cgroup" && memory) v1 ??= { root, path };
    if (type === "cgroup2") v2 ??= { root, path };
  }
  return { v1, v2 };
}

/** mountinfo writes blanks and backslashes in octal. */
function unescape(text: string): string {
  return text.replace(
    /\\([0-7]{3})/g,
    (_, octal) => String.fromCharCode(parseInt(octal, 8)),
  );
}

/** This process's group in the text of /proc/self/cgroup, or null. */
export function parseOwn(text: string, version: 1 | 2): string | null {
  for (const line of text.split("\n")) {
    const [id, controllers = "", ...path] = line.split(":");
    const fits = version === 2
      ? id === "0" && controllers === ""
      : controllers.split(",").includes("memory");
    if (fits && path.length > 0) return path.join(":");
  }
  return null;
}

/** Folders below the mount under which a group may be tried, best first: the
 * root, then this process's own group and what is above it. */
export function parentsToTry(tree: GroupTree, own: string | null): string[] {
  const root = tree.root === "/" ? "" : tree.root;
  const parents = [""];
  // What lies outside of the mount cannot be reached through it.
  if (own === null || !own.startsWith(`${root}/`)) return parents;
  if (own.split("/").includes("..")) return parents;
  let at = own.slice(root.length);
  for (; at.length > 1; at = at.slice(0, at.lastIndexOf("/"))) parents.push(at);
  return parents;
}

/** The trees of this machine, and this process's place in each that there is,
 * v1 first. */
export function readTrees(): {
  trees: GroupTrees;
  own: [GroupTree, string | null][];
} {
  const trees = parseTrees(readFileSync("/proc/self/mountinfo", "utf8"));
  // A kernel without groups has no such file.
  const cgroup = existsSync("/proc/self/cgroup")
    ? readFileSync("/proc/self/cgroup", "utf8")
    : "";
  const own: [GroupTree, string | null][] = [];
  if (trees.v1 !== null) own.push([trees.v1, parseOwn(cgroup, 1)]);
  if (trees.v2 !== null) own.push([trees.v2, parseOwn(cgroup, 2)]);
  return { trees, own };
}

/** Whether a drill with this pid still runs. */
export function drillRuns(pid: number): boolean {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return line.includes("drill");
  } catch {
    return false;
  }
}

/** Folders of drills that are no more, directly in `parent`. */
export function leftovers(parent: string): string[] {
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch {
    return [];
  }
  return names
    .filter((name) => {
      const match = DRILL_NAME.exec(name);
      return match !== null && !drillRuns(Number(match[1]));
    })
    .map((name) => `${parent}/${name}`);
}
