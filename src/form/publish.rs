//! The check of a form before it is published: everything that would puzzle somebody later is
//! told now, with its path and the mend.

use std::collections::BTreeSet;

use crate::{
    answer::Problem,
    check::PROBLEMS_MAX,
    compile::Compiled,
    fields::{FieldKind, Setting, Source, kind_of},
    template::{Field, Form, Rules},
};

/// The most sections and fields of a form.
pub const FIELDS_MAX: usize = 300;
/// The most bytes of a form, as JSON.
pub const FORM_BYTES_MAX: usize = 512 * 1024;
/// The longest key of a field, in characters.
pub const KEY_MAX: usize = 40;
/// The longest key of a step, which permissions name.
const STEP_KEY_MAX: usize = 64;
/// The longest label, in characters.
const LABEL_MAX: usize = 100;
/// The longest line of help, in characters.
const HELP_MAX: usize = 500;
/// The most rows of one kind of rule.
const ROWS_MAX: usize = 20;

impl Form {
    /// Everything that forbids publishing it (at most 100 problems), in the form's order.
    pub fn problems(&self) -> Vec<Problem> {
        if let Some(problem) = self.size_problem() {
            return vec![problem];
        }
        let mut problems = Vec::new();
        for (at, field) in self.fields.iter().enumerate() {
            let path = format!("fields[{at}]");
            problems.extend(field_problems(field).into_iter().map(|one| one.below(&path)));
        }
        if let Err(more) = Compiled::new(self) {
            problems.extend(more);
        }
        problems.truncate(PROBLEMS_MAX);
        problems
    }

    fn size_problem(&self) -> Option<Problem> {
        if self.fields.is_empty() {
            return Some(Problem::new("fields", "required", "表单没有字段，请至少加一个"));
        }
        if self.fields.len() > FIELDS_MAX {
            let detail = format!("表单最多 {FIELDS_MAX} 个字段，现在是 {} 个", self.fields.len());
            return Some(Problem::new("fields", "too_many", detail));
        }
        let bytes = serde_json::to_vec(self).map_or(usize::MAX, |json| json.len());
        let detail = format!("表单最多 {} KB，请减少选项或说明", FORM_BYTES_MAX / 1024);
        (bytes > FORM_BYTES_MAX).then(|| Problem::new("fields", "too_big", detail))
    }
}

/// Everything that is wrong with a field that stands for itself, with paths from it.
pub(crate) fn problems_of(field: &Field) -> Vec<Problem> {
    let mut problems = field_problems(field);
    let alone = Form { fields: vec![field.clone()] };
    if let Err(more) = Compiled::new(&alone) {
        let inner = |one: Problem| {
            let path = one.path.trim_start_matches("fields[0]").trim_start_matches('.').to_owned();
            Problem { path, ..one }
        };
        problems.extend(more.into_iter().map(inner));
    }
    problems
}

fn field_problems(field: &Field) -> Vec<Problem> {
    let mut problems = settings_problems(field);
    let access = field.access.keys().filter(|step| *step != "*" && !is_step(step));
    problems.extend(access.map(|step| {
        let detail = "权限须写给节点的键、create 或 *";
        Problem::new(format!("access.{}", kernel::text::cut_chars(step, 40)), "bad_key", detail)
    }));
    problems.extend(rule_problems(field));
    problems
}

/// What is wrong with an entry by itself, its rules and permissions left aside; with paths from it.
pub(crate) fn settings_problems(field: &Field) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut tell = |path: &str, code, detail: String| {
        problems.push(Problem::new(path, code, detail));
    };
    if !is_key(&field.key) {
        let detail = format!("键须以小写字母开头，只含小写字母、数字和下划线，最多 {KEY_MAX} 个字");
        tell("key", "bad_key", detail);
    }
    let is_section = field.is_section();
    let label_lengths = field.label.all().map(|label| label.chars().count());
    if (field.label.trim().is_empty() && !is_section) || label_lengths.max() > Some(LABEL_MAX) {
        tell("label", "bad_label", format!("名称不能为空，最多 {LABEL_MAX} 个字"));
    }
    if field.help.all().any(|help| help.chars().count() > HELP_MAX) {
        tell("help", "too_long", format!("说明最多 {HELP_MAX} 个字"));
    }
    let kind = kind_of(&field.kind);
    let read = kind.map_or(&[][..], FieldKind::settings);
    for setting in Setting::ALL.iter().filter(|one| one.is_on(field) && !read.contains(one)) {
        let detail = format!("{} 类型没有 {} 这项设置，请去掉", field.kind, setting.name());
        tell(setting.name(), "unused_setting", detail);
    }
    if field.min.zip(field.max).is_some_and(|(min, max)| min > max) {
        tell("min", "bad_bound", "min 不能大于 max，请对调".to_owned());
    }
    if field.owner.is_some() && !is_section {
        tell("owner", "unused_setting", "只有分区有负责人，请写在分区上".to_owned());
    }
    let is_input = kind.is_some_and(|kind| kind.source() == Source::Input);
    if field.required && !is_input {
        tell("required", "unused_setting", "它不用填写，不能是必填".to_owned());
    }
    if let Some(default) = &field.default {
        match kind.filter(|_kind| is_input) {
            Some(kind) if kind.is_empty(default) => {
                tell("default", "bad_default", "缺省值是空的，请去掉".to_owned());
            }
            Some(kind) => {
                let faults = kind.normalise(field, default).err().into_iter().flatten();
                problems.extend(faults.map(|fault| {
                    let detail = format!("缺省值不能用：{}", fault.detail);
                    Problem::new("default", "bad_default", detail)
                }));
            }
            None => tell("default", "unused_setting", "它不用填写，没有缺省值".to_owned()),
        }
    }
    if let Some(kind) = kind {
        problems.extend(kind.problems(field));
    }
    problems
}

fn rule_problems(field: &Field) -> Vec<Problem> {
    let mut problems = Vec::new();
    let Rules { show: _, require, set, filter } = &field.rules;
    let is_input = kind_of(&field.kind).is_some_and(|kind| kind.source() == Source::Input);
    if !is_input && (require.is_some() || !set.is_empty()) {
        let detail = "它不用填写，只能有显示规则，请去掉其他规则";
        problems.push(Problem::new("rules", "unused_setting", detail));
    }
    for (name, many) in [("set", set.len()), ("filter", filter.len())] {
        if many > ROWS_MAX {
            let detail = format!("{name} 规则最多 {ROWS_MAX} 条");
            problems.push(Problem::new(format!("rules.{name}"), "too_many", detail));
        }
    }
    let first_level = field.tree.iter().map(|branch| &branch.value);
    let options: BTreeSet<_> =
        field.options.iter().map(|option| &option.value).chain(first_level).collect();
    for (at, row) in filter.iter().enumerate() {
        let others = row.options.iter().filter(|value| !options.contains(value));
        problems.extend(others.map(|other| {
            let detail = format!("没有选项 {other}，请改成选项的值");
            Problem::new(format!("rules.filter[{at}].options"), "not_an_option", detail)
        }));
    }
    problems
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase()) && is_word(key, KEY_MAX)
}

/// Whether a step of a flow can be called so.
fn is_step(key: &str) -> bool {
    !key.is_empty() && is_word(key, STEP_KEY_MAX)
}

fn is_word(key: &str, most: usize) -> bool {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    key.chars().all(is_allowed) && key.len() <= most
}
