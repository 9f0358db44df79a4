//! What forbids publishing a flow. Every problem names the step and the mend.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    calendar,
    definition::{
        Assign, Branch, Flow, IfNobody, Kind, Lane, Limit, Mode, OnReject, Overdue, Parallel, Sign,
        Step, Verb, Work,
    },
    plan::{At, Plan},
};

/// The most steps of a flow.
pub const STEPS_MAX: usize = 300;
/// How deep blocks can lie in blocks.
pub const DEPTH_MAX: usize = 12;
/// The longest key of a step: it stands in a column.
pub const KEY_MAX: usize = 64;
/// The most tickets that one step raises.
pub const CHILDREN_MAX: usize = 100;
/// The longest limit and wait, in minutes: a year.
pub const MINUTES_MAX: u32 = 366 * 24 * 60;
/// The most reminders after a deadline.
pub const REPEATS_MAX: u32 = 100;

/// Why a flow cannot be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The step, if it is one step's.
    pub step: Option<String>,
    /// The stable word for it.
    pub code: &'static str,
    /// What is wrong and how to mend it, for people.
    pub detail: String,
}

impl Flow {
    /// Everything that forbids publishing it.
    pub fn problems(&self) -> Vec<Problem> {
        let plan = Plan::of(self);
        let mut lint = Lint { plan, problems: Vec::new() };
        lint.sizes();
        lint.names();
        for at in 0..lint.plan.len() {
            lint.step(at);
        }
        lint.problems
    }
}

struct Lint<'f> {
    plan: Plan<'f>,
    problems: Vec<Problem>,
}

impl<'f> Lint<'f> {
    fn say(&mut self, step: &Step, code: &'static str, detail: &str) {
        let detail = format!("节点「{}」（{}）{detail}", step.name, step.key);
        self.problems.push(Problem { step: Some(step.key.clone()), code, detail });
    }

    fn sizes(&mut self) {
        let mut say = |code, detail| self.problems.push(Problem { step: None, code, detail });
        match self.plan.len() {
            0 => say("empty", "流程没有节点，请至少添加一个办理节点".to_owned()),
            n if n > STEPS_MAX => {
                let detail = format!("流程有 {n} 个节点，最多 {STEPS_MAX} 个，请拆成子工单");
                say("too_many_steps", detail);
            }
            _ => {}
        }
        let too_deep = (0..self.plan.len()).find(|&at| self.plan.around(at).count() >= DEPTH_MAX);
        if let Some(at) = too_deep {
            let step = self.plan.node(at).step;
            self.say(step, "too_deep", &format!("嵌套超过 {DEPTH_MAX} 层，请拆成子工单"));
        }
    }

    fn names(&mut self) {
        let mut seen = BTreeSet::new();
        let steps: Vec<&'f Step> = self.plan.nodes().map(|node| node.step).collect();
        for step in steps {
            let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if step.key.is_empty() || step.key.len() > KEY_MAX || !step.key.chars().all(is_fine) {
                let mend = format!("的编码须是 1 到 {KEY_MAX} 个小写字母、数字或下划线");
                self.say(step, "key_malformed", &mend);
            }
            if !seen.insert(step.key.as_str()) {
                self.say(step, "key_twice", "的编码与另一个节点重复，请改成不同的编码");
            }
            if step.name.trim().is_empty() {
                self.say(step, "name_missing", "没有名称，请填写名称");
            }
        }
    }

