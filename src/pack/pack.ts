// Packs a program for one target: the way that was asked for; or, where that
// was left open, by `deno compile` when its base is to be had and it works, and
// into the Deno executable of npm otherwise.

import { findCarrier } from "./carrier.ts";
import {
  type Choice,
  compile,
  findBases,
  type Found,
  selectPack,
  type Wish,
} from "./compile.ts";
import { embed } from "./embed.ts";
import { DENO_VERSION, LAUNCH_ENV, launchArgs } from "./launch.ts";
import type { Target } from "./target.ts";
import { buildStub } from "./toolchain.ts";

/** Is told of each step, as it begins. */
export type Tell = (step: string, target: Target, what: string) => void;

/** What packing is made of; a test has others. */
export interface Packers {
  /** What DENORT_BIN names. */
  denortBin: string | undefined;
  findBases(target: Target): Promise<Found>;
  /** `base` is given where DENORT_BIN is to be used. */
  compile(program: string, target: Target, base?: string): Promise<Uint8Array>;
  embed(program: string, target: Target): Promise<Uint8Array>;
}

/** An executable, and how it was packed. */
export interface Packed {
  bytes: Uint8Array;
  pack: Choice["pack"];
}

/** The real ones, for the checkout in `root`. */
export function packersFor(root: string, tell: Tell): Packers {
  return {
    denortBin: Deno.env.get("DENORT_BIN"),
    findBases,
    compile,
    embed: (program, target) => packEmbedded(root, program, target, tell),
  };
}

/**
 * Packs the program that `programFor` makes for the way it is packed. Where the
 * wish is "auto" a compile that fails is told and embedding takes its place;
 * throws where "compile" was asked for and cannot be done, and whatever
 * embedding throws.
 */
export async function packTarget(
  target: Target,
  wish: Wish,
  programFor: (pack: Choice["pack"]) => string,
  packers: Packers,
  tell: Tell,
): Promise<Packed> {
  const choice = selectPack(wish, target, await packers.findBases(target));
  tell("pack", target, `${choice.pack}: ${choice.why}`);
  if (choice.pack === "compile") {
    const base = choice.useDenortBin ? packers.denortBin : undefined;
    try {
      const program = programFor("compile");
      const bytes = await packers.compile(program, target, base);
      return { bytes, pack: "compile" };
    } catch (error) {
      if (wish === "compile" || !(error instanceof Error)) throw error;
      tell("pack", target, `embed: ${error.message}`);
    }
  }
  const bytes = await packers.embed(programFor("embed"), target);
  return { bytes, pack: "embed" };
}

/** Packs into the pinned Deno; throws a MissingError where it is not to be had. */
export async function packEmbedded(
  root: string,
  program: string,
  target: Target,
  tell: Tell,
): Promise<Uint8Array> {
  const carrier = await findCarrier(root, target);
  tell("carrier", target, `deno ${DENO_VERSION} from ${carrier.from}`);
  return embed(carrier.bytes, {
    name: `deno ${DENO_VERSION} ${target}`,
    target,
    stub: await buildStub(root, target),
    args: launchArgs(program),
    env: LAUNCH_ENV,
  });
}
