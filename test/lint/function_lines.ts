// Rule function-lines: no function of the program is longer than a screen.
// Tests are exempt: a table of rows is allowed to be long.

/** House rule: functions under 70 lines, signature and braces included. */
export const FUNCTION_LINES_MAX = 70;

type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** Whether the rule looks at this file: everything but the tests. */
function applies(filename: string): boolean {
  return !/(^|[\\/])test[\\/]/.test(filename);
}

export const functionLines: Deno.lint.Rule = {
  create(ctx) {
    if (!applies(ctx.filename)) return {};
    const measure = (node: FunctionNode) => {
      const lines = ctx.sourceCode.getText(node).split("\n").length;
      if (lines <= FUNCTION_LINES_MAX) return;
      ctx.report({
        node,
        message:
          `Function of ${lines} lines; the limit is ${FUNCTION_LINES_MAX}.`,
        hint: "Split it by what its parts promise.",
      });
    };
    return {
      FunctionDeclaration: measure,
      FunctionExpression: measure,
      ArrowFunctionExpression: measure,
    };
  },
};