    fn step(&mut self, at: At) {
        let step = self.plan.node(at).step;
        if step.when == Some(Value::Bool(false)) {
            self.say(step, "unreachable", "的进入条件恒为假，永远不会到达，请修改条件或删除节点");
        }
        match &step.kind {
            Kind::Task(work) | Kind::Approval(work) => self.work(at, step, work),
            Kind::Cc(cc) => self.assign(at, step, &cc.to),
            Kind::Notify(message) => {
                self.assign(at, step, &message.to);
                if message.text.trim().is_empty() {
                    self.say(step, "text_missing", "没有通知内容，请填写内容");
                }
            }
            Kind::Wait(wait) => self.minutes(step, wait.minutes),
            Kind::Action(action) => {
                if action.action.trim().is_empty() {
                    self.say(step, "action_missing", "没有选择自动动作，请选择一个动作");
                }
                if let Some(minutes) = action.wait_minutes {
                    self.minutes(step, minutes);
                }
            }
            Kind::Branch(branch) => self.branch(step, branch),
            Kind::Parallel(parallel) => self.parallel(step, parallel),
            Kind::Subtickets(children) => match children.tickets.len() {
                0 => self.say(step, "children_missing", "没有子工单，请至少添加一张"),
                n if n > CHILDREN_MAX => {
                    let mend = format!("一次最多发起 {CHILDREN_MAX} 张子工单，请分成几个节点");
                    self.say(step, "too_many_children", &mend);
                }
                _ => {}
            },
        }
    }

    fn work(&mut self, at: At, step: &Step, work: &Work) {
        self.assign(at, step, &work.assign);
        for calendar::Problem { path, what, mend } in work.pick.problems("pick") {
            self.say(step, "pick", &format!("的派单方式（{path}）{what}，{mend}"));
        }
        match &work.if_nobody {
            None => {
                let mend = "没有说明找不到处理人时怎么办，请设置兜底处理人、跳过，或挂起并告警";
                self.say(step, "no_fallback", mend);
            }
            Some(IfNobody::Assign { to }) => self.assign(at, step, to),
            Some(IfNobody::Skip | IfNobody::Hold) => {}
        }
        if let Sign::Vote { share } = work.sign
            && !(1..=100).contains(&share)
        {
            self.say(step, "share_out_of_range", "的票签比例须在 1 到 100 之间");
        }
        let must = if step.is_approval() { Verb::Approve } else { Verb::Complete };
        if !work.allows(must) {
            let mend = "的可用动作里没有「完成」或「同意」，永远办不完，请加上";
            self.say(step, "verb_missing", mend);
        }
        if let OnReject::ToStep { key } = &work.on_reject {
            self.return_target(at, step, key);
        }
        if let Some(limit) = &work.limit {
            self.limit(at, step, limit);
        }
    }

    fn return_target(&mut self, at: At, step: &Step, key: &str) {
        let is_earlier = self.plan.find(key).is_some_and(|to| {
            let around: Vec<_> = self.plan.around(at).collect();
            let is_other_lane = |place: (At, usize)| {
                around.iter().any(|a| a.0 == place.0) && !around.contains(&place)
            };
            to < at
                && self.plan.node(to).step.work().is_some()
                && self.plan.around(to).all(|place| {
                    around.contains(&place)
                        || !self.plan.is_parallel(place.0) && !is_other_lane(place)
                })
        });
        if !is_earlier {
            let mend = format!("驳回时退到「{key}」，但它不是这条路上更早的办理节点，请另选一个");
            self.say(step, "return_target", &mend);
        }
    }

    fn limit(&mut self, at: At, step: &Step, limit: &Limit) {
        for minutes in std::iter::once(&limit.minutes).chain(limit.by_priority.values()) {
            self.minutes(step, *minutes);
        }
        if limit.remind.iter().any(|before| *before == 0 || *before >= limit.minutes) {
            self.say(step, "reminder_out_of_range", "的提醒须早于期限、晚于开始，请修改提前量");
        }
        if let Some(repeat) = limit.repeat
            && (repeat.minutes == 0 || !(1..=REPEATS_MAX).contains(&repeat.most))
        {
            let mend = format!("的超时重复提醒须至少间隔 1 分钟，次数在 1 到 {REPEATS_MAX} 之间");
            self.say(step, "repeat_out_of_range", &mend);
        }
        for rung in &limit.escalate {
            self.assign(at, step, &rung.to);
            if rung.minutes > MINUTES_MAX {
                self.minutes(step, rung.minutes);
            }
        }
        if let Some(Overdue::Transfer { to }) = &limit.overdue {
            self.assign(at, step, to);
        }
        if limit.escalate.is_empty() && limit.overdue.is_none() {
            let mend = "设了时限但没有人负责超时，请设置升级对象或超时动作";
            self.say(step, "limit_without_owner", mend);
        }
    }

