import { readFileSync, existsSync } from "node:fs";
const DIST = "/work/wt/g/web/dist";
const TYPES = { js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
export async function fresh(page) {
  await page.context().route("**/assets/*", (route) => {
    const file = DIST + new URL(route.request().url()).pathname;
    return existsSync(file)
      ? route.fulfill({ body: readFileSync(file), contentType: TYPES[file.split(".").pop()] })
      : route.continue();
  });
  await page.context().route(/\/h5\/workbench(\?|$)/, async (route) => {
    const answer = await route.fetch({ maxRedirects: 0 });
    const boot =
      /<script type="application\/json" id="boot">[\s\S]*?<\/script>/.exec(
        await answer.text(),
      )?.[0] ?? "";
    await route.fulfill({
      response: answer,
      body: readFileSync(`${DIST}/workbench.html`, "utf8").replace("<!--boot-->", boot),
    });
  });
  return page;
}
