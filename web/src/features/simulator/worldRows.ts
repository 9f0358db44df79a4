// The company's lists in one shape: what each row says and how it can be changed.
import type { Kind } from "./api";
import type { SimState } from "./types";

export const KINDS: readonly Kind[] = ["members", "departments", "customers", "groups"];

export interface WorldRow {
  id: string;
  name: string;
  note: string;
  /** What a removal must say besides the id: whose customer it is. */
  removal?: { userid: string };
}

const join = (...parts: (string | number | null | undefined)[]) =>
  parts.filter((p) => p !== null && p !== undefined && p !== "").join(" · ");

export function rowsOfWorld(kind: Kind, state: SimState): WorldRow[] {
  const person = new Map(state.members.map((m) => [m.userid, m.name]));
  const department = new Map(state.departments.map((d) => [d.id, d.name]));
  switch (kind) {
    case "members":
      return state.members.map((m) => ({
        id: m.userid,
        name: m.name,
        note: join(m.userid, m.position, ...(m.department ?? []).map((d) => department.get(d))),
      }));
    case "departments":
      return state.departments.map((d) => ({
        id: String(d.id),
        name: d.name,
        note: join(d.id, department.get(d.parentid)),
      }));
    case "customers":
      return state.customers.map((c) => ({
        id: c.external_userid,
        name: c.name,
        note: join(c.corp_name, ...(c.followers ?? []).map((u) => person.get(u) ?? u)),
        ...(c.followers?.[0] ? { removal: { userid: c.followers[0] } } : {}),
      }));
    case "groups":
      return state.groups.map((g) => ({
        id: g.chat_id,
        name: g.name,
        note: join(
          person.get(g.owner) ?? g.owner,
          ...(g.members ?? []).map((m) => person.get(m.id)),
        ),
      }));
  }
}

export interface FormField {
  name: string;
  label:
    | "name"
    | "userid"
    | "position"
    | "department"
    | "parent"
    | "follower"
    | "corp"
    | "mobile"
    | "owner"
    | "group.name";
  kind: "text" | "department" | "member";
  needed: boolean;
}

const field = (
  name: string,
  label: FormField["label"],
  kind: FormField["kind"] = "text",
  needed = true,
): FormField => ({ name, label, kind, needed });

export const FORMS: Record<
  Kind,
  { add: "member" | "department" | "customer" | "group"; fields: FormField[] }
> = {
  members: {
    add: "member",
    fields: [
      field("name", "name"),
      field("userid", "userid"),
      field("position", "position", "text", false),
      field("department", "department", "department"),
    ],
  },
  departments: {
    add: "department",
    fields: [field("name", "name"), field("parentid", "parent", "department")],
  },
  customers: {
    add: "customer",
    fields: [
      field("name", "name"),
      field("userid", "follower", "member"),
      field("corp_name", "corp", "text", false),
      field("mobile", "mobile", "text", false),
    ],
  },
  groups: {
    add: "group",
    fields: [field("name", "group.name"), field("owner", "owner", "member")],
  },
};

/** What is typed, as the simulator wants it. */
export function bodyOf(kind: Kind, typed: Record<string, string>): Record<string, unknown> {
  const text = Object.fromEntries(
    Object.entries(typed)
      .map(([key, value]) => [key, value.trim()] as const)
      .filter(([, value]) => value !== ""),
  );
  const { department, parentid, mobile, ...rest } = text;
  const body: Record<string, unknown> = { ...rest };
  if (department) body["department"] = [Number(department)];
  if (parentid) body["parentid"] = Number(parentid);
  if (mobile) body["remark_mobiles"] = [mobile];
  if (kind === "members") body["status"] = 1;
  if (kind === "groups") body["members"] = [{ id: rest["owner"], type: 1 }];
  return body;
}
