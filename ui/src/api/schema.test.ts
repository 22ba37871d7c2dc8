import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, test } from "vitest";

test("the API types are those of the server's OpenAPI document; `npm run schema` writes them again", async () => {
  const document = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));
  const fresh = astToString(await openapiTS(document));
  const written = readFileSync(new URL("./schema.ts", import.meta.url), "utf8");
  expect(written.slice(written.indexOf("export"))).toBe(fresh.slice(fresh.indexOf("export")));
});
