// The lint plugin of this project: rules that `deno lint` runs over every file
// (deno.json, lint.plugins). Each rule has its table of planted violations
// beside it.

import { functionLines } from "./function_lines.ts";
import { hotNoAlloc } from "./hot_no_alloc.ts";

const plugin: Deno.lint.Plugin = {
  name: "oomguard",
  rules: {
    "hot-no-alloc": hotNoAlloc,
    "function-lines": functionLines,
  },
};

export default plugin;
