import { describe, expect, it } from "vitest";
import { parseJson, withExactNumbers } from "./json";

describe("parseJson", () => {
  it("keeps every digit of whole numbers beyond 2^53", () => {
    expect(parseJson('{"id":107505301260286111,"low":[-9223372036854775808],"n":9007199254740991}')).toEqual({
      id: "107505301260286111",
      low: ["-9223372036854775808"],
      n: 9007199254740991,
    });
  });

  it("keeps every digit of fractions and exponents that a double does not hold", () => {
    const text = '{"p":0.1234567890123456789,"q":[-12345678901234.5678],"r":1e400,"s":1e-400}';
    expect(parseJson(text)).toEqual({
      p: "0.1234567890123456789",
      q: ["-12345678901234.5678"],
      r: "1e400",
      s: "1e-400",
    });
    expect(parseJson("0.1234567890123456789")).toBe("0.1234567890123456789");
    expect(withExactNumbers('{"p":3.14159265358979323846}')).toBe('{"p":"3.14159265358979323846"}');
  });

  it("knows a double in every spelling", () => {
    const text =
      "[0.3000000000000000444e0, 10000000000000000000000, 1.000000000000000000, 0.1e-6, 1E+100, 5e-324]";
    const [odd, ...others] = parseJson(text) as unknown[];
    expect(odd).toBe("0.3000000000000000444e0");
    expect(others).toEqual([1e22, 1, 1e-7, 1e100, 5e-324]);
  });

  it("reads everything else as JSON.parse does", () => {
    const text =
      '{"a":0.30000000000000004,"b":"1234567890123456789 \\"12345678901234567","c":1e300,"d":[null,true]}';
    expect(parseJson(text)).toEqual(JSON.parse(text));
    expect(() => parseJson("1234567890123456 no")).toThrow();
  });
});
