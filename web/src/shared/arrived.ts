// Files that have not arrived: nothing is sent without them, and nothing goes without a word.
import { t } from "./t";
import { say } from "./toast";

export interface Missing {
  /** On their way. */
  sending: number;
  /** Did not get through: to be tried again, or dropped. */
  failed: number;
}

/** Whether every file has arrived; says what is missing. */
export function haveArrived(...all: readonly Missing[]): boolean {
  const count = (which: keyof Missing) => all.reduce((sum, one) => sum + one[which], 0);
  const [sending, failed] = [count("sending"), count("failed")];
  if (sending > 0) say(t("photo.uploading", { count: sending }));
  else if (failed > 0) say(t("photo.left", { count: failed }), "bad");
  return sending + failed === 0;
}
