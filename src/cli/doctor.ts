// `oomguard doctor`: whether the running guard will be alive at the worst
// moment, and what would have to be changed. It reads the guard's status file
// and the kernel's own files, and asks nobody anything.

import { describeDoctor, examine, type KernelFacts } from "../report/doctor.ts";
import { parseStatus } from "../report/summary.ts";
import { memcgMounts } from "../shim/sensors.ts";
import type { Output } from "./check.ts";
import { EXIT_FAILED, EXIT_OK } from "./exits.ts";
import { findGuard, type Look, look, readIfThere, Unreadable } from "./peek.ts";

const HELP = `Usage: oomguard doctor [OPTION]...
Tells whether the running guard will be alive at the worst moment: what protects
it, what is locked, and what to change, the worst first.

      --state DIR   state folder, /run/oomguard unless told
      --json        one JSON object: status, kernel and findings
  -h, --help        this text

Exit: 0 nothing to change, 1 findings, or it cannot be read, 2 bad option, 3 no
guard is running.`;

/** Runs `oomguard doctor`; answers its exit code. */
export function doctor(args: string[], out: Output = console): number {
  return look(args, { help: HELP, takes: [], run }, out);
}

function run({ stateDir, json }: Look, out: Output): number {
  const { pid } = findGuard(stateDir);
  const file = `${stateDir}/status`;
  const text = new TextDecoder().decode(readIfThere(file) ?? new Uint8Array());
  const fields = parseStatus(text);
  if (Object.keys(fields).length === 0) {
    throw new Unreadable(`Guard ${pid} runs, but has written no "${file}"`);
  }
  const kernel = readFacts(pid);
  const findings = examine(fields, kernel);
  if (json) {
    const capabilities = kernel.capabilities?.toString(16) ?? null;
    const facts = { ...kernel, capabilities };
    const all = { version: 1, status: fields, kernel: facts, findings };
    out.log(JSON.stringify(all, null, 2));
  } else {
    out.log(describeDoctor(fields, kernel, findings).join("\n"));
  }
  return findings.length === 0 ? EXIT_OK : EXIT_FAILED;
}

/** What the kernel says of itself and of the guard. */
function readFacts(pid: number): KernelFacts {
  const swaps = textOf("/proc/swaps").split("\n").slice(1)
    .filter((line) => line !== "").map((line) => line.split(/\s+/));
  const groups = memcgMounts();
  const caps = /^CapEff:\s+([0-9a-f]+)$/m.exec(textOf(`/proc/${pid}/status`));
  const limit = /^Max locked memory +(\d+) /m.exec(
    textOf(`/proc/${pid}/limits`),
  );
  return {
    swapKb: swaps.reduce((sum, [, , kb]) => sum + Number(kb), 0),
    isZram: swaps.some(([path = ""]) => path.includes("/zram")),
    panicOnOom: numberIn("/proc/sys/vm/panic_on_oom"),
    killAllocatingTask: numberIn("/proc/sys/vm/oom_kill_allocating_task"),
    minTtlMs: numberIn("/sys/kernel/mm/lru_gen/min_ttl_ms"),
    hasPsi: textOf("/proc/pressure/memory") !== "",
    memoryGroups: groups.v1 !== "" ? "v1" : hasMemory(groups.v2) ? "v2" : "",
    capabilities: caps === null ? null : BigInt(`0x${caps[1]}`),
    memlockKb: limit === null ? null : Math.floor(Number(limit[1]) / 1024),
  };
}

function hasMemory(mount: string): boolean {
  return mount !== "" &&
    textOf(`${mount}/cgroup.controllers`).split(/\s+/).includes("memory");
}

/** null where it is not there, or is no number. */
function numberIn(path: string): number | null {
  const text = textOf(path).trim();
  return /^-?\d+$/.test(text) ? Number(text) : null;
}

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
