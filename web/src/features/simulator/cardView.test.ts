import { describe, expect, it } from "vitest";
import { cardView } from "./cardView";
import type { TemplateCard } from "./types";

const buttons: TemplateCard = {
  card_type: "button_interaction",
  source: { desc: "工单", desc_color: 2, icon_url: "https://example.com/i.png" },
  main_title: { title: "新工单", desc: "空调坏了" },
  button_selection: {
    question_key: "p",
    title: "优先级",
    selected_id: "nowhere",
    option_list: [
      { id: "p1", text: "高" },
      { id: "p2", text: "中" },
    ],
  },
  button_list: [
    { text: "认领", style: 1, key: "claim" },
    { text: "驳回", style: 4, key: "reject" },
    { text: "怪", style: 9, key: "odd" },
    { type: 1, text: "查看", style: 3, url: "https://example.com/t/1" },
    { type: 1, text: "坏链接", url: "javascript:alert(1)" },
  ],
};

describe("cardView", () => {
  it("keeps the platform's button styles and takes a wrong one for the first", () => {
    expect(cardView(buttons).buttons.map((b) => b.style)).toEqual([1, 4, 1, 3, 1]);
  });

  it("lets only web addresses become links", () => {
    const urls = cardView(buttons).buttons.map((b) => b.url);
    expect(urls).toEqual([null, null, null, "https://example.com/t/1", null]);
  });

  it("never loads a picture from another server", () => {
    expect(cardView(buttons).source).toEqual({ text: "工单", icon: null, tone: "red" });
    const card = {
      card_type: "news_notice",
      card_image: { url: "/_sim/media/1", aspect_ratio: 1.6 },
    };
    expect(cardView(card).picture?.url).toBe(`${location.origin}/_sim/media/1`);
  });

  it("chooses the first option of a drop-down whose choice is missing or wrong", () => {
    expect(cardView(buttons).selects[0]?.chosen).toEqual(["p1"]);
  });

  it("shows what was chosen before what was preset, and forgets options that are gone", () => {
    const state = { chosen: { p: ["p2", "p9"] } };
    expect(cardView(buttons, state).selects[0]?.chosen).toEqual(["p2"]);
  });

  it("is spent when the platform disabled it or when the card itself is a replaced one", () => {
    expect(cardView(buttons).spent).toBe(false);
    const disabled = cardView(buttons, { disabled: true, replace_text: "刘洋 已认领" });
    expect([disabled.spent, disabled.replaced]).toEqual([true, "刘洋 已认领"]);
    const replaced = cardView({ ...buttons, replace_text: "已提交" });
    expect([replaced.spent, replaced.replaced]).toEqual([true, "已提交"]);
  });

  it("is spent but keeps its buttons when it was disabled without words", () => {
    const view = cardView(buttons, { disabled: true, replace_text: null });
    expect([view.spent, view.replaced, view.buttons.length]).toEqual([true, null, 5]);
  });

  it("checks one box of a single choice and all marked ones of a multiple choice", () => {
    const vote = (mode: number): TemplateCard => ({
      card_type: "vote_interaction",
      checkbox: {
        question_key: "q",
        mode,
        option_list: [
          { id: "a", text: "甲", is_checked: true },
          { id: "b", text: "乙", is_checked: true },
        ],
      },
      submit_button: { key: "s" },
    });
    expect(cardView(vote(0)).vote?.chosen).toEqual(["a"]);
    expect(cardView(vote(1)).vote?.chosen).toEqual(["a", "b"]);
    expect(cardView(vote(1)).submit).toEqual({ text: "提交", key: "s" });
  });

  it("puts a picture of an impossible shape into the default one", () => {
    const image = (aspect_ratio: number) => ({
      card_type: "news_notice",
      card_image: { url: "/p.png", aspect_ratio },
    });
    expect(cardView(image(2)).picture?.ratio).toBe(2);
    expect(cardView(image(9)).picture?.ratio).toBe(1.3);
    expect(cardView(image(0.5)).picture?.ratio).toBe(1.3);
  });

  it("draws nothing for parts that are empty", () => {
    const view = cardView({
      card_type: "text_notice",
      emphasis_content: { title: "", desc: "" },
      quote_area: {},
      action_menu: { action_list: [] },
      source: {},
    });
    expect([view.emphasis, view.quote, view.menu, view.source]).toEqual([null, null, null, null]);
  });

  it("leads on from its title where buttons take the last row", () => {
    const card_action = { type: 1, url: "https://example.com/t/1" };
    const notice = cardView({ card_type: "text_notice", card_action });
    expect([notice.url, notice.interactive]).toEqual(["https://example.com/t/1", false]);
    const pressed = cardView({ ...buttons, card_action });
    expect([pressed.url, pressed.interactive]).toEqual(["https://example.com/t/1", true]);
  });

  it("tells links, files and members apart in its rows", () => {
    const card = {
      card_type: "text_notice",
      horizontal_content_list: [
        { keyname: "人", value: "李四", type: 3, userid: "lisi" },
        { keyname: "页", value: "看", type: 1, url: "https://example.com/" },
        { keyname: "件", value: "a.pdf", type: 2, media_id: "M" },
        { keyname: "字", value: "x" },
      ],
    };
    expect(cardView(card).horizontal.map((r) => [r.kind, r.url])).toEqual([
      ["member", null],
      ["link", "https://example.com/"],
      ["file", null],
      ["plain", null],
    ]);
  });
});
