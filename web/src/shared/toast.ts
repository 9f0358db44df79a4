// One short line at a time, read out by screen readers, gone by itself.
import { shallowRef } from "vue";
import { failureText } from "./failure";

export interface Toast {
  text: string;
  tone: "plain" | "bad";
}

const SHOWN_MS = { plain: 2_400, bad: 6_000 };

export const toast = shallowRef<Toast | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string, tone: Toast["tone"] = "plain"): void {
  clearTimeout(timer);
  toast.value = { text, tone };
  timer = setTimeout(() => (toast.value = null), SHOWN_MS[tone]);
}

/** Does it, tells how it went, and says whether it went well. */
export async function attempt(work: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await work();
    if (done) say(done);
    return true;
  } catch (error) {
    say(failureText(error), "bad");
    return false;
  }
}
