import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = import.meta.dirname;

/** Which parts a part may use, besides itself. The page's frame (`app`) and `main.tsx` use everything. */
const USES: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  api: ["lib"],
  components: ["api", "lib"],
  features: ["api", "components", "lib"],
};

/** `features/run` for a file in it, `lib` for one in lib. */
const partOf = (path: string): string =>
  path
    .split("/")
    .slice(0, path.startsWith("features/") ? 2 : 1)
    .join("/");

test("lib, api, components and features use what stands before them, and no feature uses another", () => {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.tsx?$/.test(name),
  );
  expect(files.length).toBeGreaterThan(150);
  const wrong: string[] = [];
  for (const file of files) {
    const part = partOf(file);
    const may = USES[part.split("/")[0] ?? ""];
    if (!may) continue;
    const text = readFileSync(join(root, file), "utf8");
    for (const [, target = ""] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const used = partOf(relative(root, join(root, dirname(file), target)));
      if (used !== part && !may.includes(used)) wrong.push(`${file} uses ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});
