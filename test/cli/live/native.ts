// Compiles the small C programs of these tests, each to a file of its own.

/** Compiles NAME.c of this folder into `dir`; answers the program's path. */
export async function compile(dir: string, name: string): Promise<string> {
  const source = new URL(`${name}.c`, import.meta.url).pathname;
  const path = `${dir}/${name}`;
  const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"];
  const { code, stderr } = await new Deno.Command("gcc", {
    args: [...flags, "-o", path, source],
  }).output();
  if (code === 0) return path;
  const why = new TextDecoder().decode(stderr);
  throw new Error(`Cannot compile "${source}": ${why}`);
}
