// What is being written, by person, and how it goes out.
import { computed, nextTick, reactive, ref, useTemplateRef, watch } from "vue";
import { t } from "@/shared/t";
import { say } from "@/shared/toast";
import { useSimulator } from "./useSimulator";

export const FILE_MB_MAX = 20;
const AREA_PX_MAX = 120;

export const kindOf = (file: File) => {
  const kind = file.type.split("/")[0];
  if (kind === "image") return "image" as const;
  if (kind === "video") return "video" as const;
  return kind === "audio" ? ("voice" as const) : ("file" as const);
};

export interface Place {
  label: string;
  lat: number;
  lng: number;
}

export function useComposer() {
  const { chat } = useSimulator();
  const drafts = reactive<Record<string, string>>({});
  const area = useTemplateRef<HTMLTextAreaElement>("area");
  const file = useTemplateRef<HTMLInputElement>("file");
  const locating = ref(false);

  const text = computed({
    get: () => drafts[chat.userid.value ?? ""] ?? "",
    set: (value: string) => (drafts[chat.userid.value ?? ""] = value),
  });
  const phrases = computed(() => [
    t("send.phrase.1"),
    t("send.phrase.2"),
    t("send.phrase.3"),
    t("send.phrase.4"),
    t("send.phrase.5"),
  ]);

  watch(text, async () => {
    await nextTick();
    const element = area.value;
    if (!element) return;
    element.style.height = "auto";
    // The border is outside of what scrollHeight counts.
    element.style.height = `${Math.min(element.scrollHeight + 2, AREA_PX_MAX)}px`;
  });

  function sendText(words: string): void {
    const content = words.trim();
    if (content === "") return;
    chat.send({ msgtype: "text", content });
    if (words === text.value) text.value = "";
    area.value?.focus({ preventScroll: true });
  }

  function sendFiles(files: FileList | File[] | null): void {
    for (const one of files ?? []) {
      if (one.size > FILE_MB_MAX * 1024 * 1024) say(t("send.too_big", { mb: FILE_MB_MAX }), "bad");
      else chat.send({ msgtype: kindOf(one), media: one });
    }
    if (file.value) file.value.value = "";
  }

  function sendPlace(place: Place): void {
    locating.value = false;
    chat.send({ msgtype: "location", scale: 15, ...place });
  }

  /** Enter sends, Shift+Enter breaks the line, and an input method's Enter only chooses a word. */
  function typed(event: KeyboardEvent): void {
    if (event.shiftKey || event.isComposing) return;
    event.preventDefault();
    sendText(text.value);
  }

  function pasted(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    sendFiles(files);
  }

  return { text, file, locating, phrases, sendText, sendFiles, sendPlace, typed, pasted };
}
