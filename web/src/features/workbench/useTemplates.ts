// The templates that somebody can raise tickets from: those he pinned first, then what he uses most.
import { computed } from "vue";
import type { TemplateOption } from "@/api/pages";
import { pinnedFirst } from "@/shared/pinned";
import { api, type Listed } from "@/shared/api";
import { useResource } from "@/shared/resource";
import { attempt } from "@/shared/toast";

export const SOURCE = "workbench";

export function useTemplates() {
  const listed = useResource("bench.templates", (signal) =>
    api.get<Listed<TemplateOption>>("/me/templates", { source: SOURCE }, signal),
  );
  const all = computed(() => pinnedFirst(listed.data.value?.items ?? []));

  async function pin(template: TemplateOption): Promise<void> {
    const before = listed.data.value;
    if (!before) return;
    const isPinned = !template.is_pinned;
    const items = before.items.map((one) =>
      one.key === template.key ? { ...one, is_pinned: isPinned } : one,
    );
    listed.put({ ...before, items });
    const path = `/me/pins/${encodeURIComponent(template.key)}`;
    const isGood = await attempt(() => (isPinned ? api.put(path) : api.delete(path)));
    if (!isGood) listed.put(before);
  }
  return { ...listed, all, pin };
}

export type Templates = ReturnType<typeof useTemplates>;
