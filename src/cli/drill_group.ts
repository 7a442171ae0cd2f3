// The memory group of a drill: one that may be made, and goes away again.
// Nothing outside of it changes, but for one controller switched on where it
// was off, and off again in the end.

import {
  type GroupTree,
  leftovers,
  parentsToTry,
  readTrees,
} from "./drill_trees.ts";

// Loaded with this module only: a static import costs every start.
const {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} = await import("node:fs");

/** The group could not be made, or not be used; says why. */
export class GroupRefused extends Error {
  override readonly name = "GroupRefused";
}

function words(path: string): string[] {
  try {
    return readFileSync(path, "utf8").trim().split(/\s+/);
  } catch {
    return [];
  }
}

function whyNot(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Writes where the file exists; older kernels lack some. */
function writeIfThere(path: string, text: string): void {
  if (existsSync(path)) writeFileSync(path, text);
}

/** What `make` answers for the first place that it does not throw for; throws
 * GroupRefused with what it threw for each, once. */
export function firstPossible<T>(
  places: readonly string[],
  make: (place: string) => T,
): T {
  const reasons = new Set<string>();
  for (const place of places) {
    try {
      return make(place);
    } catch (error) {
      reasons.add(whyNot(error));
    }
  }
  throw new GroupRefused([...reasons].join("; "));
}

/** A group made for one drill. */
export class DrillGroup {
  readonly dir: string;
  readonly version: 1 | 2;
  /** The same-named group of v2 beside one of v1, or null. */
  readonly twin: string | null;
  /** Folder whose children were given the memory controller, or null. */
  readonly #switchedOn: string | null;
  readonly #usageFd: number;
  readonly #bytes = new Uint8Array(64);

  private constructor(
    dir: string,
    version: 1 | 2,
    twin: string | null,
    switchedOn: string | null,
  ) {
    this.dir = dir;
    this.version = version;
    this.twin = twin;
    this.#switchedOn = switchedOn;
    const usage = version === 2 ? "memory.current" : "memory.usage_in_bytes";
    this.#usageFd = openSync(`${dir}/${usage}`, "r");
  }

  /** Makes a group with a limit; throws GroupRefused with every reason. */
  static make(name: string, limitKb: number): DrillGroup {
    const { trees, own } = readTrees();
    // Where v1 has the memory controller, v2 has not.
    if (own.length === 0) {
      throw new GroupRefused("no memory groups are mounted");
    }
    const [tree, at] = own[0];
    const version = trees.v1 === null ? 2 : 1;
    return firstPossible(parentsToTry(tree, at), (parent) => {
      const base = tree.path + parent;
      return version === 1
        ? this.#makeV1(base, parent, name, limitKb, trees.v2)
        : this.#makeV2(base, name, limitKb);
    });
  }

  static #makeV1(
    base: string,
    parent: string,
    name: string,
    limitKb: number,
    v2: GroupTree | null,
  ): DrillGroup {
    const dir = `${base}/${name}`;
    mkdirSync(dir);
    let twin: string | null = null;
    try {
      const limit = String(limitKb * 1024);
      writeFileSync(`${dir}/memory.limit_in_bytes`, limit);
      // Without swap: the drill shows what happens when memory is gone.
      writeIfThere(`${dir}/memory.swappiness`, "0");
      writeIfThere(`${dir}/memory.memsw.limit_in_bytes`, limit);
      twin = v2 === null ? null : makeTwin(`${v2.path}${parent}/${name}`);
      return new DrillGroup(dir, 1, twin, null);
    } catch (error) {
      for (const made of [dir, twin]) if (made !== null) rmdirSync(made);
      throw error;
    }
  }

  static #makeV2(base: string, name: string, limitKb: number): DrillGroup {
    if (!words(`${base}/cgroup.controllers`).includes("memory")) {
      throw new Error(`the memory controller is not to be had in "${base}"`);
    }
    const control = `${base}/cgroup.subtree_control`;
    const isOn = words(control).includes("memory");
    if (!isOn) writeFileSync(control, "+memory");
    const dir = `${base}/${name}`;
    try {
      mkdirSync(dir);
      writeFileSync(`${dir}/memory.max`, String(limitKb * 1024));
      writeIfThere(`${dir}/memory.swap.max`, "0");
      return new DrillGroup(dir, 2, null, isOn ? null : control);
    } catch (error) {
      if (existsSync(dir)) rmdirSync(dir);
      if (!isOn) writeFileSync(control, "-memory");
      throw error;
    }
  }

  /** Moves a process in; what it touches from now on is the group's. */
  admit(pid: number): void {
    try {
      writeFileSync(`${this.dir}/cgroup.procs`, String(pid));
      if (this.twin !== null) {
        writeFileSync(`${this.twin}/cgroup.procs`, String(pid));
      }
    } catch (error) {
      throw new GroupRefused(whyNot(error), { cause: error });
    }
  }

  /** Memory charged to the group, kB. */
  usageKb(): number {
    const count = readSync(this.#usageFd, this.#bytes, 0, 64, 0);
    const text = String.fromCharCode(...this.#bytes.subarray(0, count));
    return Math.ceil(Number(text) / 1024);
  }

  /** Kills by the kernel in the group so far; null where it does not count. */
  kernelOomKills(): number | null {
    const file = this.version === 2 ? "memory.events" : "memory.oom_control";
    const text = readFileSync(`${this.dir}/${file}`, "utf8");
    const match = /^oom_kill (\d+)$/m.exec(text);
    return match === null ? null : Number(match[1]);
  }

  /** Time that tasks of the group stalled so far, us; null without PSI. */
  stallUs(): { some: number; full: number } | null {
    const dir = this.version === 2 ? this.dir : this.twin;
    try {
      return parseStall(readFileSync(`${dir}/memory.pressure`, "utf8"));
    } catch {
      return null;
    }
  }

  /** Removes the group, waiting for its last task to be gone; answers what
   * could not be removed. */
  async remove(): Promise<string[]> {
    closeSync(this.#usageFd);
    const left: string[] = [];
    for (const dir of [this.dir, this.twin]) {
      if (dir !== null && !await removeDir(dir)) left.push(dir);
    }
    if (this.#switchedOn !== null) {
      try {
        writeFileSync(this.#switchedOn, "-memory");
      } catch {
        left.push(this.#switchedOn);
      }
    }
    return left;
  }
}

/** Totals of a memory.pressure file: `some avg10=0.00 … total=123`. */
export function parseStall(
  text: string,
): { some: number; full: number } | null {
  const some = /^some .*total=(\d+)/m.exec(text);
  const full = /^full .*total=(\d+)/m.exec(text);
  if (some === null || full === null) return null;
  return { some: Number(some[1]), full: Number(full[1]) };
}

/** The group of v2 that gives one of v1 its PSI; null when refused. */
function makeTwin(dir: string): string | null {
  try {
    mkdirSync(dir);
    return dir;
  } catch {
    return null;
  }
}

/** rmdir is refused until the last task has left; tried for 3 s. */
async function removeDir(dir: string): Promise<boolean> {
  for (let i = 0; i < 60; i++) {
    try {
      rmdirSync(dir);
      return true;
    } catch {
      if (!existsSync(dir)) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return false;
}

/** Removes groups that a killed drill has left; answers how many. Its
 * processes ended with it: each ends with its standard input. */
export async function removeLeftoverGroups(): Promise<number> {
  const { trees, own } = readTrees();
  const parents = new Set(own.flatMap(([tree, at]) => parentsToTry(tree, at)));
  let removed = 0;
  for (const tree of [trees.v1, trees.v2]) {
    if (tree === null) continue;
    for (const dir of [...parents].flatMap((p) => leftovers(tree.path + p))) {
      if (await removeDir(dir)) removed++;
    }
  }
  return removed;
}
