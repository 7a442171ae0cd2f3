// The guard's own memory group. From the root group it moves to one of its own,
// which cannot be swapped and, in version 2, has its memory guaranteed; a group
// that it already has to itself is set the same, and its children, as its keeper,
// belong to it; among others it stays where it is. None of it is needed: what is refused is told, and the guard goes on.

/** The group, once tried. */
export interface OwnGroup {
  /** Whether the guard is in a group of its own without swap. */
  readonly held: boolean;
  /** Where it is, or why not. */
  readonly text: string;
  /** Guarantees so much memory to it, where that can be said. */
  keep(bytes: number): void;
  /** Leaves a group that was made for the guard, with the guard's children, and
   * removes it. */
  leave(): void;
}

/** Where memory groups of this process are. */
export interface Place {
  readonly isV2: boolean;
  /** Where the hierarchy is mounted, and the group's folder below. */
  readonly mount: string;
  readonly dir: string;
  /** The root of the whole hierarchy, not of a part of it. */
  readonly isRoot: boolean;
}

const NAME = "oomguard";
const NOTHING = () => {};

/** A mount point of /proc/self/mountinfo as it really is: space, tab, newline
 * and \ come in octal (fs/proc_namespace.c, mangle). */
function unescapeMount(path: string): string {
  return path.replaceAll(
    /\\([0-7]{3})/g,
    (_, octal) => String.fromCharCode(parseInt(octal, 8)),
  );
}

/**
 * This process's memory group, of the version that has the memory controller;
 * null where there is none. `mountinfo` and `groups` are the texts of
 * /proc/self/mountinfo and /proc/self/cgroup (Documentation/filesystems/proc.rst,
 * 3.5; cgroups(7)).
 */
export function findPlace(mountinfo: string, groups: string): Place | null {
  const paths = new Map<string, string>();
  for (const line of groups.split("\n")) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    const [, controllers, path] = match;
    if (controllers === "") paths.set("v2", path);
    if (controllers.split(",").includes("memory")) paths.set("v1", path);
  }
  let place: Place | null = null;
  for (const line of mountinfo.split("\n")) {
    const [before, after = ""] = line.split(" - ");
    const [, , , root = "", mount = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    if (mount === "") continue;
    const isV1 = type === "cgroup" && options.split(",").includes("memory");
    if (!isV1 && type !== "cgroup2") continue;
    // Version 1 has the controller wherever it is mounted with it.
    if (!isV1 && (place !== null || paths.has("v1"))) continue;
    const path = paths.get(isV1 ? "v1" : "v2");
    const whole = root === "/" ? "" : root;
    if (path === undefined || !`${path}/`.startsWith(`${whole}/`)) continue;
    const below = path.slice(whole.length);
    const dir = below === "/" ? "" : below;
    const at = unescapeMount(mount);
    place = {
      isV2: !isV1,
      mount: at,
      dir: `${at}${dir}`,
      isRoot: whole === "" && dir === "",
    };
  }
  return place;
}

/** Whether this process has been in a version 2 group without swap since it
 * was started: all of its pages are charged there. */
export function isUnswappable(place: Place | null): boolean {
  return place !== null && place.isV2 &&
    textOf(`${place.dir}/memory.swap.max`) === "0";
}

/** This process's place, from its own /proc. */
export function readPlace(): Place | null {
  return findPlace(
    textOf("/proc/self/mountinfo"),
    textOf("/proc/self/cgroup"),
  );
}

/** Tries to have a group to itself. */
export function enterOwnGroup(place: Place | null): OwnGroup {
  const refused = (text: string) => ({
    held: false,
    text,
    keep: NOTHING,
    leave: NOTHING,
  });
  if (place === null) return refused("no memory groups here");
  if (!place.isRoot) {
    if (!membersOf(place.dir).every((pid) => isOurs(pid))) {
      return refused(`"${place.dir}" has other processes`);
    }
    const wrong = setGroup(place.isV2, place.dir);
    if (wrong !== "") return refused(wrong);
    const keep = keeper(place.isV2, place.dir);
    return { held: true, text: place.dir, keep, leave: NOTHING };
  }
  const dir = `${place.mount}/${NAME}`;
  const leave = () => leaveGroup(place.mount, dir);
  const wrong = makeGroup(place, dir) || setGroup(place.isV2, dir) ||
    write(`${dir}/cgroup.procs`, String(Deno.pid));
  const keep = keeper(place.isV2, dir);
  if (wrong === "") return { held: true, text: dir, keep, leave };
  leave();
  return refused(wrong);
}

function makeGroup({ isV2, mount }: Place, dir: string): string {
  if (isV2) {
    const wrong = write(`${mount}/cgroup.subtree_control`, "+memory");
    if (wrong !== "") return wrong;
  }
  try {
    Deno.mkdirSync(dir);
  } catch (error) {
    // Left over from a guard that was killed.
    if (!(error instanceof Deno.errors.AlreadyExists)) return told(dir, error);
  }
  return "";
}

/** No swap; in version 1 not before everything else failed. A kernel without
 * swap accounting has no memory.swap.max: no reason to stay. */
function setGroup(isV2: boolean, dir: string): string {
  if (!isV2) return write(`${dir}/memory.swappiness`, "0");
  write(`${dir}/memory.swap.max`, "0");
  return write(`${dir}/memory.min`, "0");
}

function keeper(isV2: boolean, dir: string): (bytes: number) => void {
  if (!isV2) return NOTHING;
  return (bytes) => void write(`${dir}/memory.min`, String(bytes));
}

function leaveGroup(root: string, dir: string): void {
  for (const pid of membersOf(dir)) {
    if (isOurs(pid)) write(`${root}/cgroup.procs`, pid);
  }
  try {
    Deno.removeSync(dir);
  } catch {
    // Another guard is in it, or it was never made.
  }
}

/** Pids of a group's processes. */
function membersOf(dir: string): string[] {
  return textOf(`${dir}/cgroup.procs`).split("\n").filter((pid) => pid !== "");
}

/** Whether process `pid` is the guard or a child of its, as its keeper is: what
 * the guard starts is where the guard is. */
function isOurs(pid: string): boolean {
  if (pid === String(Deno.pid)) return true;
  // Field 4 of proc(5); the third is the first after the name.
  const stat = textOf(`/proc/${pid}/stat`);
  const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
  return parent === String(Deno.pid);
}

/** "" when it was written, else why not. */
function write(path: string, text: string): string {
  try {
    Deno.writeTextFileSync(path, text, { create: false });
    return "";
  } catch (error) {
    return told(path, error);
  }
}

function told(path: string, error: unknown): string {
  const code = (error as { code?: string }).code ?? String(error);
  return `"${path}": ${code}`;
}

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path).trimEnd();
  } catch {
    return "";
  }
}
