//! Reads and types a rule. The first fault in reading order is told, operands before the operator
//! that takes them.

use serde_json::{Map, Value};

use super::{Const, DEPTH_MAX, Fault, NODES_MAX, Node, Order, Ratio, Rule, Scope, TEXT_MAX, Type};
use crate::calendar;

/// A rule, and of which type it must be, if of any.
pub(super) fn rule(json: &Value, scope: &dyn Scope, wanted: Option<Type>) -> Result<Rule, Fault> {
    let mut reader = Reader { scope, nodes: 0, vars: Vec::new() };
    let typed = reader.node(json, "", 0)?;
    if let Some(wanted) = wanted.filter(|wanted| !fits(&typed, *wanted)) {
        return Err(clash("", "规则的结果", wanted.in_words(), typed.ty));
    }
    Ok(Rule { node: typed.node, ty: typed.ty, vars: reader.vars })
}

/// Reads a rule whose variables nobody knows yet: its shape, its operators and its constants.
pub(super) fn shape(json: &Value) -> Result<(), Fault> {
    shape_of(json, "", 0, &mut 0)
}

fn shape_of(json: &Value, at: &str, depth: usize, nodes: &mut usize) -> Result<(), Fault> {
    *nodes += 1;
    check_size(*nodes, at, depth)?;
    let Value::Object(map) = json else { return constant_of(json, at).map(|_constant| ()) };
    let (op, operands, at) = operation_of(map, at)?;
    if op == "var" {
        name_of(operands, &at)?;
        return operands.get(1).map_or(Ok(()), |or| constant_of(or, &at).map(|_constant| ()));
    }
    operands
        .iter()
        .enumerate()
        .try_for_each(|(nth, operand)| shape_of(operand, &format!("{at}[{nth}]"), depth + 1, nodes))
}

fn check_size(nodes: usize, at: &str, depth: usize) -> Result<(), Fault> {
    if depth > DEPTH_MAX {
        return Err(fault("too_deep", at, format!("规则最多嵌套 {DEPTH_MAX} 层，请拆成几条")));
    }
    if nodes > NODES_MAX {
        return Err(fault("too_big", at, format!("规则最多 {NODES_MAX} 项，请拆成几条")));
    }
    Ok(())
}

/// The operator of a rule, its operands and its place.
fn operation_of<'r>(
    map: &'r Map<String, Value>,
    at: &str,
) -> Result<(&'r str, &'r [Value], String), Fault> {
    let mut entries = map.iter();
    let (Some((op, operands)), None) = (entries.next(), entries.next()) else {
        return Err(fault("malformed", at, "规则的每一层须是只有一个运算符的对象"));
    };
    let operands = match operands {
        Value::Array(rows) => rows.as_slice(),
        // JSONLogic's short form of a single operand.
        single => std::slice::from_ref(single),
    };
    let at = below(at, op);
    let (least, most) = arity(op).ok_or_else(|| {
        let op = kernel::text::cut_chars(op, 20);
        let detail =
            format!("没有运算符 {op}，可用的是 var and or ! !! == != > >= < <= in + - * /");
        fault("unknown_operator", &at, detail)
    })?;
    if operands.len() < least || operands.len() > most {
        let detail = format!("{op} 的操作数个数不对，现在是 {} 个", operands.len());
        return Err(fault("wrong_arity", &at, detail));
    }
    Ok((op, operands, at))
}

fn name_of<'r>(operands: &'r [Value], at: &str) -> Result<&'r str, Fault> {
    let name = operands.first().and_then(Value::as_str);
    name.ok_or_else(|| fault("malformed", at, "var 的第一个操作数须是字段名"))
}

struct Reader<'s> {
    scope: &'s dyn Scope,
    nodes: usize,
    vars: Vec<usize>,
}

struct Typed<'s> {
    node: Node,
    ty: Type,
    options: Option<Vec<&'s str>>,
}

fn fault(code: &'static str, at: &str, detail: impl Into<String>) -> Fault {
    Fault { code, at: at.to_owned(), detail: detail.into() }
}

