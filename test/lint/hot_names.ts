// What hot code may not call or name, each with what to use instead. The costs
// were measured in the interpreter (--jitless), where hot code lives: a loop
// that wakes a few times a second is not optimised for minutes.

const STRINGS = "makes a string; the journal takes integers, the CLI words";
const VIEWS = "makes a view or a copy; pass bytes with at and end";
const CALLBACKS = "takes a callback; write a for loop over an index";
const GROWS = "resizes a table; write at an index, bounds are in limits.ts";
const DOUBLES = "answers a double; columns are Int32";

function table(...rows: [string, string][]): Map<string, string> {
  const names = new Map<string, string>();
  for (const [words, why] of rows) {
    for (const word of words.split(" ")) names.set(word, why);
  }
  return names;
}

/** Methods by name, whatever they are called on: those of arrays and texts that
 * no table of ours has a use for the name of. */
export const METHODS = table(
  ["subarray slice splice concat entries keys values", VIEWS],
  [
    "map filter forEach reduce reduceRight flatMap flat findIndex findLast " +
    "findLastIndex sort toSorted",
    CALLBACKS,
  ],
  ["push unshift", GROWS],
  [
    "toString toFixed toLocaleString padStart padEnd substring substr " +
    "replace replaceAll trim toLowerCase toUpperCase fromCharCode " +
    "fromCodePoint charAt repeat split",
    STRINGS,
  ],
  ["encode encodeInto decode", "costs 120-270 bytes; compare bytes"],
  ["bind", "makes a function; call it directly"],
  [
    "getBigInt64 getBigUint64 getFloat32 getFloat64 getUint32",
    "answers a boxed number; use getInt32 halves and delta32",
  ],
);

/** Functions and namespaces by name, when called or read as `Name.member`. */
export const GLOBALS = table(
  ["Deno", "is for the shim; hot code asks a port"],
  ["Date performance", "allocates 16-32 bytes; read MB_NOW_MS"],
  ["console", "makes strings; journal it, the decider reports later"],
  ["JSON Intl Reflect Object Symbol structuredClone", "allocates"],
  ["String Array", "allocates; size it at start"],
  ["Number parseFloat", DOUBLES],
  ["BigInt", "allocates 24 bytes; keep the wrapped low half, use delta32"],
  ["parseInt", "wants a string; use parseInt32 over bytes"],
  ["setTimeout setInterval queueMicrotask", "allocates; wait in the shim"],
);

/** Members of Math that keep an int32 an int32; the rest answer doubles. */
export const MATH = new Set(["imul", "clz32", "min", "max", "abs"]);

/** Owners whose static methods make one of them. */
export const MAKERS = /^(Array|\w+Array|Map|Set|DataView)$/;

/** Constructors whose elements are boxed when read. */
export const BOXED_ARRAYS = new Set([
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "Uint32Array",
]);

/** Operators that leave int32, with what to write instead. */
export const OPERATORS = new Map([
  ["/", "inexact division allocates 16 bytes: use divTrunc or mulDiv"],
  ["**", "answers a double: use shifts or a constant"],
  [">>>", "answers a boxed number when the top bit is set: use >> and mask"],
]);

/** Node types that allocate wherever they stand in hot code. */
export const NODES = new Map([
  ["ArrayExpression", "array literal allocates: fill a view made at start"],
  [
    "ObjectExpression",
    "object literal allocates 48 bytes: write columns, or use an Into argument",
  ],
  ["TaggedTemplateExpression", "tagged template allocates: compare bytes"],
  ["SpreadElement", "spread allocates: pass the arguments one by one"],
  ["RestElement", "rest allocates 64 bytes: name the parameters"],
  ["ForOfStatement", "for..of allocates 40 bytes an item: count an index"],
  ["ForInStatement", "for..in allocates: count an index"],
  ["ArrayPattern", "array pattern allocates 88 bytes: read by index"],
  ["ObjectPattern", "object pattern: read the fields by name"],
  ["NewExpression", "new allocates: make it at start, in a constructor"],
  ["ThrowStatement", "throw allocates 700 bytes: return -errno"],
  ["AwaitExpression", "await allocates: hot code is one synchronous turn"],
  ["YieldExpression", "yield allocates: write the loop out"],
  ["ImportExpression", "dynamic import allocates: import at the top"],
  ["ClassExpression", "class made at run time: declare it at module level"],
  ["ClassDeclaration", "class made at run time: declare it at module level"],
]);
