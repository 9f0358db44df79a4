// A component whose code is fetched when it is drawn: what a page does not show at first does not
// hold up what it does. A line that breaks is tried again, and then it is said.
//
//   const CreateForm = late(() => import("@/features/create/CreateForm.vue"), QSkeleton);
import { defineAsyncComponent, h, type Component } from "vue";
import { RequestError } from "./request";
import QError from "./ui/QError.vue";

const TRIES = 3;
const WAIT_MS = 800;
/** What comes at once needs no placeholder. */
const QUIET_MS = 80;

/** New code may have been put in place of what this page knows: only loading it anew helps then. */
const Lost: Component = () =>
  h(QError, {
    error: new RequestError("offline", 0, ""),
    slim: true,
    retry: true,
    onRetry: () => location.reload(),
  });

export const late = (
  loader: () => Promise<{ default: Component }>,
  waiting?: Component,
): Component =>
  defineAsyncComponent({
    loader,
    ...(waiting ? { loadingComponent: waiting } : {}),
    errorComponent: Lost,
    delay: QUIET_MS,
    onError: (_error, retry, fail, attempts) => {
      if (attempts < TRIES) setTimeout(retry, WAIT_MS * attempts);
      else fail();
    },
  });
