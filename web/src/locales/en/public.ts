import type { publicPage as chinese } from "../zh-CN/public";

export const publicPage: Record<keyof typeof chinese, string> = {
  "public.submit": "Send",
  "public.sending": "Sending…",
  "public.wrong": "{count} answers need another look",
  "public.done": "We have it",
  "public.done.text": "We will look into it soon. Please note the number",
  "public.no": "Number",
  "public.progress": "Follow the progress",
  "public.progress.until": "This link works until {date}. Please keep it to yourself",
  "public.again": "Send another one",
  "public.closed": "This cannot be sent now",
  "public.reopen": "Open it again",
  "public.trap": "Please leave this empty",
  "public.foot": "Only those who serve you see what you write",
};
