// What a build is asked for, and which targets of it are made: a foreign one
// for which something is missing is dropped, with the reason; the native one,
// and one that was asked for by name, must be made.

import { parseArgs } from "node:util";
import type { Wish } from "./compile.ts";
import { MissingError, NATIVE, type Target, TARGETS } from "./target.ts";

/** What the command line of build.ts asks for. */
export interface Wanted {
  targets: readonly Target[];
  wish: Wish;
  shimOnly: boolean;
}

/** Reads the options of build.ts; throws a TypeError for what it has not. */
export function parseWanted(args: string[]): Wanted {
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

/**
 * Runs `step` for each target and answers what it made, in that order. What is
 * missing drops a foreign target, of which `dropped` is told; it is an Error
 * for the native one and for a sole one, as is whatever else goes wrong.
 */
export async function forEachTarget<T>(
  targets: readonly Target[],
  step: (target: Target) => Promise<T>,
  dropped: (target: Target, why: string) => void,
): Promise<Map<Target, T>> {
  const done = new Map<Target, T>();
  for (const target of targets) {
    try {
      done.set(target, await step(target));
    } catch (error) {
      if (!(error instanceof MissingError)) throw error;
      if (target === NATIVE || targets.length === 1) {
        throw new Error(`Cannot build for ${target}: ${error.message}`, {
          cause: error,
        });
      }
      dropped(target, error.message);
    }
  }
  return done;
}
