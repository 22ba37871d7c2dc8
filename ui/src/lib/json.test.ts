import { describe, expect, it } from "vitest";
import { parseJson } from "./json";

describe("parseJson", () => {
  it("keeps every digit of whole numbers beyond 2^53", () => {
    expect(parseJson('{"id":107505301260286111,"low":[-9223372036854775808],"n":9007199254740991}')).toEqual({
      id: "107505301260286111",
      low: ["-9223372036854775808"],
      n: 9007199254740991,
    });
  });

  it("reads everything else as JSON.parse does", () => {
    const text =
      '{"a":0.30000000000000004,"b":"1234567890123456789 \\"12345678901234567","c":1e300,"d":[null,true]}';
    expect(parseJson(text)).toEqual(JSON.parse(text));
    expect(() => parseJson("1234567890123456 no")).toThrow();
  });
});
