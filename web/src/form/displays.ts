// How answers are shown that are more than words: one line a kind. Pages that only show answers take
// this and none of what asks for them.
import type { Component } from "vue";
import { late } from "./late";

export const DISPLAYS: Record<string, Component> = {
  rating: late(() => import("./fields/RatingValue.vue")),
  phone: late(() => import("./fields/LinkValue.vue")),
  email: late(() => import("./fields/LinkValue.vue")),
  images: late(() => import("./fields/FilesValue.vue")),
  attachments: late(() => import("./fields/FilesValue.vue")),
  signature: late(() => import("./fields/FilesValue.vue")),
  items: late(() => import("./fields/RowsValue.vue")),
  parts: late(() => import("./fields/RowsValue.vue")),
  table: late(() => import("./fields/RowsValue.vue")),
  member: late(() => import("./fields/NameValue.vue")),
  department: late(() => import("./fields/NameValue.vue")),
  customer: late(() => import("./fields/NameValue.vue")),
};
