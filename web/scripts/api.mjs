// Writes the types of the service's API from the document that the service prints. `--check` writes
// nothing and fails when they are not what the document says.
import { createClient } from "@hey-api/openapi-ts";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DOCUMENT = fileURLToPath(new URL("../../tests/golden/openapi.json", import.meta.url));
const TYPES = fileURLToPath(new URL("../src/api/types.gen.ts", import.meta.url));

const place = await mkdtemp(join(tmpdir(), "qidan-api-"));
try {
  await createClient({
    input: DOCUMENT,
    output: { path: place, entryFile: false },
    plugins: ["@hey-api/typescript"],
    logs: { level: "silent" },
  });
  const written = await readFile(join(place, "types.gen.ts"), "utf8");
  if (!process.argv.includes("--check")) await writeFile(TYPES, written);
  else if (written !== (await readFile(TYPES, "utf8").catch(() => ""))) {
    console.error(
      "src/api/types.gen.ts is not what tests/golden/openapi.json says; run npm run api",
    );
    process.exitCode = 1;
  }
} finally {
  await rm(place, { recursive: true, force: true });
}
