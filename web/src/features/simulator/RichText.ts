// Marked-up text as nodes of the page. Links open in a tab of their own and learn nothing of ours.
import { h, type FunctionalComponent, type VNode } from "vue";
import type { Span } from "@/shared/richText";

const draw = (span: Span): VNode | string => {
  switch (span.kind) {
    case "link":
      return h("a", { href: span.url, target: "_blank", rel: "noopener noreferrer" }, span.text);
    case "strong":
      return h("strong", span.text);
    case "code":
      return h("code", span.text);
    default:
      return span.tone ? h("span", { class: `tone-${span.tone}` }, span.text) : span.text;
  }
};

export const RichText: FunctionalComponent<{ spans: Span[] }> = ({ spans }) => spans.map(draw);
RichText.props = ["spans"];
