// Builds the kernel that can refuse allocations, out of Debian's source of the
// kernel that the scenes run on: Debian's own cannot. Found built where neither
// the source's version nor the wanted options have changed; the source is not
// kept.

import { buildInto, CACHE, prune } from "./image.ts";
import {
  fetchDeb,
  hasCommand,
  installPackages,
  isFile,
  resolveDebs,
  run,
  sha256,
} from "./host.ts";

const CONFIG_PATH = `${import.meta.dirname}/guest/faultinj.config`;
const SOURCE = "linux-source-6.1";

/** Raised when the way the kernel is built changes. */
const RECIPE = "1";

/** Commands that the build needs, or files, and the Debian package of each. */
const TOOLS: readonly (readonly [what: string, package_: string])[] = [
  ...(["bc", "bison", "flex", "make"] as const).map((name) =>
    [name, name] as const
  ),
  ["xz", "xz-utils"],
  ["/usr/include/libelf.h", "libelf-dev"],
];

/** Why there can be no such kernel on this machine, or undefined. One that is not
 * built yet is only where `mayBuild`: it takes longer than all other tests. */
export async function whyNoFaultKernel(
  mayBuild: boolean,
): Promise<string | undefined> {
  try {
    const { path } = await place();
    if (isFile(path)) return undefined;
  } catch (error) {
    return `no ${SOURCE} to be had: ${(error as Error).message}`;
  }
  if (!mayBuild) {
    return "the kernel that can refuse allocations is not built: " +
      "deno task soak builds it, which takes minutes";
  }
  const missing = missingTools();
  if (missing.length === 0 || Deno.uid() === 0) return undefined;
  return `not root, and missing: apt-get install ${missing.join(" ")}`;
}

function missingTools(): string[] {
  return TOOLS.filter(([what]) =>
    what.startsWith("/") ? !isFile(what) : !hasCommand(what)
  ).map(([, package_]) => package_);
}

/** Where the kernel is, or is to be, and what it is made of. */
async function place() {
  const [deb] = await resolveDebs([SOURCE]);
  const wanted = Deno.readTextFileSync(CONFIG_PATH);
  const inputs = [RECIPE, deb!.fileName, deb!.hash, wanted].join("\0");
  const hash = await sha256(new TextEncoder().encode(inputs));
  const folder = `${CACHE}/faults-${hash.slice(0, 16)}`;
  return { deb, wanted, folder, path: `${folder}/vmlinuz` };
}

/** Path of the kernel's image; builds it, which takes minutes, or finds it. */
export async function buildFaultKernel(): Promise<string> {
  const { deb, wanted, folder, path } = await place();
  if (isFile(path)) return path;
  console.error(`qemu: building a kernel from ${deb!.fileName}`);
  await installPackages(missingTools());
  await buildInto(folder, async (work) => {
    const tree = `${work}/tree`;
    await run("dpkg-deb", ["-x", await fetchDeb(deb!, work), `${work}/deb`]);
    Deno.mkdirSync(tree);
    const archive = `${work}/deb/usr/src/${SOURCE}.tar.xz`;
    await run("tar", ["-C", tree, "--strip-components=1", "-xf", archive]);
    await configure(tree, wanted);
    const jobs = `-j${navigator.hardwareConcurrency}`;
    // Others may be at work on this machine.
    await run("nice", ["make", "-s", jobs, "bzImage"], tree);
    Deno.renameSync(`${tree}/arch/x86/boot/bzImage`, `${work}/vmlinuz`);
    for (const name of ["tree", "deb", deb!.fileName]) {
      Deno.removeSync(`${work}/${name}`, { recursive: true });
    }
  });
  prune("faults-");
  return path;
}

/** The smallest configuration with the wanted options on top. One that the
 * source does not know any more is an error, not a kernel without it. */
async function configure(tree: string, wanted: string): Promise<void> {
  Deno.writeTextFileSync(`${tree}/wanted.config`, wanted);
  await run("make", ["-s", "tinyconfig"], tree);
  const merge = ["-m", ".config", "wanted.config"];
  await run("scripts/kconfig/merge_config.sh", merge, tree);
  await run("make", ["-s", "olddefconfig"], tree);
  const got = new Set(Deno.readTextFileSync(`${tree}/.config`).split("\n"));
  const lost = wanted.split("\n").filter((line) =>
    line.endsWith("=y") && !got.has(line)
  );
  if (lost.length > 0) {
    throw new Error(`Cannot configure ${SOURCE}: no ${lost.join(" ")}`);
  }
}
