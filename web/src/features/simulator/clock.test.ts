import { expect, it } from "vitest";
import { simulator } from "@/locales/zh-CN/simulator";
import { speak } from "@/shared/t";
import { chatTime } from "./clock";

await speak([simulator, () => Promise.resolve({})]);

it("the hour says yesterday and the day before it says the date", () => {
  const now = new Date(2026, 10, 22, 10, 0).getTime();
  const at = (day: number, hour: number) =>
    chatTime(new Date(2026, 10, day, hour, 5).getTime(), now);
  expect(at(22, 0)).toBe("00:05");
  expect(at(21, 23)).toBe("昨天 23:05");
  expect(at(20, 23)).toBe("11月20日 23:05");
});
