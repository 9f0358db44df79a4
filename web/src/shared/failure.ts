// An error as a sentence that says what happened; the page adds the button that mends it.
import { RequestError } from "./request";
import { t } from "./t";

export function failureText(error: unknown): string {
  if (!(error instanceof RequestError)) return String(error);
  const what = t(`error.${error.kind}`);
  return error.detail ? t("error.with", { what, detail: error.detail }) : what;
}