fn clash(at: &str, op: &str, wanted: &str, found: Type) -> Fault {
    let detail =
        format!("{op} 需要{wanted}，这里是{}，请改用类型相符的字段或常量", found.in_words());
    fault("type_clash", at, detail)
}

fn below(at: &str, step: &str) -> String {
    if at.is_empty() { step.to_owned() } else { format!("{at}.{step}") }
}

impl<'s> Reader<'s> {
    fn node(&mut self, json: &Value, at: &str, depth: usize) -> Result<Typed<'s>, Fault> {
        self.nodes += 1;
        check_size(self.nodes, at, depth)?;
        match json {
            Value::Object(map) => self.operation(map, at, depth),
            constant => {
                let (constant, ty) = constant_of(constant, at)?;
                Ok(Typed { node: Node::Const(constant), ty, options: None })
            }
        }
    }

    fn operation(
        &mut self,
        map: &Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<Typed<'s>, Fault> {
        let (op, operands, at) = operation_of(map, at)?;
        if op == "var" {
            return self.var(operands, &at);
        }
        let typed = operands
            .iter()
            .enumerate()
            .map(|(nth, operand)| self.node(operand, &format!("{at}[{nth}]"), depth + 1))
            .collect::<Result<Vec<_>, _>>()?;
        compose(op, typed, &at)
    }

    fn var(&mut self, operands: &[Value], at: &str) -> Result<Typed<'s>, Fault> {
        let name = name_of(operands, at)?;
        let var = self.scope.find(name).ok_or_else(|| {
            let name = kernel::text::cut_chars(name, 40);
            fault("unknown_field", at, format!("没有字段 {name}，请改成表单中的字段"))
        })?;
        let (or, ty) = match operands.get(1) {
            Some(default) => constant_of(default, at)?,
            None => (Const::Null, Type::Null),
        };
        let default = Typed { node: Node::Const(or.clone()), ty, options: None };
        if !fits(&default, var.ty) {
            return Err(clash(at, "var 的缺省值", var.ty.in_words(), ty));
        }
        self.vars.push(var.id);
        Ok(Typed { node: Node::Var { id: var.id, or }, ty: var.ty, options: var.options })
    }
}

/// How many operands an operator takes.
fn arity(op: &str) -> Option<(usize, usize)> {
    Some(match op {
        "!" | "!!" => (1, 1),
        "var" | "-" => (1, 2),
        "==" | "!=" | ">" | ">=" | "in" | "/" => (2, 2),
        "<" | "<=" => (2, 3),
        "and" | "or" => (1, NODES_MAX),
        "+" | "*" => (2, NODES_MAX),
        _ => return None,
    })
}

fn constant_of(json: &Value, at: &str) -> Result<(Const, Type), Fault> {
    Ok(match json {
        Value::Null => (Const::Null, Type::Null),
        Value::Bool(truth) => (Const::Bool(*truth), Type::Bool),
        Value::Number(number) => {
            let ratio = Ratio::of(number).ok_or_else(|| {
                fault("bad_number", at, "数字最多 15 位有效数字、9 位小数，请改短")
            })?;
            (Const::Number(ratio), Type::Number)
        }
        Value::String(text) if text.chars().count() <= TEXT_MAX => {
            (Const::Text(text.clone()), Type::Text)
        }
        Value::String(_) => {
            return Err(fault("too_big", at, format!("文字常量最多 {TEXT_MAX} 个字")));
        }
        Value::Array(rows) => return list(rows, at),
        Value::Object(_) => return Err(fault("malformed", at, "这里须是常量")),
    })
}

