import { createApp, h, type App, type Component } from "vue";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { late } from "./late";

let app: App | undefined;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  app?.unmount();
  vi.useRealTimers();
});

function draw(component: Component): HTMLElement {
  const box = document.createElement("div");
  app = createApp({ render: () => h(component) });
  app.config.warnHandler = () => undefined;
  app.config.errorHandler = () => undefined;
  app.mount(box);
  return box;
}
const Waiting = { render: () => h("i", "…") };
const Here = { __esModule: true, default: { render: () => h("b", "here") } };

it("holds the place, and tries again when the line breaks", async () => {
  const loader = vi.fn<() => Promise<typeof Here>>();
  loader.mockRejectedValueOnce(new TypeError("failed")).mockResolvedValue(Here);
  const box = draw(late(loader, Waiting));
  await vi.advanceTimersByTimeAsync(100);
  expect(box.textContent).toBe("…");
  await vi.advanceTimersByTimeAsync(1_000);
  expect([box.textContent, loader.mock.calls.length]).toEqual(["here", 2]);
});

it("says so in the end, with a button", async () => {
  const loader = vi.fn(() => Promise.reject(new TypeError("failed")));
  const box = draw(late(loader, Waiting));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(loader).toHaveBeenCalledTimes(3);
  expect(box.querySelector("[role=alert]")?.textContent).toContain("连不上服务");
  expect(box.querySelector("button")?.textContent).toContain("重试");
});
