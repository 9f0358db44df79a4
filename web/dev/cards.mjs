// The cards of the mock's service desk, and one of each type to look at.
const source = { desc: "企单服务台", desc_color: 0 };
const page = { type: 1, url: "https://example.com/t/1" };

export function cardsOf(number, title, requester) {
  const task_id = `${number}@1`;
  const rows = (...more) => [
    { keyname: "工单号", value: number },
    { keyname: "提单人", value: requester },
    ...more,
  ];
  const buttons = (list) => ({
    card_type: "button_interaction",
    source,
    task_id,
    ...list,
  });
  return {
    number,
    accepted: (handler) => ({
      card_type: "text_notice",
      source,
      task_id,
      action_menu: {
        desc: "更多操作",
        action_list: [
          { text: "催办", key: `urge:${number}` },
          { text: "撤回工单", key: `withdraw:${number}` },
        ],
      },
      main_title: { title: handler ? "工单处理中" : "工单已受理", desc: title },
      horizontal_content_list: rows(
        handler
          ? { keyname: "处理人", value: handler, type: 3, userid: "x" }
          : { keyname: "状态", value: "待认领" },
      ),
      card_action: page,
    }),
    open: () =>
      buttons({
        main_title: { title: "新工单待认领", desc: title },
        horizontal_content_list: rows({ keyname: "紧急度", value: "普通" }),
        button_list: [
          { text: "认领", style: 1, key: `claim:${number}` },
          { text: "转办", style: 2, key: `transfer:${number}` },
        ],
      }),
    taken: (who) =>
      buttons({
        main_title: { title: "您正在处理", desc: title },
        horizontal_content_list: rows({ keyname: "处理人", value: who }),
        button_list: [
          { text: "完成", style: 1, key: `complete:${number}` },
          { text: "转办", style: 2, key: `transfer:${number}` },
        ],
      }),
    done: (who) =>
      buttons({
        main_title: { title: "工单已完成", desc: title },
        horizontal_content_list: rows({ keyname: "处理人", value: who }),
        button_list: [{ text: "已完成", style: 3, key: `done:${number}` }],
      }),
    finished: (who) => ({
      card_type: "text_notice",
      source: { desc: "企单服务台", desc_color: 3 },
      main_title: { title: "工单已完成", desc: title },
      emphasis_content: { title: "已完成", desc: `由 ${who} 处理` },
      horizontal_content_list: rows(),
      card_action: page,
    }),
  };
}

export const showcase = () => [
  {
    card_type: "text_notice",
    source: { desc: "工单系统", desc_color: 1 },
    action_menu: {
      desc: "更多操作",
      action_list: [
        { text: "接收推送", key: "sub" },
        { text: "不再推送", key: "unsub" },
      ],
    },
    task_id: "s1",
    main_title: { title: "工单 42 已受理", desc: "打印机故障" },
    quote_area: {
      type: 1,
      url: "https://example.com/t/42",
      title: "原始描述",
      quote_text: "三楼打印机卡纸，红灯一直闪",
    },
    emphasis_content: { title: "2 小时", desc: "预计剩余时间" },
    sub_title_text: "预计今天 18:00 前完成",
    horizontal_content_list: [
      { keyname: "处理人", value: "李四", type: 3, userid: "lisi" },
      { keyname: "详情", value: "点击查看", type: 1, url: "https://example.com/t/42" },
      { keyname: "附件", value: "现场照片.jpg", type: 2, media_id: "M" },
    ],
    jump_list: [
      { type: 1, title: "打开工单", url: "https://example.com/t/42" },
      { type: 2, title: "小程序", appid: "wx1" },
    ],
    card_action: page,
  },
  {
    card_type: "news_notice",
    source: { desc: "工单系统", desc_color: 3 },
    task_id: "s2",
    main_title: { title: "现场照片", desc: "三楼会议室" },
    image_text_area: {
      type: 1,
      url: "https://example.com/t/42",
      title: "更换前后对比",
      desc: "滤网已清洗",
      image_url: "https://example.com/p.png",
    },
    card_image: { url: "https://example.com/p.png", aspect_ratio: 1.6 },
    vertical_content_list: [{ title: "进展", desc: "已更换零件，等待验收" }],
    horizontal_content_list: [{ keyname: "处理人", value: "李四" }],
    jump_list: [{ type: 1, title: "打开工单", url: "https://example.com/t/42" }],
    card_action: page,
  },
  {
    card_type: "button_interaction",
    source: { desc: "工单系统", desc_color: 2 },
    task_id: "s3",
    main_title: { title: "新工单 42", desc: "等待受理" },
    sub_title_text: "三楼打印机卡纸",
    horizontal_content_list: [{ keyname: "报修人", value: "王五" }],
    button_selection: {
      question_key: "priority",
      title: "优先级",
      option_list: [
        { id: "p1", text: "高" },
        { id: "p2", text: "中" },
      ],
      selected_id: "p2",
    },
    button_list: [
      { text: "受理", style: 1, key: "a" },
      { text: "转派", style: 2, key: "b" },
      { text: "备注", style: 3, key: "c" },
      { text: "驳回", style: 4, key: "d" },
      { type: 1, text: "查看详情", style: 3, url: "https://example.com/t/42" },
    ],
  },
  {
    card_type: "vote_interaction",
    source: { desc: "工单系统" },
    task_id: "s4",
    main_title: { title: "服务评价", desc: "工单 42，可多选" },
    checkbox: {
      question_key: "rating",
      mode: 1,
      option_list: [
        { id: "5", text: "响应很快", is_checked: true },
        { id: "4", text: "态度很好" },
        { id: "1", text: "还有问题" },
      ],
    },
    submit_button: { text: "提交评价", key: "rate" },
  },
  {
    card_type: "multiple_interaction",
    source: { desc: "工单系统" },
    task_id: "s5",
    main_title: { title: "补充信息", desc: "工单 42" },
    select_list: [
      {
        question_key: "floor",
        title: "楼层",
        selected_id: "f3",
        option_list: [
          { id: "f3", text: "三楼" },
          { id: "f4", text: "四楼" },
        ],
      },
      {
        question_key: "kind",
        title: "类型",
        option_list: [
          { id: "hw", text: "硬件" },
          { id: "sw", text: "软件" },
        ],
      },
    ],
    submit_button: { text: "提交", key: "info" },
  },
];