fn list(rows: &[Value], at: &str) -> Result<(Const, Type), Fault> {
    if rows.len() > NODES_MAX {
        return Err(fault("too_big", at, format!("列表最多 {NODES_MAX} 项")));
    }
    let mut list = Vec::with_capacity(rows.len());
    let mut of = None;
    for (nth, row) in rows.iter().enumerate() {
        let at = format!("{at}[{nth}]");
        let (constant, ty) = constant_of(row, &at)?;
        if !matches!(ty, Type::Number | Type::Text) || of.is_some_and(|of| of != ty) {
            return Err(fault("malformed", &at, "列表须由同一类型的文字或数字常量组成"));
        }
        of = Some(ty);
        list.push(constant);
    }
    match of {
        Some(Type::Number) => Ok((Const::List(list), Type::Numbers)),
        Some(_) => Ok((Const::List(list), Type::Texts)),
        None => Err(fault("malformed", at, "列表不能为空，请至少写一项")),
    }
}

/// Whether something may stand where that type is meant: it is of the type, it is no answer, or it
/// is a text constant that is written as the date.
fn fits(typed: &Typed<'_>, ty: Type) -> bool {
    let constant = match &typed.node {
        Node::Const(constant) => Some(constant),
        _ => None,
    };
    match (typed.ty, ty) {
        (Type::Null, _) => true,
        (found, wanted) if found == wanted => true,
        (Type::Text, Type::Date) => {
            matches!(constant, Some(Const::Text(text)) if calendar::is_date(text))
        }
        (Type::Text, Type::DateTime) => {
            matches!(constant, Some(Const::Text(text)) if calendar::is_instant(text))
        }
        _ => false,
    }
}

/// The operand of which all others must be: the first that is no constant, else the first.
fn leader<'t, 's>(typed: &'t [Typed<'s>]) -> Option<&'t Typed<'s>> {
    let is_constant = |one: &&Typed<'_>| matches!(one.node, Node::Const(_));
    typed.iter().find(|one| !is_constant(one)).or_else(|| typed.first())
}

fn all_fit(op: &str, typed: &[Typed<'_>], ty: Type, at: &str) -> Result<(), Fault> {
    for (nth, one) in typed.iter().enumerate() {
        if !fits(one, ty) {
            return Err(clash(&format!("{at}[{nth}]"), op, ty.in_words(), one.ty));
        }
    }
    Ok(())
}

fn compose<'s>(op: &str, mut typed: Vec<Typed<'s>>, at: &str) -> Result<Typed<'s>, Fault> {
    let ty = match op {
        "and" | "or" => {
            all_fit(op, &typed, Type::Bool, at)?;
            Type::Bool
        }
        "!" | "!!" => {
            if typed.iter().any(|one| one.ty == Type::Number) {
                let wanted = "是否、文字或列表（数字请与 null 比较）";
                return Err(clash(&format!("{at}[0]"), op, wanted, Type::Number));
            }
            Type::Bool
        }
        "==" | "!=" => {
            check_same(op, &typed, at)?;
            Type::Bool
        }
        "<" | "<=" | ">" | ">=" => {
            check_ordered(op, &typed, at)?;
            Type::Bool
        }
        "in" => {
            check_in(&typed, at)?;
            Type::Bool
        }
        _ => {
            all_fit(op, &typed, Type::Number, at)?;
            Type::Number
        }
    };
    let mut nodes: Vec<_> = typed.drain(..).map(|one| one.node).collect();
    let node = match (op, nodes.len()) {
        ("and", _) => Node::And(nodes),
        ("or", _) => Node::Or(nodes),
        ("+", _) => Node::Sum(nodes),
        ("*", _) => Node::Product(nodes),
        ("<", _) => Node::Ordered(Order::Less, nodes),
        ("<=", _) => Node::Ordered(Order::LessOrSame, nodes),
        (">", _) => Node::Ordered(Order::Greater, nodes),
        (">=", _) => Node::Ordered(Order::GreaterOrSame, nodes),
        _ => match (op, nodes.pop(), nodes.pop()) {
            ("!", Some(node), None) => Node::Is { there: false, node: node.into() },
            ("!!", Some(node), None) => Node::Is { there: true, node: node.into() },
            ("-", Some(node), None) => Node::Negative(node.into()),
            ("==", Some(right), Some(left)) => {
                Node::Same { same: true, pair: (left, right).into() }
            }
            ("!=", Some(right), Some(left)) => {
                Node::Same { same: false, pair: (left, right).into() }
            }
            ("in", Some(right), Some(left)) => Node::In((left, right).into()),
            ("-", Some(right), Some(left)) => Node::Difference((left, right).into()),
            ("/", Some(right), Some(left)) => Node::Quotient((left, right).into()),
            _ => return Err(fault("wrong_arity", at, format!("{op} 的操作数个数不对"))),
        },
    };
    Ok(Typed { node, ty, options: None })
}

