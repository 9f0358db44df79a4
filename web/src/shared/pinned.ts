// Templates as they are offered: those that somebody pinned first, otherwise as the service orders them.
import type { TemplateOption } from "@/api/pages";

export const pinnedFirst = (all: readonly TemplateOption[]): TemplateOption[] => [
  ...all.filter((one) => one.is_pinned),
  ...all.filter((one) => !one.is_pinned),
];
