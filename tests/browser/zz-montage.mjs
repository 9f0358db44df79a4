import { chromium } from "playwright-core";
const [out, width, ...names] = process.argv.slice(2);
const b = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--allow-file-access-from-files"],
});
const p = await b.newPage({ viewport: { width: 1560, height: 870 } });
const { readFileSync } = await import("node:fs");
await p.setContent(
  `<body style="margin:0;display:flex;flex-wrap:wrap;gap:4px;background:#888">${names.map((n) => `<img style="width:${width}px" src="data:image/png;base64,${readFileSync(`/tmp/g-shots/${n}.png`).toString("base64")}">`).join("")}`,
);
await p.screenshot({ path: `/tmp/g-shots/${out}.png`, fullPage: true });
await b.close();
