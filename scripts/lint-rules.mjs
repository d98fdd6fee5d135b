// Our own lint rules: bans of syntax that oxlint has no rule for. JavaScript, because oxlint loads
// it. CONTRIBUTING.md "Lint" gives the reasons.

const noClock = {
  create(context) {
    return {
      NewExpression(node) {
        if (node.callee.name === "Date" && node.arguments.length === 0) {
          context.report({
            node,
            message: "The clock is a parameter: take a Clock, not new Date().",
          });
        }
      },
    };
  },
};

const noExportedArrow = {
  create(context) {
    return {
      ExportNamedDeclaration(node) {
        for (const { init } of node.declaration?.declarations ?? []) {
          if (init?.type === "ArrowFunctionExpression" || init?.type === "FunctionExpression") {
            context.report({
              node: init,
              message: "Export a function declaration, not a constant.",
            });
          }
        }
      },
    };
  },
};

export default {
  meta: { name: "gridward" },
  rules: { "no-clock": noClock, "no-exported-arrow": noExportedArrow },
};
