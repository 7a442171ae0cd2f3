// Where and of what a bench is made: the commit, and the machine in words that
// say what its figures can be compared with.

import { run } from "../../qemu/host.ts";
import type { Setting } from "./play.ts";

const ROOT = `${import.meta.dirname}/../../..`;

/** The setting of every boot of this run. */
export async function settingOf(): Promise<Setting> {
  const commit = (await git("rev-parse", "--short=12", "HEAD")).trim();
  const isDirty = (await git("status", "--porcelain")).trim() !== "";
  const qemu = await run("qemu-system-x86_64", ["--version"]);
  return {
    commit: (commit || "unknown") + (isDirty ? "-dirty" : ""),
    host: {
      cpu: field("/proc/cpuinfo", /^model name\s*: (.*)$/m),
      cores: navigator.hardwareConcurrency,
      memoryMb: Math.round(Deno.systemMemoryInfo().total / 2 ** 20),
      kernel: Deno.osRelease(),
      emulation: `${/version (\S+)/.exec(qemu)?.[1] ?? "?"} (QEMU, TCG)`,
    },
  };
}

async function git(...args: string[]): Promise<string> {
  try {
    return await run("git", ["-C", ROOT, ...args]);
  } catch {
    return ""; // not a clone
  }
}

function field(path: string, pattern: RegExp): string {
  return pattern.exec(Deno.readTextFileSync(path))?.[1]?.trim() ?? "unknown";
}
