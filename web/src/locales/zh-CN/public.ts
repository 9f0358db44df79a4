// The words of the customers' own page.
export const publicPage = {
  "public.submit": "提交",
  "public.sending": "正在提交…",
  "public.wrong": "有 {count} 处需要改正",
  "public.done": "已收到",
  "public.done.text": "我们会尽快处理，请记下单号",
  "public.no": "单号",
  "public.progress": "查看处理进度",
  "public.progress.until": "链接 {date} 前有效，请不要转发给别人",
  "public.again": "再提交一张",
  "public.closed": "现在不能提交",
  "public.reopen": "重新打开",
  "public.trap": "请不要填写这一格",
  "public.foot": "只有为您服务的工作人员能看到您填写的内容",
} as const;
