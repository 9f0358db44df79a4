// A template card as WeCom draws it: which parts there are, in which order of words and colours,
// what can be pressed and what is spent. Pure, so that the drawing holds no decision.
import { safeLink, safePicture } from "@/shared/link";
import type { CardState, TemplateCard } from "./types";

export type SourceTone = "grey" | "black" | "red" | "green";

export interface CardButton {
  text: string;
  style: 1 | 2 | 3 | 4;
  key: string;
  /** Set when the button opens a page and tells the app nothing. */
  url: string | null;
}

export interface Question {
  key: string;
  title: string;
  multiple: boolean;
  disabled: boolean;
  options: { id: string; text: string }[];
  chosen: string[];
}

export interface HorizontalRow {
  name: string;
  value: string;
  kind: "plain" | "link" | "file" | "member";
  url: string | null;
}

export interface CardView {
  source: { text: string; icon: string | null; tone: SourceTone } | null;
  menu: { title: string; actions: { text: string; key: string }[] } | null;
  title: string;
  desc: string;
  emphasis: { title: string; desc: string } | null;
  quote: { title: string; text: string; url: string | null } | null;
  subtitle: string;
  picture: { url: string | null; ratio: number } | null;
  pictureText: { title: string; desc: string; image: string | null; url: string | null } | null;
  vertical: { title: string; desc: string }[];
  horizontal: HorizontalRow[];
  jumps: { title: string; url: string | null }[];
  vote: Question | null;
  selects: Question[];
  buttons: CardButton[];
  submit: { text: string; key: string } | null;
  /** The whole card leads here: drawn as a last row, or on the title where buttons come last. */
  url: string | null;
  interactive: boolean;
  /** Nothing on it can be pressed any more. */
  spent: boolean;
  /** The grey words in the place of its buttons. */
  replaced: string | null;
}

const TONES: SourceTone[] = ["grey", "black", "red", "green"];
const ROW_KINDS: HorizontalRow["kind"][] = ["plain", "link", "file", "member"];
const RATIO = { least: 1.3, most: 2.25 };

const styleOf = (style: number | undefined): CardButton["style"] =>
  style === 2 || style === 3 || style === 4 ? style : 1;

interface Asked {
  question_key: string;
  title?: string;
  selected_id?: string;
  disable?: boolean;
  option_list?: { id: string; text: string; is_checked?: boolean }[];
}

function question(asked: Asked, multiple: boolean, state: CardState, preset: string[]): Question {
  const options = asked.option_list ?? [];
  const chosen = state.chosen?.[asked.question_key] ?? preset;
  return {
    key: asked.question_key,
    title: asked.title ?? "",
    multiple,
    disabled: asked.disable ?? false,
    options: options.map(({ id, text }) => ({ id, text })),
    chosen: chosen.filter((id) => options.some((o) => o.id === id)),
  };
}

/** A drop-down: a missing or wrong choice means the first option, as on the platform. */
function select(asked: Asked, state: CardState): Question {
  const options = asked.option_list ?? [];
  const first = options.find((o) => o.id === asked.selected_id) ?? options[0];
  return question(asked, false, state, first ? [first.id] : []);
}

function vote(card: TemplateCard, state: CardState): Question | null {
  const { checkbox } = card;
  if (!checkbox) return null;
  const checked = (checkbox.option_list ?? []).filter((o) => o.is_checked).map((o) => o.id);
  const multiple = checkbox.mode === 1;
  return question(checkbox, multiple, state, multiple ? checked : checked.slice(0, 1));
}

function picture(card: TemplateCard): CardView["picture"] {
  const { card_image: image } = card;
  if (!image?.url) return null;
  const ratio = image.aspect_ratio ?? RATIO.least;
  const ok = ratio >= RATIO.least && ratio <= RATIO.most;
  return { url: safePicture(image.url), ratio: ok ? ratio : RATIO.least };
}

function head(card: TemplateCard) {
  const { source, action_menu: menu, quote_area: quote, emphasis_content: emphasis } = card;
  const actions = menu?.action_list ?? [];
  return {
    source: source?.desc
      ? {
          text: source.desc,
          icon: safePicture(source.icon_url),
          tone: TONES[source.desc_color ?? 0] ?? "grey",
        }
      : null,
    menu: actions.length > 0 ? { title: menu?.desc ?? "", actions } : null,
    title: card.main_title?.title ?? "",
    desc: card.main_title?.desc ?? "",
    emphasis:
      emphasis?.title || emphasis?.desc
        ? { title: emphasis.title ?? "", desc: emphasis.desc ?? "" }
        : null,
    quote:
      quote?.title || quote?.quote_text
        ? {
            title: quote.title ?? "",
            text: quote.quote_text ?? "",
            url: quote.type === 1 ? safeLink(quote.url) : null,
          }
        : null,
    subtitle: card.sub_title_text ?? "",
  };
}

function lists(card: TemplateCard) {
  const area = card.image_text_area;
  return {
    picture: picture(card),
    pictureText: area
      ? {
          title: area.title ?? "",
          desc: area.desc ?? "",
          image: safePicture(area.image_url),
          url: area.type === 1 ? safeLink(area.url) : null,
        }
      : null,
    vertical: (card.vertical_content_list ?? []).map((v) => ({
      title: v.title ?? "",
      desc: v.desc ?? "",
    })),
    horizontal: (card.horizontal_content_list ?? []).map((row) => ({
      name: row.keyname,
      value: row.value ?? "",
      kind: ROW_KINDS[row.type ?? 0] ?? "plain",
      url: row.type === 1 ? safeLink(row.url) : null,
    })),
    jumps: (card.jump_list ?? []).map((j) => ({
      title: j.title,
      url: j.type === 1 ? safeLink(j.url) : null,
    })),
  };
}

export function cardView(card: TemplateCard, state: CardState = {}): CardView {
  const replaced = state.replace_text || card.replace_text || null;
  const selects = [
    ...(card.select_list ?? []),
    ...(card.button_selection ? [card.button_selection] : []),
  ];
  return {
    ...head(card),
    ...lists(card),
    vote: vote(card, state),
    selects: selects.map((s) => select(s, state)),
    buttons: (card.button_list ?? []).map((b) => ({
      text: b.text,
      style: styleOf(b.style),
      key: b.key ?? "",
      url: b.type === 1 ? safeLink(b.url) : null,
    })),
    submit: card.submit_button
      ? { text: card.submit_button.text || "提交", key: card.submit_button.key }
      : null,
    url: card.card_action?.type === 1 ? safeLink(card.card_action.url) : null,
    interactive: (card.button_list ?? []).length > 0 || card.submit_button !== undefined,
    spent: (state.disabled ?? false) || replaced !== null,
    replaced,
  };
}
