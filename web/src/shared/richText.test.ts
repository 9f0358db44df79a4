import { describe, expect, it } from "vitest";
import { anchors, markdown, textcard } from "./richText";

describe("anchors", () => {
  it("reads links and leaves every other mark as text", () => {
    expect(anchors('看 <a href="https://e.com/?a=1&amp;b=2">这里</a> <b>粗</b>')).toEqual([
      { kind: "text", text: "看 " },
      { kind: "link", text: "这里", url: "https://e.com/?a=1&b=2" },
      { kind: "text", text: " <b>粗</b>" },
    ]);
  });

  it("makes no link of a script", () => {
    expect(anchors('<a href="javascript:alert(1)">点我</a>')).toEqual([
      { kind: "text", text: "点我" },
    ]);
  });
});

describe("markdown", () => {
  it("knows headings, quotes, lists, bold, code, links and the three colours", () => {
    const [heading, quote, item, line] = markdown(
      '# 标题\n> <font color="warning">急</font>\n- **甲** `乙`\n[看](https://e.com)',
    );
    expect(heading).toEqual({ kind: "heading", spans: [{ kind: "text", text: "标题" }] });
    expect(quote).toEqual({
      kind: "quote",
      spans: [{ kind: "text", text: "急", tone: "warning" }],
    });
    expect(item?.kind).toBe("item");
    expect(item?.spans.map((s) => s.kind)).toEqual(["strong", "text", "code"]);
    expect(line?.spans).toEqual([{ kind: "link", text: "看", url: "https://e.com" }]);
  });

  it("keeps the words of a link that leads nowhere good", () => {
    expect(markdown("[看](data:text/html,x)")[0]?.spans).toEqual([{ kind: "text", text: "看" }]);
  });
});

describe("textcard", () => {
  it("splits at its three classes and at line breaks", () => {
    const text =
      '<div class="gray">今天</div>正文<br>第二行<div class="highlight">注意 &lt;3</div>';
    expect(textcard(text)).toEqual([
      { tone: "gray", text: "今天" },
      { tone: "normal", text: "正文\n第二行" },
      { tone: "highlight", text: "注意 <3" },
    ]);
  });
});
