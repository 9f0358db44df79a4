// Where a stored file is to be had, for `<img>`, too. What somebody else sent is shown with its ticket
// only, so whoever shows a ticket says so to everything within.
import { getCurrentInstance, inject, provide, type InjectionKey } from "vue";
import { fileUrl } from "./api";

const OF: InjectionKey<() => string | null> = Symbol("the ticket of the files");

/** The files within are this ticket's. */
export function showsFilesOf(ticket: () => string | null): void {
  if (getCurrentInstance()) provide(OF, ticket);
}

export function useFileUrl(): (id: string) => string {
  const ticket = getCurrentInstance() ? inject(OF, null) : null;
  return (id) => fileUrl(id, ticket?.());
}
