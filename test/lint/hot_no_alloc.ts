// Rule hot-no-alloc: in a file that opens with `// @hot`, no function body
// holds a construct known to allocate on V8's heap when interpreted. Module
// level and constructors run at start and are free; so is a function whose
// JSDoc says `@cold` and why. What this rule cannot see (overflow into doubles,
// types) test/alloc measures.

import {
  BOXED_ARRAYS,
  GLOBALS,
  MAKERS,
  MATH,
  METHODS,
  NODES,
  OPERATORS,
} from "./hot_names.ts";

type Node = Deno.lint.Node;
type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** Whether a source file is hot: its first line says so. */
export function isHot(source: string): boolean {
  return /^\/\/ @hot\r?\n/.test(source);
}

function parentOf(node: Node): Node | null {
  return (node as { parent?: Node }).parent ?? null;
}

function isFunction(node: Node): node is FunctionNode {
  return node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}

/** The innermost function that holds `node`, itself not counted. */
function functionAround(node: Node): FunctionNode | null {
  let at = parentOf(node);
  while (at !== null && !isFunction(at)) at = parentOf(at);
  return at;
}

/** The node that a JSDoc comment of this function would stand before. */
function documented(node: FunctionNode): Node {
  let at: Node = node;
  let up = parentOf(at);
  while (
    up !== null &&
    /^(Export|MethodDefinition|PropertyDefinition|VariableDecl)/.test(up.type)
  ) {
    at = up;
    up = parentOf(at);
  }
  return at;
}

/** Text after @cold in the function's JSDoc; null when there is no tag. */
function coldReason(ctx: Deno.lint.RuleContext, node: FunctionNode) {
  // Not getCommentsBefore: it answers every comment of the file so far.
  const start = documented(node).range[0];
  const before = ctx.sourceCode.text.slice(0, start).trimEnd();
  if (!before.endsWith("*/")) return null;
  const comment = before.slice(before.lastIndexOf("/*"), -2);
  const match = /^\/\*\*[^]*@cold\b([^@]*)/.exec(comment);
  return match === null ? null : match[1]!.replace(/[\s*]+/g, " ").trim();
}

/**
 * Whether code directly inside this function runs during a turn. A function
 * handed to a call, as in `ROWS.map((row) => ...)`, runs when the call does.
 */
function runsHot(ctx: Deno.lint.RuleContext, node: FunctionNode): boolean {
  const parent = parentOf(node);
  if (parent?.type === "MethodDefinition" && parent.kind === "constructor") {
    return false;
  }
  if (parent?.type === "CallExpression") return inHotCode(ctx, node);
  return coldReason(ctx, node) === null;
}

/** Whether `node` is evaluated during a turn. */
function inHotCode(ctx: Deno.lint.RuleContext, node: Node): boolean {
  const around = functionAround(node);
  return around !== null && runsHot(ctx, around);
}

/**
 * `(x - x % y) / y`, exact by construction, so it stays an int32. For an x that
 * may be negative it must be `(x - (x % y | 0)) / y`: -8 % 4 is -0, a double.
 */
function isExactDivision(
  ctx: Deno.lint.RuleContext,
  node: Deno.lint.BinaryExpression,
): boolean {
  const text = ctx.sourceCode.getText(node).replace(/\s+/g, " ");
  return /^\((\w+) - \1 % (\w+)\) \/ \2$/.test(text) ||
    /^\((\w+) - \(\1 % (\w+) \| 0\)\) \/ \2$/.test(text);
}

function isText(node: Node): boolean {
  return node.type === "TemplateLiteral" ||
    (node.type === "Literal" && typeof node.value === "string");
}

/** What is wrong with an operator, or null. */
function operatorFault(
  ctx: Deno.lint.RuleContext,
  node: Deno.lint.BinaryExpression | Deno.lint.AssignmentExpression,
): string | null {
  const operator = node.operator.replace(/^(\/|\*\*|>>>|\+)=$/, "$1");
  if (operator === "+" && (isText(node.left) || isText(node.right))) {
    return "string concatenation allocates: the CLI makes text";
  }
  const fault = OPERATORS.get(operator);
  if (fault === undefined) return null;
  if (node.type === "BinaryExpression" && isExactDivision(ctx, node)) {
    return null;
  }
  return `\`${node.operator}\`: ${fault}`;
}

