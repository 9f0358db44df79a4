// What is pasted beside the fields finds its place by itself: words become the description (and the
// title, where there is none), pictures the pictures, numbers are offered one by one.
import { computed, onScopeDispose, reactive, ref, watch } from "vue";
import { read, textsIn, type Field } from "@/form/types";
import { filesMax } from "@/form/values/file";
import { t } from "@/shared/t";
import { say } from "@/shared/toast";
import { isPicture } from "@/shared/picture";
import { useUploads } from "@/shared/useUploads";
import { foundIn, titleOf } from "./found";
import type { CreateState } from "./useCreate";

export interface Offer {
  text: string;
  field: Field;
  label: string;
}

const EXTRA_MAX = 9;
const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, [contenteditable]") !== null;

/** In a dialog over the page, which is not the one that the form stands in. */
const isElsewhere = (target: EventTarget | null): boolean => {
  const dialog = target instanceof HTMLElement && target.closest("[role=dialog]");
  return !!dialog && !dialog.querySelector("form.create");
};

export function usePaste(state: CreateState) {
  const { form, places, extra } = state;
  /** Numbers found in what was pasted. */
  const found = reactive({ phones: [] as string[], serials: [] as string[] });

  const target = computed(() => places.value.images ?? places.value.files);
  const roomFor = () => (target.value ? filesMax(target.value) : EXTRA_MAX);
  const count = () =>
    target.value ? textsIn(form.values[target.value.key]).length : extra.value.length;
  const uploads = useUploads({
    pictures: true,
    max: roomFor,
    count,
    arrived: (id) => {
      const field = target.value;
      if (field) form.set(field.key, [...textsIn(form.values[field.key]), id]);
      else
        extra.value = [
          ...extra.value,
          { id, name: uploads.nameOf(id) || t("create.picture"), isPicture: true },
        ];
    },
  });
  watch(uploads.pending, (many) => {
    if (many > 0) form.uploading.set("paste", many);
    else form.uploading.delete("paste");
  });

  const offers = computed<Offer[]>(() => {
    const { phone, serial } = places.value;
    const all: Offer[] = [];
    const add = (list: string[], field: Field | null) => {
      if (!field) return;
      for (const text of list)
        if (form.values[field.key] !== text) all.push({ text, field, label: read(field.label) });
    };
    add(found.phones, phone);
    add(found.serials, serial);
    return all;
  });

  function take(offer: Offer): void {
    form.set(offer.field.key, offer.text);
    form.leave(offer.field.key);
  }

  const look = (text: string) => {
    const { phones, serials } = foundIn(text);
    found.phones = [...new Set([...found.phones, ...phones])];
    found.serials = [...new Set([...found.serials, ...serials])];
  };

  function takeText(text: string): void {
    const { title, description } = places.value;
    const place = description ?? title;
    if (!place) return;
    const isUntitled = title && (!form.values[title.key] || title.key in form.from);
    if (title && title !== place && isUntitled) form.set(title.key, titleOf(text));
    const before = form.values[place.key];
    const whole = typeof before === "string" && before ? `${before}\n${text.trim()}` : text.trim();
    form.set(place.key, whole);
    say(t("create.pasted", { label: read(place.label) }));
  }

  function takeFiles(files: readonly File[]): void {
    const over = uploads.add(files);
    if (over > 0) say(t("photo.too_many", { max: roomFor(), count: over }), "bad");
  }

  /** From anywhere on the page. What is pasted into a field stays there; pictures never do. */
  function pasted(event: ClipboardEvent): void {
    if (event.defaultPrevented) return;
    if (isElsewhere(event.target)) return;
    const files = [...(event.clipboardData?.files ?? [])].filter(isPicture);
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (files.length > 0) {
      event.preventDefault();
      takeFiles(files);
      return;
    }
    if (!text.trim()) return;
    look(text);
    const isOwn = event.target instanceof HTMLElement && event.target.dataset["paste"] === "all";
    if (isField(event.target) && !isOwn) return;
    event.preventDefault();
    takeText(text);
  }
  addEventListener("paste", pasted);
  onScopeDispose(() => removeEventListener("paste", pasted));

  /** Some type where others paste. */
  function typed(event: Event): void {
    const box = event.target as HTMLInputElement;
    if (!box.value.trim()) return;
    look(box.value);
    takeText(box.value);
    box.value = "";
  }

  const isOver = ref(false);
  return {
    offers,
    take,
    isOver,
    sending: uploads.items,
    retry: uploads.retry,
    drop: uploads.drop,
    typed,
    /** Enter here means that the text is whole, not that the form is. */
    entered: (event: KeyboardEvent) => {
      if (event.isComposing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      typed(event);
    },
    /** What is no picture is told why it is not taken. */
    dropped: (event: DragEvent) => {
      isOver.value = false;
      // What was dropped on a field is there already.
      if (event.defaultPrevented) return;
      event.preventDefault();
      takeFiles([...(event.dataTransfer?.files ?? [])]);
    },
    forget: () => {
      found.phones = [];
      found.serials = [];
    },
  };
}
