// @vitest-environment node
import { expect, it } from "vitest";
import { withStyles } from "./plugins.ts";

const html =
  '<head>\n<link rel="stylesheet" crossorigin href="/assets/a.css">\n</head><body></body>';

it("writes small styles into the page and keeps the link switched off", () => {
  const made = withStyles(html, () => "a{b:c}");
  expect(made).toContain("<style>a{b:c}</style>");
  expect(made).toContain('<link rel="stylesheet" href="/assets/a.css" disabled>');
  expect(made.match(/stylesheet/g)?.length).toBe(1);
});

it("leaves large ones, and what could end the style, where they are", () => {
  expect(withStyles(html, () => "x".repeat(60_000))).toBe(html);
  expect(withStyles(html, () => "a::after{content:'</style>'}")).toBe(html);
});
