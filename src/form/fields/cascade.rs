//! A choice level by level: 投诉 → 菜品 → 温度. The path is stored.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{FieldKind, Setting, choice::value_problem, refuse, texts};
use crate::{
    answer::Problem,
    rules::Type,
    template::{Branch, Field},
    words::Reader,
};

/// The most levels.
const LEVELS_MAX: usize = 8;
/// The most options on all levels.
const BRANCHES_MAX: usize = 5_000;

pub(crate) struct Cascade;

/// What is wrong with a tree of options.
pub(super) fn tree_problems(tree: &[Branch]) -> Vec<Problem> {
    let mut check = Tree { branches: 0, problems: Vec::new() };
    check.level(tree, "tree", &mut Vec::new());
    if check.branches > BRANCHES_MAX {
        let detail = format!("级联选项最多 {BRANCHES_MAX} 个，现在是 {} 个", check.branches);
        return vec![Problem::new("tree", "too_many", detail)];
    }
    check.problems
}

struct Tree {
    branches: usize,
    problems: Vec<Problem>,
}

impl Tree {
    fn level<'t>(&mut self, level: &'t [Branch], at: &str, above: &mut Vec<&'t str>) {
        self.branches += level.len();
        if self.branches > BRANCHES_MAX {
            return;
        }
        if !level.is_empty() && above.len() >= LEVELS_MAX {
            let detail = format!("级联最多 {LEVELS_MAX} 级，请合并几级");
            self.problems.push(Problem::new(at, "too_deep", detail));
            return;
        }
        let mut seen = BTreeSet::new();
        for (nth, branch) in level.iter().enumerate() {
            let (value, at) = (branch.value.as_str(), format!("{at}[{nth}]"));
            self.problems.extend(value_problem(value, format!("{at}.value")));
            if above.contains(&value) {
                let detail = format!("{value} 在它自己之下，级联成了环，请改名或移开");
                self.problems.push(Problem::new(at, "cascade_loop", detail));
                continue;
            }
            if !seen.insert(value) {
                let detail = format!("同一级有两个 {value}，请改成不同的值");
                self.problems.push(Problem::new(format!("{at}.value"), "duplicate_option", detail));
            }
            above.push(value);
            self.level(&branch.children, &format!("{at}.children"), above);
            above.pop();
        }
    }
}

/// The branches along a path, as far as it leads.
fn walk<'t>(tree: &'t [Branch], path: &[&str]) -> Vec<&'t Branch> {
    let mut level = tree;
    let mut found = Vec::with_capacity(path.len());
    for value in path {
        let Some(branch) = level.iter().find(|branch| branch.value == *value) else { break };
        found.push(branch);
        level = &branch.children;
    }
    found
}

/// A path of values, or the problem of the level where it leaves the tree or stops too early.
pub(super) fn path_in(
    tree: &[Branch],
    any_level: bool,
    at: &str,
    label: &str,
    value: &Value,
) -> Result<Value, Vec<Problem>> {
    let wrong = || refuse(at, "wrong_type", format!("{label}须是从第一级起的选项值列表"));
    let Some(rows) = value.as_array().filter(|rows| !rows.is_empty()) else { return wrong() };
    let path: Vec<_> = texts(value).collect();
    if path.len() != rows.len() {
        return wrong();
    }
    let found = walk(tree, &path);
    let below = found.last().map_or(tree, |branch| &branch.children);
    if found.len() < path.len() {
        let options: Vec<_> = below.iter().take(20).map(|one| one.value.as_str()).collect();
        let detail = match options.as_slice() {
            [] => format!("{label}到第 {} 级为止，请去掉多余的", found.len()),
            options => format!("{label}的第 {} 级须是：{}", found.len() + 1, options.join("、")),
        };
        return refuse(format!("{at}[{}]", found.len()), "not_an_option", detail);
    }
    if !below.is_empty() && !any_level {
        let detail = format!("{label}还须选第 {} 级", found.len() + 1);
        return refuse(at, "incomplete", detail);
    }
    Ok(value.clone())
}

/// The labels along a stored path.
pub(super) fn labels<'v>(tree: &'v [Branch], value: &'v Value, reader: &Reader) -> Vec<&'v str> {
    let path: Vec<_> = texts(value).collect();
    let found = walk(tree, &path);
    let known = found.iter().map(|branch| branch.label.to(reader.locale));
    known.chain(path.iter().skip(found.len()).copied()).collect()
}

fn values<'t>(tree: &'t [Branch], found: &mut Vec<&'t str>) {
    for branch in tree {
        found.push(&branch.value);
        values(&branch.children, found);
    }
}

impl FieldKind for Cascade {
    fn name(&self) -> &'static str {
        "cascade"
    }

    fn label(&self) -> &'static str {
        "级联"
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Tree, Setting::AnyLevel, Setting::Filter]
    }

    fn rule_type(&self) -> Type {
        Type::Texts
    }

    fn values<'f>(&self, field: &'f Field) -> Option<Vec<&'f str>> {
        let mut found = Vec::new();
        values(&field.tree, &mut found);
        Some(found)
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        if field.tree.is_empty() {
            return vec![Problem::new("tree", "bad_option", "请至少写一个选项")];
        }
        tree_problems(&field.tree)
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        path_in(&field.tree, field.any_level, &field.key, &field.label, value)
    }

    fn words(&self, field: &Field, value: &Value, reader: &Reader) -> String {
        labels(&field.tree, value, reader).join(" / ")
    }
}
