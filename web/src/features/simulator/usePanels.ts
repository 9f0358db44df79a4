// What stands beside a conversation: a page of the app in the client's web view, and the phone of a
// customer.
import { computed, ref, shallowRef, watch, type Ref } from "vue";
import type { Entrance, Scene } from "./bridgeTypes";
import { originsOf } from "./bridge";
import type { SimApp } from "./types";
import type { Talks } from "./useTalks";

export type PanelKind = "sidebar" | "profile" | "group" | "home" | "web";

export interface PagePanel {
  kind: PanelKind;
  url: string;
  title: string;
  entry: Entrance;
  customer: string | null;
  chatId: string | null;
}

/** The phone of somebody outside: a conversation on it, and the page that it has opened. */
export interface Phone {
  customer: string;
  /** The member or the group that is spoken with. */
  peer: string;
  url: string | null;
}

export function usePanels(userid: Ref<string | null>, app: Ref<SimApp | null>, talks: Talks) {
  const panel = shallowRef<PagePanel | null>(null);
  const phone = shallowRef<Phone | null>(null);
  const device = ref<Scene["device"]>("phone");
  const pages = computed(() => app.value?.pages ?? {});
  const origins = computed(() => originsOf(Object.values(pages.value)));
  const count = computed(() => Number(panel.value !== null) + Number(phone.value !== null));

  const alone = { customer: null, chatId: null, entry: "normal" as const };

  function openSidebar(customer: string, title: string): void {
    const url = pages.value.sidebar ?? "";
    panel.value = { ...alone, kind: "sidebar", url, title, customer, entry: "single_chat_tools" };
  }
  function openGroup(chatId: string, title: string): void {
    const url = pages.value.group ?? "";
    panel.value = { ...alone, kind: "group", url, title, chatId, entry: "group_chat_tools" };
  }
  function openProfile(customer: string, title: string): void {
    const url = pages.value.profile ?? "";
    panel.value = { ...alone, kind: "profile", url, title, customer, entry: "contact_profile" };
  }
  function openHome(): void {
    const title = app.value?.display_name ?? "";
    panel.value = { ...alone, kind: "home", url: pages.value.home ?? "", title };
  }
  function openWeb(url: string, title: string): void {
    panel.value = { ...alone, kind: "web", url, title };
  }
  function openPhone(customer: string, peer: string, url: string | null = null): void {
    phone.value = { customer, peer, url };
  }

  // Another person holds the client: nothing of the one before stays open.
  watch(userid, () => {
    panel.value = null;
    phone.value = null;
  });
  // A tool bar belongs to its chat: in another one it stands for the other one, or is gone.
  watch(talks.talk, (talk) => {
    phone.value = null;
    const kind = panel.value?.kind;
    if (kind !== "sidebar" && kind !== "group") return;
    const row = talks.row.value;
    const title = row?.remark || row?.name || "";
    if (talk.kind === "customer") openSidebar(talk.id, title);
    else if (talk.kind === "group") openGroup(talk.id, title);
    else panel.value = null;
  });

  return {
    panel,
    phone,
    device,
    pages,
    origins,
    count,
    openSidebar,
    openGroup,
    openProfile,
    openHome,
    openWeb,
    openPhone,
  };
}

export type Panels = ReturnType<typeof usePanels>;
