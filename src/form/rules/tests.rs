use std::{collections::HashMap, sync::LazyLock};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    #[serde(rename = "about")]
    _about: String,
    types: HashMap<String, Declared>,
    evaluate: Vec<Evaluate>,
    typed: Vec<Typed>,
    refuse: Vec<Refuse>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Declared {
    Plain(String),
    Choice {
        #[serde(rename = "type")]
        ty: String,
        options: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Evaluate {
    name: String,
    rule: Value,
    data: Map<String, Value>,
    #[serde(default)]
    result: Value,
    error: Option<String>,
    scale: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    name: String,
    rule: Value,
    #[serde(rename = "type")]
    ty: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refuse {
    name: String,
    rule: Value,
    error: String,
    at: String,
}

const TYPES: [Type; 9] = [
    Type::Null,
    Type::Bool,
    Type::Number,
    Type::Text,
    Type::Date,
    Type::DateTime,
    Type::Texts,
    Type::Numbers,
    Type::Object,
];

fn golden() -> Golden {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/rules.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

struct Declarations {
    names: Vec<String>,
    types: HashMap<String, Declared>,
}

impl Declarations {
    fn ty(&self, name: &str) -> Type {
        let (Declared::Plain(ty) | Declared::Choice { ty, .. }) = &self.types[name];
        TYPES.into_iter().find(|one| one.name() == ty).unwrap()
    }
}

impl Scope for Declarations {
    fn find(&self, name: &str) -> Option<Var<'_>> {
        let id = self.names.iter().position(|one| one == name)?;
        let options = match &self.types[name] {
            Declared::Plain(_) => None,
            Declared::Choice { options, .. } => Some(options.iter().map(String::as_str).collect()),
        };
        Some(Var { id, ty: self.ty(name), options })
    }
}

struct Given<'g> {
    declarations: &'g Declarations,
    data: &'g Map<String, Value>,
}

impl Facts for Given<'_> {
    fn get(&self, id: usize) -> Result<Datum<'_>, Trap> {
        let name = &self.declarations.names[id];
        Datum::read(self.declarations.ty(name), self.data.get(name))
    }
}

fn declarations(types: HashMap<String, Declared>) -> Declarations {
    let mut names: Vec<_> = types.keys().cloned().collect();
    names.sort();
    Declarations { names, types }
}

static DECLARATIONS: LazyLock<Declarations> = LazyLock::new(|| declarations(golden().types));

fn json_of(datum: Datum<'_>, scale: u32) -> Value {
    match datum {
        Datum::Null => Value::Null,
        Datum::Bool(truth) => truth.into(),
        Datum::Number(number) => Value::Number(number.to_number(scale).unwrap()),
        Datum::Text(text) => text.into(),
        Datum::List(rows) => rows.into_iter().map(|row| json_of(row, scale)).collect(),
        Datum::Object => json!({}),
    }
}

/// Numbers alike however they are written.
fn alike(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            Ratio::of(&number).unwrap().to_number(SCALE_MAX).map_or(Value::Null, Value::Number)
        }
        value => value,
    }
}

#[test]
fn every_vector_has_a_name_of_its_own_and_there_are_many() {
    let golden = golden();
    let names = golden.evaluate.iter().map(|one| &one.name);
    let names = names.chain(golden.refuse.iter().map(|one| &one.name));
    let names: Vec<_> = names.chain(golden.typed.iter().map(|one| &one.name)).collect();
    let own: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(own.len(), names.len());
    assert!(names.len() >= 150, "{}", names.len());
}

#[test]
fn rules_are_worked_out_as_the_vectors_say() {
    let Golden { types, evaluate, .. } = golden();
    let declarations = declarations(types);
    for one in evaluate {
        let rule = Rule::parse(&one.rule, &declarations);
        let rule = rule.unwrap_or_else(|fault| panic!("{}: {fault:?}", one.name));
        let facts = Given { declarations: &declarations, data: &one.data };
        let found = match rule.eval(&facts) {
            Ok(datum) => Ok(json_of(datum, one.scale.unwrap_or(SCALE_MAX))),
            Err(trap) => Err(trap.code().to_owned()),
        };
        let expected = one.error.map_or(Ok(alike(one.result)), Err);
        assert_eq!(found, expected, "{}", one.name);
    }
}

#[test]
fn rules_have_the_types_that_the_vectors_say() {
    let Golden { types, typed, .. } = golden();
    let declarations = declarations(types);
    for one in typed {
        let rule = Rule::parse(&one.rule, &declarations).unwrap();
        assert_eq!(rule.ty().name(), one.ty, "{}", one.name);
    }
}