fn check_same(op: &str, typed: &[Typed<'_>], at: &str) -> Result<(), Fault> {
    if typed.iter().any(|one| one.ty == Type::Null) {
        return Ok(());
    }
    let leader = leader(typed);
    for (nth, one) in typed.iter().enumerate() {
        let at = format!("{at}[{nth}]");
        if one.ty == Type::Object {
            return Err(clash(&at, op, "与 null 比较，或比较它的一部分", one.ty));
        }
        if matches!(one.ty, Type::Texts | Type::Numbers) {
            return Err(clash(&at, op, "单个的值（列表请用 in）", one.ty));
        }
        let Some(leader) = leader else { continue };
        if !fits(one, leader.ty) {
            return Err(clash(&at, op, leader.ty.in_words(), one.ty));
        }
        if let (Some(options), Node::Const(constant)) = (&leader.options, &one.node) {
            check_options(options, constant, &at)?;
        }
    }
    Ok(())
}

fn check_ordered(op: &str, typed: &[Typed<'_>], at: &str) -> Result<(), Fault> {
    let Some(leader) = leader(typed) else { return Ok(()) };
    for (nth, one) in typed.iter().enumerate() {
        let is_ordered = matches!(leader.ty, Type::Number | Type::Date | Type::DateTime);
        if !is_ordered || one.ty == Type::Null || !fits(one, leader.ty) {
            let wanted = if is_ordered { leader.ty.in_words() } else { "数字、日期或时间" };
            return Err(clash(&format!("{at}[{nth}]"), op, wanted, one.ty));
        }
    }
    Ok(())
}

fn check_in(typed: &[Typed<'_>], at: &str) -> Result<(), Fault> {
    let [needle, hay] = typed else { return Ok(()) };
    let are_dates = |is_one: fn(&str) -> bool| match &hay.node {
        Node::Const(Const::List(rows)) => {
            rows.iter().all(|row| matches!(row, Const::Text(text) if is_one(text)))
        }
        _ => false,
    };
    let is_right = match (needle.ty, hay.ty) {
        (Type::Text, Type::Text | Type::Texts) | (Type::Number, Type::Numbers) => true,
        (Type::Date, Type::Texts) => are_dates(calendar::is_date),
        (Type::DateTime, Type::Texts) => are_dates(calendar::is_instant),
        _ => false,
    };
    if !is_right {
        let is_hay_wrong =
            matches!(needle.ty, Type::Text | Type::Number | Type::Date | Type::DateTime);
        let (nth, found) = if is_hay_wrong { (1, hay.ty) } else { (0, needle.ty) };
        return Err(clash(&format!("{at}[{nth}]"), "in", "文字在文字或同类列表之中", found));
    }
    if hay.ty != Type::Texts {
        return Ok(());
    }
    if let (Some(options), Node::Const(constant)) = (&needle.options, &hay.node) {
        check_options(options, constant, &format!("{at}[1]"))?;
    }
    if let (Some(options), Node::Const(constant)) = (&hay.options, &needle.node) {
        check_options(options, constant, &format!("{at}[0]"))?;
    }
    Ok(())
}

/// A constant that the choice can never be is a misspelling.
fn check_options(options: &[&str], constant: &Const, at: &str) -> Result<(), Fault> {
    match constant {
        Const::Text(text) if !options.contains(&text.as_str()) => {
            let text = kernel::text::cut_chars(text, 40);
            let detail = format!("没有选项 {text}，请改成选项的值");
            Err(fault("not_an_option", at, detail))
        }
        Const::List(rows) => rows.iter().try_for_each(|row| check_options(options, row, at)),
        _ => Ok(()),
    }
}
