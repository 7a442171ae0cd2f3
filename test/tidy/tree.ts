// A source tree as text, so that every rule is a pure function: the real tree
// and the planted violations go through the same code.

/** Path from the top folder, with slashes, to the text of the file. */
export type Tree = Map<string, string>;

/** Folders whose files are data of someone else's making. */
const DATA = ["test/fixtures", "test/golden"];

function loadFolder(root: string, folder: string, tree: Tree): void {
  if (DATA.includes(folder)) return;
  for (const entry of Deno.readDirSync(`${root}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) loadFolder(root, path, tree);
    else if (entry.isFile) tree.set(path, readText(`${root}/${path}`));
  }
}

/** The text of a file, or nothing when it went away while we looked. */
function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Every file of the project under `root`; dot folders and output left out. */
export function loadTree(root: string): Tree {
  const tree: Tree = new Map();
  for (const entry of Deno.readDirSync(root)) {
    const { name } = entry;
    if (name.startsWith(".") || IGNORED.includes(name)) continue;
    if (entry.isDirectory) loadFolder(root, name, tree);
    else tree.set(name, readText(`${root}/${name}`));
  }
  return tree;
}

/** Entries of the top folder that git ignores. */
export const IGNORED = ["dist", "node_modules"];

/** The files below `folder` whose names end in one of `endings`. */
export function filesOf(
  tree: Tree,
  folder: string,
  ...endings: string[]
): [string, string][] {
  return [...tree].filter(([path]) =>
    path.startsWith(folder) && endings.some((end) => path.endsWith(end))
  );
}
