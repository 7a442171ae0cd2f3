// The only build entry: compiles shim and keeper, bundles src/main.ts and packs
// one executable for each target into dist/. The same commit gives the same
// bytes.
//
//   deno run -A build.ts [--target=x86_64|aarch64|all] [--shim-only]
//                        [--pack=auto|compile|embed]

import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  makeBundle,
  makeProgram,
  readCommit,
  readVersion,
} from "./src/pack/bundle.ts";
import { findCarrier } from "./src/pack/carrier.ts";
import {
  type Choice,
  compile,
  findBases,
  selectPack,
  type Wish,
} from "./src/pack/compile.ts";
import { embed } from "./src/pack/embed.ts";
import { DENO_VERSION, LAUNCH_ENV, launchArgs } from "./src/pack/launch.ts";
import {
  MissingError,
  NATIVE,
  type Target,
  TARGETS,
} from "./src/pack/target.ts";
import {
  buildKeeper,
  buildShim,
  buildStub,
  type Built,
  sha256,
} from "./src/pack/toolchain.ts";

const ROOT = import.meta.dirname ?? ".";

interface Wanted {
  targets: readonly Target[];
  wish: Wish;
  shimOnly: boolean;
}

function parseWanted(args: string[]): Wanted {
  const { values } = parseArgs({
    args,
    options: {
      target: { type: "string", default: "all" },
      pack: { type: "string", default: "auto" },
      "shim-only": { type: "boolean", default: false },
    },
  });
  const { target, pack } = values;
  const targets = target === "all"
    ? TARGETS
    : TARGETS.filter((t) => t === target);
  if (targets.length === 0) {
    throw new TypeError(`Cannot build for "${target}": x86_64, aarch64 or all`);
  }
  if (pack !== "auto" && pack !== "compile" && pack !== "embed") {
    throw new TypeError(`Cannot pack by "${pack}": auto, compile or embed`);
  }
  return { targets, wish: pack, shimOnly: values["shim-only"] };
}

/** Runs `step` for each target; what is missing drops a foreign target only. */
async function forEachTarget<T>(
  targets: readonly Target[],
  step: (target: Target) => Promise<T>,
): Promise<Map<Target, T>> {
  const done = new Map<Target, T>();
  for (const target of targets) {
    try {
      done.set(target, await step(target));
    } catch (error) {
      if (!(error instanceof MissingError)) throw error;
      const sole = targets.length === 1;
      if (target === NATIVE || sole) {
        throw new Error(`Cannot build for ${target}: ${error.message}`, {
          cause: error,
        });
      }
      say("dropped", target, error.message);
    }
  }
  return done;
}

async function packEmbedded(
  target: Target,
  program: string,
): Promise<Uint8Array> {
  const carrier = await findCarrier(ROOT, target);
  say("carrier", target, `deno ${DENO_VERSION} from ${carrier.from}`);
  return embed(carrier.bytes, {
    name: `deno ${DENO_VERSION} ${target}`,
    target,
    stub: await buildStub(ROOT, target),
    args: launchArgs(program),
    env: LAUNCH_ENV,
  });
}

async function writeExecutable(
  target: Target,
  bytes: Uint8Array,
  choice: Choice,
): Promise<string> {
  const name = `oomguard-${target}`;
  const path = join(ROOT, "dist", name);
  const temporary = `${path}.${Deno.pid}`;
  await Deno.writeFile(temporary, bytes, { mode: 0o755 });
  await Deno.chmod(temporary, 0o755);
  await Deno.rename(temporary, path);
  if (target === NATIVE) {
    const link = join(ROOT, "dist", `oomguard.${Deno.pid}`);
    await Deno.symlink(name, link);
    await Deno.rename(link, join(ROOT, "dist", "oomguard"));
  }
  const size = (bytes.length / 1e6).toFixed(1);
  const hash = sha256(bytes).slice(0, 12);
  return `dist/${name.padEnd(16)} ${size.padStart(6)} MB  ${choice.pack}  ` +
    `sha256 ${hash}`;
}

/** What a target carries besides the program. */
interface Native {
  shim: Built;
  keeper: Built;
}

async function packTarget(
  target: Target,
  native: Native,
  bundle: string,
  facts: { version: string; commit: string },
  wish: Wish,
): Promise<string> {
  const programFor = (pack: Choice["pack"]) =>
    makeProgram(bundle, {
      ...facts,
      target,
      pack,
      shim: native.shim.bytes.toBase64(),
      keeper: native.keeper.bytes.toBase64(),
    });
  let choice = selectPack(wish, target, await findBases(target));
  say("pack", target, `${choice.pack}: ${choice.why}`);
  if (choice.pack === "compile") {
    try {
      const base = choice.useDenortBin ? Deno.env.get("DENORT_BIN") : undefined;
      const bytes = await compile(programFor("compile"), target, base);
      return await writeExecutable(target, bytes, choice);
    } catch (error) {
      if (wish === "compile" || !(error instanceof Error)) throw error;
      choice = { pack: "embed", why: error.message, useDenortBin: false };
      say("pack", target, `embed: ${choice.why}`);
    }
  }
  const bytes = await packEmbedded(target, programFor("embed"));
  return await writeExecutable(target, bytes, choice);
}

async function main(): Promise<void> {
  const wanted = parseWanted(Deno.args);
  const natives = await forEachTarget(wanted.targets, async (target) => {
    const shim = await buildShim(ROOT, target);
    sayBuilt("shim", target, shim);
    const keeper = await buildKeeper(ROOT, target);
    sayBuilt("keeper", target, keeper);
    return { shim, keeper };
  });
  if (wanted.shimOnly) return;
  if (Deno.version.deno !== DENO_VERSION) {
    throw new Error(
      `Cannot build with Deno ${Deno.version.deno}: ${DENO_VERSION} is pinned ` +
        `(npx -y deno@${DENO_VERSION} task build)`,
    );
  }
  const facts = {
    version: await readVersion(ROOT),
    commit: await readCommit(ROOT),
  };
  const bundle = await makeBundle(ROOT, "src/main.ts");
  const size = `${(bundle.length / 1e3).toFixed(1)} kB`;
  say("bundle", "", `${size}, version ${facts.version}, ${facts.commit}`);
  const targets = [...natives.keys()];
  const lines = await forEachTarget(targets, (target) => {
    const native = natives.get(target) as Native;
    return packTarget(target, native, bundle, facts, wanted.wish);
  });
  for (const target of wanted.targets) {
    const line = lines.get(target);
    if (line !== undefined) console.log(line);
    // An older one would pass for a result of this build.
    else await removeIfThere(join(ROOT, "dist", `oomguard-${target}`));
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
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
