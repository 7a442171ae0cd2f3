// Properties without a system that has any.

import { parseConfig, parseSet } from "../../src/config/load.ts";
import type { Machine } from "../../src/config/profiles.ts";
import { compileEffective, type Effective } from "../../src/props/effective.ts";
import { parseProperties } from "../../src/props/parse.ts";
import type { PropertySet } from "../../src/props/read.ts";

/** A plain Linux machine that memory alone makes "standard". */
export const MACHINE: Machine = {
  memTotalKb: 16_777_216,
  pageKb: 4,
  exists: (path) => path === "/run",
};

/** Properties as if read from a file "p". */
export function setOf(text: string | Uint8Array): PropertySet {
  const bytes = typeof text === "string"
    ? new TextEncoder().encode(text)
    : text;
  return { source: "p", known: true, ...parseProperties(bytes, "p") };
}

/** A configuration file's text, options and properties, compiled. */
export function effect(
  properties: string,
  sets: readonly string[] = [],
  file: string | null = null,
  machine: Machine = MACHINE,
): Effective {
  const bytes = file === null ? null : new TextEncoder().encode(file);
  const draft = parseConfig(bytes, "a", sets.map(parseSet));
  return compileEffective(draft, machine, setOf(properties));
}

/** Runs `body` in a folder of its own. */
export async function withDir(
  body: (dir: string) => void | Promise<void>,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** A shell script in `dir` that can be run. */
export function program(dir: string, name: string, text: string): string {
  const path = `${dir}/${name}`;
  Deno.writeTextFileSync(path, `#!/bin/sh\n${text}\n`);
  Deno.chmodSync(path, 0o755);
  return path;
}
