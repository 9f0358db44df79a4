import { describe, expect, it } from "vitest";
import { Logic } from "@/form/logic";
import { withFixed } from "./usePublicForm";

describe("a form behind a code", () => {
  const form = {
    fields: [
      { key: "store", kind: "text", label: "门店", required: true },
      { key: "title", kind: "text", label: "故障", required: true },
    ],
  };

  it("shows what the code fixes and does not ask for it", () => {
    const logic = new Logic(withFixed({ form, fixed: ["store"] }));
    const seen = logic.look({ store: "一号店" }, { step: null, owned: null });
    const access = seen.map((one) => [one.field.key, one.access, one.required]);
    expect(access).toEqual([
      ["store", "read", false],
      ["title", "edit", true],
    ]);
  });
});