/** What is wrong with a literal, or null. */
function literalFault(node: Deno.lint.Literal): string | null {
  if (node.value instanceof RegExp || ("regex" in node && node.regex)) {
    return "regexp allocates: scan bytes";
  }
  if (typeof node.value === "bigint") {
    return "BigInt allocates: keep the wrapped low half, use delta32";
  }
  if (typeof node.value !== "number") return null;
  // By its text: Deno gives NaN as the value of 1_000.
  const value = Number(node.raw.replaceAll("_", ""));
  if (!Number.isInteger(value)) {
    return `${node.raw} is a double: scale it to an integer`;
  }
  const parent = parentOf(node);
  const negated = parent?.type === "UnaryExpression" && parent.operator === "-";
  if (value <= 2_147_483_647 + (negated ? 1 : 0)) return null;
  return `${node.raw} leaves int32: keep it a wrapped int32`;
}

/** What is wrong with calling `callee`, or null. */
function callFault(callee: Node): string | null {
  if (callee.type === "ChainExpression") return callFault(callee.expression);
  if (callee.type === "Identifier") {
    const why = GLOBALS.get(callee.name);
    return why === undefined ? null : `${callee.name} ${why}`;
  }
  if (callee.type !== "MemberExpression") return null;
  if (callee.property.type !== "Identifier" || callee.computed) return null;
  const name = callee.property.name;
  // A method of the class itself, whose body this rule has read.
  if (callee.object.type === "ThisExpression") return null;
  if (callee.object.type === "Identifier") {
    const owner = callee.object.name;
    // Naming the owner is reported where its member is read.
    if (GLOBALS.has(owner)) return null;
    if (MAKERS.test(owner)) {
      return `${owner}.${name}() allocates: do it at start`;
    }
    if (owner === "Math") {
      return MATH.has(name) ? null : `Math.${name} answers a double`;
    }
  }
  const why = METHODS.get(name);
  return why === undefined ? null : `.${name}() ${why}`;
}

/** What is wrong with a function that a hot file declares, or null. */
function functionFault(
  ctx: Deno.lint.RuleContext,
  node: FunctionNode,
): string | null {
  const reason = coldReason(ctx, node);
  if (reason === "") return "`@cold` says no reason: when does it run?";
  if (inHotCode(ctx, node)) {
    return "closure allocates 56-96 bytes: move it to module level";
  }
  if (reason !== null || !runsHot(ctx, node)) return null;
  if (node.async) return "async function allocates: return -errno at once";
  if (node.generator) return "generator allocates: count an index";
  return null;
}

/** Reports what allocates; `fault` null means nothing does. */
function visitor(ctx: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const say = (node: Node, fault: string | null) => {
    if (fault !== null) ctx.report({ node, message: `Hot code: ${fault}.` });
  };
  const sayHot = (node: Node, fault: string | null) => {
    if (fault !== null && inHotCode(ctx, node)) say(node, fault);
  };
  const sayFunction = (node: FunctionNode) =>
    say(node, functionFault(ctx, node));
  const visit: Deno.lint.LintVisitor = {
    FunctionDeclaration: sayFunction,
    FunctionExpression: sayFunction,
    ArrowFunctionExpression: sayFunction,
    Literal: (node) => sayHot(node, literalFault(node)),
    BinaryExpression: (node) => sayHot(node, operatorFault(ctx, node)),
    AssignmentExpression: (node) => sayHot(node, operatorFault(ctx, node)),
    CallExpression: (node) => sayHot(node, callFault(node.callee)),
    TemplateLiteral: (node) =>
      sayHot(
        node,
        node.expressions.length === 0
          ? null
          : "template literal allocates 54 bytes: the CLI makes text",
      ),
    UnaryExpression: (node) =>
      sayHot(
        node,
        node.operator === "delete" ? "delete rebuilds the object" : null,
      ),
    MemberExpression: (node) => {
      const name = node.object.type === "Identifier" ? node.object.name : "";
      const why = GLOBALS.get(name);
      sayHot(node, why === undefined ? null : `${name} ${why}`);
    },
    Identifier: (node) => {
      if (BOXED_ARRAYS.has(node.name)) {
        say(node, `${node.name} elements are boxed when read: use Int32Array`);
      } else if (node.name === "arguments") {
        sayHot(node, "arguments allocates: name the parameters");
      }
    },
  };
  for (const [type, fault] of NODES) {
    visit[type] = (node: Node) => sayHot(node, fault);
  }
  return visit;
}

export const hotNoAlloc: Deno.lint.Rule = {
  create(ctx) {
    return isHot(ctx.sourceCode.text) ? visitor(ctx) : {};
  },
};