    fn minutes(&mut self, step: &Step, minutes: u32) {
        if !(1..=MINUTES_MAX).contains(&minutes) {
            let mend = format!("的时长须在 1 到 {MINUTES_MAX} 分钟之间");
            self.say(step, "minutes_out_of_range", &mend);
        }
    }

    fn assign(&mut self, at: At, step: &Step, rule: &Assign) {
        for problem in rule.problems("assign") {
            let calendar::Problem { path, what, mend } = problem;
            self.say(step, "nobody_named", &format!("的处理人（{path}）{what}，{mend}"));
        }
        let is_chooser = |before: At| self.plan.node(before).step.work().is_some();
        if rule.can_be_chosen() && !(0..at).any(is_chooser) {
            let mend = "由上一处理人选择，但它之前没有办理节点，请改用其他规则";
            self.say(step, "nobody_chooses", mend);
        }
    }

    fn branch(&mut self, step: &Step, branch: &Branch) {
        if branch.cases.is_empty() {
            self.say(step, "too_few_lanes", "没有条件分支，请至少添加一条");
        }
        if branch.default.is_none() {
            let mend = "没有默认分支，请说明所有条件都不满足时怎么走（可以为空）";
            self.say(step, "missing_default", mend);
        }
        if branch.cases.iter().any(|case| case.when.is_none()) {
            self.say(step, "condition_missing", "有一条分支没有条件，请填写条件或改为默认分支");
        }
        self.conditions(step, &branch.cases, true);
    }

    fn parallel(&mut self, step: &Step, parallel: &Parallel) {
        if parallel.sections.is_some() {
            // The form says how many there are: one who fills in his part alone is no mistake.
            if parallel.lanes.is_empty() {
                let mend = "是分工填写，但表单里没有设了负责人的分区，请给分区设置负责人";
                self.say(step, "no_sections", mend);
            }
        } else if parallel.lanes.len() < 2 {
            self.say(step, "too_few_lanes", "少于两条并行分支，请再添加一条或去掉并行");
        }
        if parallel.lanes.iter().any(|lane| lane.steps.is_empty()) {
            self.say(step, "empty_lane", "有一条并行分支没有节点，请添加节点或删除这条分支");
        }
        if parallel.mode == Mode::Inclusive {
            let is_sure = parallel.lanes.iter().any(|lane| lane.when.is_none());
            if !is_sure && parallel.default.is_none() {
                let mend = "没有默认分支，请说明所有条件都不满足时怎么走（可以为空）";
                self.say(step, "missing_default", mend);
            }
        } else if parallel.lanes.iter().any(|lane| lane.when.is_some())
            || parallel.default.is_some()
        {
            let mend = "不是包容并行，分支条件和默认分支不起作用，请去掉它们或改为包容并行";
            self.say(step, "condition_unused", mend);
        }
        self.conditions(step, &parallel.lanes, false);
    }

    /// Lanes that nobody can ever go.
    fn conditions(&mut self, step: &Step, lanes: &[Lane], first_wins: bool) {
        let mut before: Vec<&Value> = Vec::new();
        for (n, lane) in (1..).zip(lanes) {
            let Some(when) = &lane.when else { continue };
            let is_shadowed = before.iter().any(|one| *one == when || **one == Value::Bool(true));
            if *when == Value::Bool(false) || first_wins && is_shadowed {
                let mend = format!("的第 {n} 条分支永远走不到，请修改它或前面分支的条件");
                self.say(step, "unreachable", &mend);
            }
            before.push(when);
        }
    }
}

#[cfg(test)]
mod tests;