#[test]
fn rules_are_refused_as_and_where_the_vectors_say() {
    let Golden { types, refuse, .. } = golden();
    let declarations = declarations(types);
    for one in refuse {
        let fault = Rule::parse(&one.rule, &declarations).expect_err(&one.name);
        assert_eq!((fault.code, fault.at), (one.error.as_str(), one.at), "{}", one.name);
        assert!(!fault.detail.is_empty());
    }
}

#[test]
fn a_rule_names_its_variables_and_its_type_can_be_demanded() {
    let declarations = &*DECLARATIONS;
    let json = json!({"+": [{"var": "age"}, {"var": "price"}]});
    let rule = Rule::parse_as(&json, declarations, Type::Number).unwrap();
    let names: Vec<_> = rule.vars().iter().map(|id| declarations.names[*id].as_str()).collect();
    assert_eq!(names, ["age", "price"]);
    let fault = Rule::parse_as(&json, declarations, Type::Bool).unwrap_err();
    assert_eq!((fault.code, fault.at.as_str()), ("type_clash", ""));
    assert!(Rule::parse_as(&json!("2026-01-01"), declarations, Type::Date).is_ok());
    assert!(Rule::parse_as(&json!(null), declarations, Type::Date).is_ok());
}

fn any_constant() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-20i64..20).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["", "a", "2026-01-01", "repair"]).prop_map(Value::from),
        Just(json!(["a", "repair"])),
        Just(json!([1, 2])),
        prop::sample::select(vec!["age", "price", "name", "vip", "day", "tags", "kind", "place"])
            .prop_map(|name| json!({"var": name})),
    ]
}

fn any_rule() -> impl Strategy<Value = Value> {
    any_constant().prop_recursive(4, 24, 3, |inner| {
        let ops = vec![
            "and", "or", "!", "!!", "==", "!=", ">", ">=", "<", "<=", "in", "+", "-", "*", "/", "%",
        ];
        (prop::sample::select(ops), prop::collection::vec(inner, 0..4))
            .prop_map(|(op, operands)| json!({op: operands}))
    })
}

/// Rules that are typed right more often than not, so that evaluation is reached.
fn any_number() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (-1_000i64..1_000).prop_map(Value::from),
        Just(json!({"var": "age"})),
        Just(json!({"var": "price"})),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let ops = prop::sample::select(vec!["+", "-", "*", "/"]);
        (ops, inner.clone(), inner).prop_map(|(op, a, b)| json!({op: [a, b]}))
    })
}

fn any_data() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![any_constant(), Just(json!({"lat": 1}))];
    let names = prop::sample::select(vec!["age", "price", "name", "vip", "day", "tags", "kind"]);
    prop::collection::vec((names.prop_map(str::to_owned), value), 0..6)
        .prop_map(|entries| entries.into_iter().collect())
}

proptest! {
    /// Whatever somebody writes is refused or worked out, and of the type that was told.
    #[test]
    fn every_rule_is_refused_or_has_a_result_of_its_type(rule in any_rule(), data in any_data()) {
        let declarations = &*DECLARATIONS;
        let shape = Rule::check_shape(&rule);
        let Ok(rule) = Rule::parse(&rule, declarations) else { return Ok(()) };
        prop_assert_eq!(shape, Ok(()));
        let facts = Given { declarations, data: &data };
        let first = rule.eval(&facts);
        prop_assert_eq!(&first, &rule.eval(&facts));
        if let Ok(datum) = first {
            let fits = match datum {
                Datum::Null => rule.ty() != Type::Bool || rule.vars().len() == 1,
                Datum::Bool(_) => rule.ty() == Type::Bool,
                Datum::Number(_) => rule.ty() == Type::Number,
                Datum::Text(_) => matches!(rule.ty(), Type::Text | Type::Date | Type::DateTime),
                Datum::List(_) => matches!(rule.ty(), Type::Texts | Type::Numbers),
                Datum::Object => rule.ty() == Type::Object,
            };
            prop_assert!(fits, "{:?}", rule);
        }
    }

    /// What numbers make of numbers is a number, nothing, or a trap that the numbers explain.
    #[test]
    fn reckoning_ends_in_a_number_or_a_trap(rule in any_number(), age in -99i64..99) {
        let declarations = &*DECLARATIONS;
        let rule = Rule::parse_as(&rule, declarations, Type::Number).unwrap();
        let data = json!({"age": age, "price": 0.5}).as_object().unwrap().clone();
        let facts = Given { declarations, data: &data };
        match rule.eval(&facts) {
            Ok(datum) => prop_assert!(matches!(datum, Datum::Number(_))),
            Err(trap) => prop_assert_ne!(trap, Trap::TypeClash),
        }
    }
}
