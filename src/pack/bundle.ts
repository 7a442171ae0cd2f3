// Makes one JavaScript file of src/main.ts and puts in front of it what only
// the build knows. The text depends on the commit and on nothing else: no
// time, no path of the checkout.

import { join } from "node:path";
import { run, runOk } from "./run.ts";
import type { Target } from "./target.ts";

/** What src/main.ts finds as globalThis.OOMGUARD_BUILD. */
export interface BuildFacts {
  version: string;
  commit: string;
  target: Target;
  pack: "compile" | "embed";
  /** The shim library, base64. */
  shim: string;
  /** The keeper, base64. */
  keeper: string;
}

/** Bundles `entry` and returns the JavaScript. */
export async function makeBundle(root: string, entry: string): Promise<string> {
  await Deno.mkdir(join(root, ".cache"), { recursive: true });
  const path = join(root, ".cache", `bundle-${Deno.pid}.js`);
  const args = ["bundle", "--quiet", "--platform", "deno", "--minify"];
  try {
    await runOk(Deno.execPath(), [...args, "-o", path, entry], {
      cwd: root,
      env: { NO_COLOR: "1" },
    });
    const text = await Deno.readTextFile(path);
    checkBundle(text, root);
    return text;
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}

/** Refuses a bundle that could not be packed, or not reproducibly. */
export function checkBundle(text: string, root: string): void {
  if (text.trim() === "") throw new Error("Cannot pack: the bundle is empty");
  if (text.includes("\0")) {
    throw new Error("Cannot pack: the bundle holds a NUL byte");
  }
  if (text.includes(root)) {
    throw new Error("Cannot pack: the bundle holds the path of the checkout");
  }
}

/** The program's text for one target; in what order the facts come makes no
 * difference to it. */
export function makeProgram(bundle: string, facts: BuildFacts): string {
  const { version, commit, target, pack, shim, keeper } = facts;
  const text = JSON.stringify({ version, commit, target, pack, shim, keeper });
  return `globalThis.OOMGUARD_BUILD=${text};\n${bundle}`;
}

/** Commit of a checkout, and what to say where there is none. */
export interface Commit {
  /** Twelve digits, "-dirty" when the work tree differs; or "unknown". */
  name: string;
  warning?: string;
}

/** Commit of the checkout, as git tells it. */
export async function readCommit(root: string): Promise<Commit> {
  const options = { cwd: root };
  const args = ["rev-parse", "--short=12", "HEAD"];
  const head = await run("git", args, options);
  if (head === undefined || head.code !== 0) {
    const why = head === undefined
      ? "there is no git"
      : head.err.trim().split("\n")[0];
    const warning = `its commit is unknown, and --version will say so:\n${why}`;
    return { name: "unknown", warning };
  }
  const status = await run("git", ["status", "--porcelain"], options);
  const dirty = status === undefined || status.out !== "";
  return { name: head.out.trim() + (dirty ? "-dirty" : "") };
}

/** Version of the project, from its deno.json. */
export async function readVersion(root: string): Promise<string> {
  const path = join(root, "deno.json");
  const { version } = JSON.parse(await Deno.readTextFile(path));
  if (typeof version !== "string") {
    throw new TypeError(`Cannot read the version in "deno.json": ${version}`);
  }
  return version;
}
