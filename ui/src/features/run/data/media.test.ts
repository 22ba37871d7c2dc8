import { expect, test } from "vitest";
import { extensionOf, isPicture, readBase64 } from "./media";

const base64 = (bytes: number[]) => btoa(String.fromCharCode(...bytes));
const PNG = base64([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]);

test("a picture is what its bytes say, whatever is claimed", () => {
  expect(readBase64(PNG, null)?.type).toBe("image/png");
  expect(readBase64(PNG, "text/html")?.type).toBe("image/png");
  expect(readBase64(`data:image/png;base64,${PNG}`, null)?.size).toBe(6);
  expect(readBase64(btoa("<svg onload=alert(1)>"), "image/png")?.type).toBe("");
  expect(isPicture("image/svg+xml")).toBe(false);
});

test("what is no base64 is no file", () => {
  expect(readBase64("[REDACTED]", "image/png")).toBeNull();
  expect(readBase64("", "image/png")).toBeNull();
  expect(readBase64(btoa("%PDF-1.7"), "application/pdf")?.type).toBe("application/pdf");
});

test("the ending of a download holds no more than letters and digits", () => {
  expect(extensionOf("image/jpeg")).toBe("jpg");
  expect(extensionOf("audio/x-wav")).toBe("wav");
  expect(extensionOf("application/../../x.exe")).toBe("bin");
});
