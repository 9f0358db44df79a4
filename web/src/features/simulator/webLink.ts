// A press on a link that would open a tab. The client opens it in its own web view instead; with a
// key held down, or marked as one for outside, the browser does what it always does.
import { safeLink } from "@/shared/link";

export function webLinkOf(event: MouseEvent): { url: string; title: string } | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return null;
  const target = event.target instanceof Element ? event.target : null;
  const link = target?.closest<HTMLAnchorElement>("a[target=_blank]");
  if (!link || link.dataset["outside"] !== undefined) return null;
  const url = safeLink(link.href);
  // Stored files are the simulator's own: they are shown or saved, not opened as pages.
  if (!url || new URL(url).origin === location.origin) return null;
  event.preventDefault();
  event.stopPropagation();
  return { url, title: link.textContent?.trim() ?? "" };
}
