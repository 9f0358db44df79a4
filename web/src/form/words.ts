// Forms bring their words along: whoever draws one, or checks an answer, can say what is wrong.
import { form } from "@/locales/zh-CN/form";
import { speak } from "@/shared/t";

void speak([form, () => import("@/locales/en/form").then((words) => words.form)]);
