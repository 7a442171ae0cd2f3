// A machine that is nobody's, and the messages a configuration gets on it.

import {
  compileConfig,
  type CompiledConfig,
} from "../../src/config/compile.ts";
import { parseConfig, parseSet } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";
import type { Machine } from "../../src/config/profiles.ts";

/** A low-ram plain Linux machine. */
export const SMALL: Machine = {
  memTotalKb: 1_048_576,
  pageKb: 4,
  exists: (path) => path === "/run",
};

/** A standard plain Linux machine. */
export const LARGE: Machine = { ...SMALL, memTotalKb: 16_777_216 };

/** Compiles a text and options; bytes are taken as they are. */
export function compile(
  text: string | Uint8Array | null,
  sets: readonly string[] = [],
  machine: Machine = SMALL,
): CompiledConfig {
  const bytes = typeof text === "string"
    ? new TextEncoder().encode(text)
    : text;
  return compileConfig(parseConfig(bytes, "a", sets.map(parseSet)), machine);
}

/** The messages a configuration is refused with; none when it is not. */
export function messagesOf(
  text: string | Uint8Array | null,
  sets: readonly string[] = [],
  machine: Machine = SMALL,
): string[] {
  try {
    compile(text, sets, machine);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n");
  }
}

/** A message about file "a", as it is to be. */
export function inFile(line: number, column: number, text: string): string {
  return `Cannot parse "a": line ${line}, column ${column}: ${text}`;
}
