// A limited memory group and the apps in it, for tests in which somebody dies.

import { DrillGroup, GroupRefused } from "../../src/cli/drill_group.ts";

/** A group of a name of its own. */
export function makeGroup(name: string, limitKb: number): DrillGroup {
  return DrillGroup.make(`oomguard-${name}-${Deno.pid}`, limitKb);
}

/** Why no memory group can be made here, or "", and of which version one is. */
async function whyNoGroup(): Promise<{ why: string; version: number }> {
  try {
    const group = makeGroup("probe", 65_536);
    await group.remove();
    return { why: "", version: group.version };
  } catch (error) {
    if (error instanceof GroupRefused) {
      return { why: error.message, version: 0 };
    }
    throw error;
  }
}

const { why: refused, version } = await whyNoGroup();

/** For tests that need a group: where there is none they are not counted. */
export const real = {
  ignore: refused !== "",
  because: refused === "" ? "" : ` [no memory group: ${refused}]`,
};

/** For tests of what only version 1 has: its killer can be switched off. */
export const isV1 = version === 1 ? real : {
  ignore: true,
  because: real.because || " [memory groups are of version 2]",
};

/** Every guard and keeper whose command line names `dir`. */
export function guardsOf(dir: string): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name))
    .filter((pid) => {
      try {
        const text = Deno.readTextFileSync(`/proc/${pid}/cmdline`);
        return text.split("\0").includes("daemon") && text.includes(dir);
      } catch {
        return false;
      }
    });
}

/** Ends them all: each starts the other again, so in turns until none is
 * left. */
export async function endGuards(dir: string): Promise<void> {
  for (let left = guardsOf(dir); left.length > 0; left = guardsOf(dir)) {
    for (const pid of left) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    }
    await new Promise((done) => setTimeout(done, 5));
  }
}
