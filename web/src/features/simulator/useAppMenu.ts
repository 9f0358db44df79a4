// The app's own menu: three buttons at most, each an action or a short list.
import { computed, ref, watch } from "vue";
import { safeLink } from "@/shared/link";
import { t } from "@/shared/t";
import { attempt, say } from "@/shared/toast";
import { usePopover } from "@/shared/usePopover";
import { sim } from "./api";
import type { MenuButton } from "./types";
import { useSimulator } from "./useSimulator";

const CALLS_BACK = new Set(["click", "scancode_push", "scancode_waitmsg"]);

export function useAppMenu() {
  const { chat, delivery, panels } = useSimulator();
  const { open, close, toggle } = usePopover();
  const opened = ref<number | null>(null);
  const buttons = computed(() => chat.app.value?.menu ?? []);

  watch(open, (isOpen) => {
    if (!isOpen) opened.value = null;
  });
  function act(button: MenuButton): void {
    const [who, app] = [chat.userid.value, chat.app.value];
    if (who === null || !app) return;
    const type = button.type ?? "click";
    const key = button.key;
    const page = safeLink(button.url);
    if (type === "view" && page) panels.openWeb(page, button.name);
    else if (CALLS_BACK.has(type) && key !== undefined) {
      void attempt(() => sim.menu(who, app.name, key, delivery.options.value));
    } else say(t("menu.unsupported", { type }), "bad");
  }

  function press(button: MenuButton, slot: number): void {
    if (!button.sub_button?.length) {
      close(opened.value !== null);
      act(button);
      return;
    }
    const same = opened.value === slot;
    if (!open.value || same) toggle();
    opened.value = same ? null : slot;
  }

  return { buttons, opened, press };
}
