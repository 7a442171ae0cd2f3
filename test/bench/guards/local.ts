// Guards that no package has, compared all the same: whoever drops an adapter
// and the program into test/bench/guards/local has a row more. A bad adapter is
// refused with its file and what was expected, never passed over.

import { isFile } from "../../qemu/host.ts";
import { inTree, type PeerRow } from "./row.ts";

export const LOCAL_FOLDER = `${import.meta.dirname}/local`;

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const PACKAGE = /^[a-z0-9][a-z0-9+.-]+$/;
const TREE_PATH = /^(\/[\w.@+-]+)+$/;
const WORD = /^[^\s"\\]+$/;

/** The runner parts words by blanks and takes at most 48 of a line, of which
 * three are ours (scene_parse.c). */
const ARGV_MAX = 44;
const READY_MS_MAX = 60000;

interface Field {
  isNeeded: boolean;
  expected: string;
  isGood: (value: unknown) => boolean;
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value) &&
    !value.split("/").includes("..");
}

function isList(value: unknown, pattern: RegExp): boolean {
  return Array.isArray(value) && value.every((one) => isText(one, pattern));
}

const PATH_FIELD: Field = {
  isNeeded: false,
  expected: "an absolute path",
  isGood: (value) => isText(value, TREE_PATH),
};

const FIELDS: Readonly<Record<string, Field>> = {
  name: {
    isNeeded: true,
    expected: "lower case letters, digits and dashes, at most 32",
    isGood: (value) => isText(value, NAME),
  },
  files: {
    isNeeded: true,
    expected: "an object: absolute path in the tree to file of this folder",
    isGood: (value) =>
      typeof value === "object" && value !== null && !Array.isArray(value) &&
      Object.entries(value).every(([path, from]) =>
        isText(path, TREE_PATH) && isText(from, /^[\w.+-]+$/)
      ),
  },
  packages: {
    isNeeded: false,
    expected: "a list of names of Debian packages",
    isGood: (value) => isList(value, PACKAGE),
  },
  argv: {
    isNeeded: true,
    expected: `a list of 1 to ${ARGV_MAX} words without blanks, the first an ` +
      "absolute path in the tree",
    isGood: (value) =>
      isList(value, WORD) && isText((value as string[])[0], TREE_PATH) &&
      (value as string[]).length <= ARGV_MAX,
  },
  readyMs: {
    isNeeded: true,
    expected: `a whole number of ms from 0 to ${READY_MS_MAX}`,
    isGood: (value) =>
      Number.isInteger(value) && value as number >= 0 &&
      value as number <= READY_MS_MAX,
  },
  readyWord: {
    isNeeded: false,
    expected: "a word without blanks",
    isGood: (value) => isText(value, WORD),
  },
  socketPath: PATH_FIELD,
  showPath: PATH_FIELD,
  needsGroups: {
    isNeeded: false,
    expected: "true or false",
    isGood: (value) => typeof value === "boolean",
  },
};

/** What an adapter's fields are, once all of them are good. */
interface Adapter {
  name: string;
  files: Record<string, string>;
  packages?: string[];
  argv: string[];
  readyMs: number;
  readyWord?: string;
  socketPath?: string;
  showPath?: string;
  needsGroups?: boolean;
}

/** Libraries of whatever is linked to C alone. */
const PACKAGES = ["libc6", "libgcc-s1"];

/** Parses an adapter, `{"name": "lmkd", "files": {"/bin/lmkd": "lmkd"}, ...}`;
 * throws a SyntaxError that names the file and what was expected. */
export function parseAdapter(
  path: string,
  text: string,
  hasFile: (name: string) => boolean,
): PeerRow {
  const refuse = (what: string, cause?: unknown): never => {
    throw new SyntaxError(`Cannot use "${path}": ${what}`, { cause });
  };
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch (error) {
    refuse(`expected JSON: ${(error as Error).message}`, error);
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    return refuse("expected one object");
  }
  for (const key of Object.keys(fields)) {
    if (Object.hasOwn(FIELDS, key)) continue;
    refuse(`no field "${key}": expected ${Object.keys(FIELDS).join(", ")}`);
  }
  for (const [key, field] of Object.entries(FIELDS)) {
    const value = (fields as Record<string, unknown>)[key];
    if (value === undefined && !field.isNeeded) continue;
    if (value !== undefined && field.isGood(value)) continue;
    const is = value === undefined ? "missing" : JSON.stringify(value);
    refuse(`${key} is ${is}: expected ${field.expected}`);
  }
  const adapter = fields as Adapter;
  for (const name of Object.values(adapter.files)) {
    if (!hasFile(name)) refuse(`no file "${name}" beside it`);
  }
  return rowOf(adapter, path.slice(0, path.lastIndexOf("/")));
}

function rowOf(adapter: Adapter, folder: string): PeerRow {
  const { name, files, packages, argv, ...command } = adapter;
  const copies = Object.entries(files).map(([path, from]) =>
    [path, `${folder}/${from}`] as const
  );
  return {
    name,
    disk: {
      packages: packages ?? PACKAGES,
      copies: Object.fromEntries(copies),
    },
    command: { argv: inTree(...argv), ...command },
  };
}

/** All adapters of a folder, in the order of their file names. Names in `taken`
 * are refused, and a name that comes twice is. */
export function readAdapters(
  folder: string,
  taken: readonly string[],
): PeerRow[] {
  const rows: PeerRow[] = [];
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".json"));
  for (const file of names.sort()) {
    const path = `${folder}/${file}`;
    const row = parseAdapter(
      path,
      Deno.readTextFileSync(path),
      (name) => isFile(`${folder}/${name}`),
    );
    if ([...taken, ...rows.map(({ name }) => name)].includes(row.name)) {
      throw new SyntaxError(
        `Cannot use "${path}": name is "${row.name}": expected one that no ` +
          "other guard has",
      );
    }
    rows.push(row);
  }
  return rows;
}
