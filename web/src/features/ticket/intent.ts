// One intent has one key, however often it is sent: the server does it once. Who changes his answers
// before he sends again means something else, and gets another key.
import { onceKey } from "@/shared/api";

export function useIntent() {
  let key = onceKey();
  let sent: string | null = null;
  return {
    /** The key for sending this. */
    keyFor(body: unknown): string {
      const text = JSON.stringify(body);
      if (sent !== null && sent !== text) key = onceKey();
      sent = text;
      return key;
    },
    /** What comes next is something new, even if it says the same. */
    renew(): void {
      key = onceKey();
      sent = null;
    },
  };
}
