// Boots the device once, feeds it a scene, and hands back what it said: the
// runner's events from the second serial port, the kernel's console from the
// first. A boot has a hard time limit; the one fault of the emulator that is
// known (an oops that no kernel of that version has on real hardware) is tried
// again once, and said.

import type { Image } from "./image.ts";
import type { Device } from "./scenes.ts";

export interface Boot {
  image: Image;
  guardDiskPath?: string;
  device: Device;
  /** A program of the guard's disk that is to be the device's init. */
  init?: string;
  swapMb: number;
  /** tracefs is mounted: some MB of kernel memory. */
  trace: boolean;
  /** The kernel records signals from its start. */
  signals: boolean;
  sceneText: string;
  limitMs: number;
  /** A runner that has begun to speak and then says nothing for this long, ms,
   * is lost with its machine: it samples every 20 ms and never waits. */
  silentMs: number;
}

export interface Outcome {
  lines: string[];
  console: string;
  isTimedOut: boolean;
  /** Ended because the runner fell silent. */
  isSilent: boolean;
  retriedFor?: string;
  bootMs: number;
  /** The device's kernel, as uname -r says. */
  release: string;
}

/** Kernel words: no huge pages (as phones have it), and an oops ends the
 * machine at once instead of after the time limit. */
const KERNEL_WORDS = [
  ...["console=ttyS0", "quiet", "loglevel=4"],
  ...["transparent_hugepage=never", "mitigations=off", "tsc=reliable"],
  ...["oops=panic", "panic=-1", "rdinit=/init"],
];

/** An event that is enabled later is patched into the kernel's running text on
 * both CPUs, which the emulator does not always survive (two of twenty boots). */
const SIGNAL_WORDS = [
  ...["trace_event=signal:signal_generate", "trace_clock=mono"],
  "trace_buf_size=256k",
];

const SECTOR_BYTES = 512;

/** Runs one scene in one fresh device. */
export async function boot(request: Boot): Promise<Outcome> {
  const first = await bootOnce(request);
  const oops = findOops(first.console);
  if (oops === undefined || first.lines.some(isDone)) return first;
  return { ...await bootOnce(request), retriedFor: oops };
}

function isDone(line: string): boolean {
  return line.startsWith('{"e":"done"');
}

/** The kernel's own fault, as opposed to a death for want of memory. */
export function findOops(console: string): string | undefined {
  const oops = /^.*(Oops:|BUG: |general protection fault|invalid opcode).*$/m;
  return oops.exec(console)?.[0].trim();
}

async function bootOnce(request: Boot): Promise<Outcome> {
  const work = Deno.makeTempDirSync({ prefix: "oomguard-device-" });
  try {
    Deno.writeFileSync(`${work}/scene`, padded(request.sceneText));
    const startMs = performance.now();
    const qemu = new Deno.Command("qemu-system-x86_64", {
      args: qemuArgs(request, work),
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const watch = watchdog(request, () => qemu.kill("SIGKILL"));
    let bootMs = 0;
    const lines = await readLines(qemu.stdout, () => {
      bootMs ||= Math.round(performance.now() - startMs);
      watch.feed();
    });
    await qemu.status;
    watch.stop();
    const console = Deno.readTextFileSync(`${work}/console`);
    const { release } = request.image;
    return { lines, console, ...watch.state, bootMs, release };
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}

/** Bounds a boot: by its limit, and by silence once the runner has spoken. */
export function watchdog(
  limits: { limitMs: number; silentMs: number },
  kill: () => void,
) {
  const state = { isTimedOut: false, isSilent: false };
  const whole = setTimeout(() => {
    state.isTimedOut = true;
    kill();
  }, limits.limitMs);
  let silence: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(whole);
    clearTimeout(silence);
  };
  const feed = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      state.isSilent = true;
      kill();
    }, limits.silentMs);
  };
  return { state, feed, stop };
}

/** A raw disk is read in sectors; zeros end the text. */
function padded(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const sectors = Math.ceil((bytes.length + 1) / SECTOR_BYTES);
  const disk = new Uint8Array(sectors * SECTOR_BYTES);
  disk.set(bytes);
  return disk;
}

async function readLines(
  stream: ReadableStream<Uint8Array>,
  onChunk: () => void,
): Promise<string[]> {
  const lines: string[] = [];
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    onChunk();
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  }
  if (rest !== "") lines.push(rest);
  return lines;
}

function qemuArgs(request: Boot, work: string): string[] {
  const { image, device } = request;
  const words = [
    ...KERNEL_WORDS,
    `psi=${device.psi === false ? 0 : 1}`,
    `scene.swap_mb=${request.swapMb}`,
    `scene.memcg=${device.memcg}`,
    `scene.trace=${request.trace || request.signals ? 1 : 0}`,
    ...(request.signals ? SIGNAL_WORDS : []),
    ...(request.init === undefined ? [] : [`scene.init=${request.init}`]),
  ];
  const disks = [image.rootPath, `${work}/scene`];
  if (request.guardDiskPath) disks.push(request.guardDiskPath);
  return [
    ...[
      "-M",
      "pc",
      "-cpu",
      "max,-erms",
      "-accel",
      "tcg,thread=multi",
      "-smp",
      "2",
    ],
    ...[
      "-mem-prealloc",
      "-m",
      `${device.memoryMb}`,
      "-nodefaults",
      "-no-user-config",
    ],
    ...["-display", "none", "-no-reboot", "-kernel", image.kernelPath],
    ...["-initrd", image.initramfsPath, "-append", words.join(" ")],
    ...["-serial", `file:${work}/console`, "-serial", "stdio"],
    ...disks.flatMap((path) => [
      "-drive",
      `file=${path},format=raw,if=virtio,readonly=on,file.locking=off`,
    ]),
  ];
}
