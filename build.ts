// The only build entry: compiles shim and keeper, bundles src/main.ts and packs
// one executable for each target into dist/. The same commit gives the same
// bytes.
//
//   deno run -A build.ts [--target=x86_64|aarch64|all] [--shim-only]
//                        [--pack=auto|compile|embed]

import { join } from "node:path";
import {
  makeBundle,
  makeProgram,
  readCommit,
  readVersion,
} from "./src/pack/bundle.ts";
import {
  executableName,
  removeStale,
  writeExecutable,
} from "./src/pack/dist.ts";
import { DENO_VERSION } from "./src/pack/launch.ts";
import { type Packed, packersFor, packTarget } from "./src/pack/pack.ts";
import { forEachTarget, parseWanted } from "./src/pack/plan.ts";
import type { Target } from "./src/pack/target.ts";
import {
  buildKeeper,
  buildShim,
  type Built,
  sha256,
} from "./src/pack/toolchain.ts";

const ROOT = import.meta.dirname ?? ".";
const DIST = join(ROOT, "dist");

/** What a target carries besides the program. */
interface Native {
  shim: Built;
  keeper: Built;
}

async function buildNative(target: Target): Promise<Native> {
  const shim = await buildShim(ROOT, target);
  sayBuilt("shim", target, shim);
  const keeper = await buildKeeper(ROOT, target);
  sayBuilt("keeper", target, keeper);
  return { shim, keeper };
}

async function main(): Promise<void> {
  const wanted = parseWanted(Deno.args);
  const dropped = (target: Target, why: string) => say("dropped", target, why);
  const natives = await forEachTarget(wanted.targets, buildNative, dropped);
  if (wanted.shimOnly) return;
  if (Deno.version.deno !== DENO_VERSION) {
    throw new Error(
      `Cannot build with Deno ${Deno.version.deno}: ${DENO_VERSION} is pinned ` +
        `(npx -y deno@${DENO_VERSION} task build)`,
    );
  }
  const version = await readVersion(ROOT);
  const { name: commit, warning } = await readCommit(ROOT);
  const bundle = await makeBundle(ROOT, "src/main.ts");
  const size = `${(bundle.length / 1e3).toFixed(1)} kB`;
  say("bundle", "", `${size}, version ${version}, ${commit}`);
  if (warning !== undefined) say("warning", "", warning);

  const packers = packersFor(ROOT, say);
  const made = await forEachTarget([...natives.keys()], async (target) => {
    const { shim, keeper } = natives.get(target) as Native;
    const carried = {
      shim: shim.bytes.toBase64(),
      keeper: keeper.bytes.toBase64(),
    };
    const packed = await packTarget(
      target,
      wanted.wish,
      (pack) =>
        makeProgram(bundle, { version, commit, target, pack, ...carried }),
      packers,
      say,
    );
    await writeExecutable(DIST, target, packed.bytes);
    return lineOf(target, packed);
  }, dropped);
  for (const line of made.values()) console.log(line);
  const stale = await removeStale(DIST, wanted.targets, new Set(made.keys()));
  for (const name of stale) console.log(`dist/${name} of before is removed`);
}

function lineOf(target: Target, { bytes, pack }: Packed): string {
  const name = executableName(target).padEnd(16);
  const size = (bytes.length / 1e6).toFixed(1).padStart(6);
  const hash = sha256(bytes).slice(0, 12);
  return `dist/${name} ${size} MB  ${pack}  sha256 ${hash}`;
}

function sayBuilt(step: string, target: string, built: Built): void {
  const size = `${(built.bytes.length / 1e3).toFixed(1)} kB`;
  say(step, target, `${size}${built.fresh ? "" : ", up to date"}`);
}

function say(step: string, target: string, what: string): void {
  const lines = what.replaceAll("\n", "\n".padEnd(19));
  console.log(`${step.padEnd(8)} ${target.padEnd(8)} ${lines}`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
