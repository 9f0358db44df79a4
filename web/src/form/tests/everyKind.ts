// A form with a field of every kind and rules among them: what tests fill in, and what the page of
// `dev/fields` shows while one works on the fields.
import type { Form } from "../types";

const many = (count: number, name: string) =>
  Array.from({ length: count }, (_, nth) => ({ value: `${nth + 1}`, label: `${name} ${nth + 1}` }));

export const everyKind: Form = {
  fields: [
    { key: "base", kind: "section", label: "基本情况", help: "带 * 的要填" },
    {
      key: "title",
      kind: "text",
      label: { "zh-CN": "标题", en: "Title" },
      required: true,
      max: 30,
      help: "一句话说清楚，例如：三楼会议室空调不制冷",
    },
    { key: "detail", kind: "textarea", label: "补充说明", max: 500 },
    {
      key: "urgency",
      kind: "single_select",
      label: "紧急程度",
      required: true,
      default: "normal",
      options: [
        { value: "low", label: "不急" },
        { value: "normal", label: "一般" },
        { value: "urgent", label: "紧急" },
      ],
    },
    {
      key: "why",
      kind: "text",
      label: "为什么紧急",
      rules: {
        show: { "==": [{ var: "urgency" }, "urgent"] },
        require: { "==": [{ var: "urgency" }, "urgent"] },
      },
    },
    {
      key: "symptoms",
      kind: "multi_select",
      label: "现象",
      min: 1,
      options: ["不制冷", "漏水", "有异响", "有异味", "不通电"].map((value) => ({
        value,
        label: value,
      })),
    },
    { key: "shop", kind: "single_select", label: "门店", options: many(40, "天河路店") },
    {
      key: "fault",
      kind: "cascade",
      label: "故障分类",
      any_level: true,
      tree: [
        {
          value: "ac",
          label: "空调",
          children: [
            { value: "cool", label: "不制冷", children: many(3, "原因") },
            { value: "leak", label: "漏水" },
          ],
        },
        { value: "power", label: "电气", children: [{ value: "trip", label: "跳闸" }] },
        { value: "other", label: "其他" },
      ],
    },
    { key: "warranty", kind: "switch", label: "在保修期内", required: true },
    { key: "mood", kind: "rating", label: "客户情绪" },
    { key: "time", kind: "section", label: "时间与联系" },
    { key: "bought", kind: "date", label: "购买日期", highest: "2199-12-31" },
    { key: "visit", kind: "datetime", label: "希望上门时间" },
    { key: "closed", kind: "date_range", label: "停业期间" },
    { key: "phone", kind: "phone", label: "联系电话", required: true },
    { key: "mail", kind: "email", label: "邮箱" },
    { key: "address", kind: "address", label: "地址", required: true },
    {
      key: "campus",
      kind: "address",
      label: "园区位置",
      tree: [{ value: "A", label: "A 区", children: many(3, "楼") }],
    },
    { key: "place", kind: "location", label: "现场位置" },
    { key: "proof", kind: "section", label: "照片与签名" },
    { key: "photos", kind: "images", label: "现场照片", max: 9 },
    { key: "files", kind: "attachments", label: "附件" },
    { key: "sign", kind: "signature", label: "客户签名" },
    { key: "who", kind: "section", label: "人与物" },
    { key: "engineer", kind: "member", label: "指定工程师" },
    { key: "team", kind: "department", label: "处理部门" },
    { key: "buyer", kind: "customer", label: "客户" },
    { key: "device", kind: "asset", label: "设备" },
    { key: "deal", kind: "opportunity", label: "商机" },
    { key: "bill", kind: "order", label: "订单" },
    { key: "cost", kind: "section", label: "费用" },
    {
      key: "note",
      kind: "description",
      label: "收费说明",
      content: "上门费 50 元起。\n保修期内免费。",
    },
    {
      key: "hours",
      kind: "number",
      label: "工时",
      unit: "小时",
      scale: 1,
      lowest: 0,
      highest: 100,
    },
    { key: "quote", kind: "money", label: "报价" },
    { key: "services", kind: "items", label: "服务项目" },
    { key: "spares", kind: "parts", label: "备件" },
    {
      key: "log",
      kind: "table",
      label: "检查记录",
      columns: [
        { key: "item", kind: "text", label: "项目", required: true },
        {
          key: "result",
          kind: "single_select",
          label: "结果",
          options: [
            { value: "ok", label: "正常" },
            { value: "bad", label: "异常" },
          ],
        },
        { key: "hours", kind: "number", label: "用时", unit: "小时" },
      ],
    },
    {
      key: "sum",
      kind: "formula",
      label: "费用合计",
      reads: "money",
      formula: { "+": [{ var: "services.total" }, { var: "spares.total" }] },
    },
    { key: "serial", kind: "serial_no", label: "报修单号", prefix: "BX-" },
  ],
};
