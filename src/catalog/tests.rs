//! Templates from draft to archive, on each database.

#[path = "../org/test_db.rs"]
mod test_db;

use kernel::Kind;
use test_db::{ctx, on_each_database};

use super::*;

const NOW: i64 = 1_795_395_600_000_000;

fn general() -> Template {
    Template::clone(&Catalog::built_in().unwrap().newest(GENERAL).unwrap())
}

fn repair(name: &str) -> Template {
    Template { key: "repair".into(), name: name.into(), ..general() }
}

#[test]
fn the_general_request_is_there_and_every_field_type_exists() {
    let catalog = Catalog::built_in().unwrap();
    let template = catalog.newest(GENERAL).unwrap();
    assert_eq!(**catalog.get(GENERAL, template.version).unwrap(), **template);
    let keys: Vec<_> = template.form.fields.iter().map(|field| field.key.as_str()).collect();
    assert_eq!(keys, ["title", "description", "images", "location", "urgency"]);
}

#[test]
fn an_unknown_template_is_named() {
    let error = Catalog::built_in().unwrap().newest("repair").unwrap_err();
    assert_eq!((error.kind(), error.detail()), (Kind::NotFound, "没有模板 repair"));
}

#[test]
fn a_draft_is_nobodys_until_it_is_published_and_old_versions_stay_for_their_tickets() {
    on_each_database("life", |_db, conn| {
        let ctx = ctx(NOW);
        let (one, other) = (Catalog::built_in().unwrap(), Catalog::built_in().unwrap());
        assert_eq!(save_draft(conn, &ctx, &repair("维修")).unwrap().version, 1);
        one.refresh(conn).unwrap();
        assert_eq!(one.newest("repair").unwrap_err().code(), "template.not_found");
        assert_eq!(save_draft(conn, &ctx, &repair("报修")).unwrap().version, 1, "still a draft");
        publish(conn, &ctx, "repair").unwrap();
        assert_eq!(publish(conn, &ctx, "repair").unwrap_err().code(), "template.no_draft");
        one.refresh(conn).unwrap();
        assert_eq!(one.newest("repair").unwrap().name, "报修");
        // The second version, seen by another replica.
        assert_eq!(save_draft(conn, &ctx, &repair("报修二")).unwrap().version, 2);
        publish(conn, &ctx, "repair").unwrap();
        other.refresh(conn).unwrap();
        assert_eq!(other.newest("repair").unwrap().version, 2);
        assert_eq!(other.get("repair", 1).unwrap().name, "报修", "running tickets keep theirs");
        let states: Vec<_> =
            versions(conn, "repair").unwrap().into_iter().map(|one| one.state).collect();
        assert_eq!(states, ["published", "archived"]);
        archive(conn, &ctx, "repair").unwrap();
        other.refresh(conn).unwrap();
        assert_eq!(other.newest("repair").unwrap_err().code(), "template.not_found");
        assert_eq!(other.get("repair", 2).unwrap().name, "报修二");
        assert_eq!(archive(conn, &ctx, "repair").unwrap_err().code(), "template.not_found");
        assert_eq!(archive(conn, &ctx, GENERAL).unwrap_err().code(), "template.built_in");
    });
}

#[test]
fn the_built_in_template_can_be_replaced_by_ones_own() {
    on_each_database("own", |_db, conn| {
        let ctx = ctx(NOW);
        let catalog = Catalog::built_in().unwrap();
        let own = Template { name: "服务请求".into(), ..general() };
        assert!(ensure(conn, &ctx, &own).unwrap().1);
        catalog.refresh(conn).unwrap();
        let newest = catalog.newest(GENERAL).unwrap();
        assert_eq!((newest.version, newest.name.as_str()), (2, "服务请求"));
        assert!(!ensure(conn, &ctx, &own).unwrap().1, "a second time changes nothing");
        archive(conn, &ctx, GENERAL).unwrap();
        catalog.refresh(conn).unwrap();
        assert_eq!(catalog.newest(GENERAL).unwrap().version, 1, "the built-in one is back");
    });
}

#[test]
fn what_forbids_publishing_is_named_with_its_place() {
    on_each_database("bad", |_db, conn| {
        let ctx = ctx(NOW);
        let mut bad = repair("  ");
        let mut second = bad.form.fields[0].clone();
        second.kind = "hologram".into();
        bad.form.fields.push(second);
        bad.flow.steps.clear();
        save_draft(conn, &ctx, &bad).unwrap();
        let error = publish(conn, &ctx, "repair").unwrap_err();
        for place in ["name", "form.fields[5].key", "form.fields[5].kind", "flow"] {
            assert!(error.fields().iter().any(|one| one.path == place), "{place}: {error:?}");
        }
        for key in ["", "A", "1a", "ä", "a-b", &"x".repeat(65)] {
            let wrong = Template { key: key.into(), ..general() };
            let error = save_draft(conn, &ctx, &wrong).unwrap_err();
            assert_eq!(error.fields()[0].path, "key", "{key}");
        }
        for text in ["", "{", "[]", r#"{"key":"a"}"#, r#"{"key":1}"#] {
            assert_eq!(Template::parse(text).unwrap_err().fields()[0].code, "malformed", "{text}");
        }
        let huge = " ".repeat(BYTES_MAX + 1);
        assert_eq!(Template::parse(&huge).unwrap_err().fields()[0].code, "too_large");
    });
}

#[test]
fn every_preset_can_be_published_and_its_key_is_its_own() {
    let library = presets().unwrap();
    let mut keys = std::collections::BTreeSet::new();
    for preset in &library {
        assert!(
            preset.template.problems().is_empty(),
            "{}: {:?}",
            preset.key,
            preset.template.problems()
        );
        assert!(keys.insert(preset.key.clone()), "{} is there twice", preset.key);
        assert_ne!(preset.key, GENERAL);
    }
    on_each_database("presets", |db, conn| {
        let ctx = ctx(NOW);
        let all = db.write_here(|conn| {
            for key in &keys {
                assert!(import(conn, &ctx, key)?.1, "{key}");
                assert!(!import(conn, &ctx, key)?.1, "{key} once more");
            }
            Ok(())
        });
        all.unwrap();
        let error = import(conn, &ctx, "nothing").unwrap_err();
        assert_eq!(error.code(), "preset.not_found");
    });
}

fn calendar(name: &str) -> flow::calendar::Calendar {
    let mut calendar = flow::calendar::Calendar::office(480);
    (calendar.key, calendar.name) = ("shop".into(), name.into());
    calendar
}

#[test]
fn every_replica_sees_what_another_one_changed_of_what_is_shared() {
    on_each_database("parts", |_db, conn| {
        let ctx = ctx(NOW);
        let (one, other) = (Catalog::built_in().unwrap(), Catalog::built_in().unwrap());
        let name = |catalog: &Catalog| {
            let parts = catalog.parts();
            parts.calendars.get("shop").map(|(calendar, _time)| calendar.name.clone())
        };
        save_part(conn, &ctx, &calendar("门店"), None).unwrap();
        assert_eq!((name(&one), name(&other)), (None, None), "nobody has looked");
        one.refresh(conn).unwrap();
        assert_eq!(name(&one).as_deref(), Some("门店"));
        let before = one.parts();
        one.refresh(conn).unwrap();
        assert!(
            std::sync::Arc::ptr_eq(&before, &one.parts()),
            "what is the same is not read again"
        );
        save_part(conn, &ctx, &calendar("新门店"), Some(1)).unwrap();
        other.refresh(conn).unwrap();
        assert_eq!(name(&other).as_deref(), Some("新门店"));
        // Taken away and made anew within the same microsecond.
        delete_part::<flow::calendar::Calendar>(conn, "shop", Some(2)).unwrap();
        save_part(conn, &ctx, &calendar("老门店"), Some(0)).unwrap();
        save_part(conn, &ctx, &calendar("旧门店"), Some(1)).unwrap();
        other.refresh(conn).unwrap();
        assert_eq!(name(&other).as_deref(), Some("旧门店"));
        delete_part::<flow::calendar::Calendar>(conn, "shop", None).unwrap();
        other.refresh(conn).unwrap();
        assert_eq!(name(&other), None);
    });
}

#[test]
fn what_a_newer_build_wrote_is_left_aside_and_the_rest_goes_on() {
    on_each_database("newer", |_db, conn| {
        let ctx = ctx(NOW);
        save_part(conn, &ctx, &calendar("门店"), None).unwrap();
        for (kind, body) in [("calendar", r#"{"key":"moon","phases":4}"#), ("moon", "{}")] {
            sql::part::insert(conn, &ctx, kind, ("moon", "月亮"), body).unwrap();
        }
        let parts = Parts::load(conn).unwrap();
        assert_eq!(parts.calendars.keys().collect::<Vec<_>>(), ["shop"]);
    });
}

#[test]
fn the_fields_of_every_installation_are_good_and_speak_three_languages() {
    let parts = Parts::built_in().unwrap();
    assert!(parts.fields.len() >= 10);
    for (key, field) in &parts.fields {
        assert_eq!(Part::faults(field), [], "{key}");
        assert!(!field.required, "{key}: a template can make it required, and not the other way");
        for locale in [form::Locale::ZhHk, form::Locale::En] {
            assert!(!field.label.to(locale).is_empty(), "{key}");
        }
        assert_ne!(field.label.to(form::Locale::En), field.label.to(form::Locale::ZhCn), "{key}");
    }
}

#[test]
fn a_rule_is_sought_where_rules_stand_and_nowhere_else() {
    on_each_database("rules", |_db, conn| {
        let ctx = ctx(NOW);
        let condition = Condition {
            key: "urgent".into(),
            name: "紧急".into(),
            rule: serde_json::json!({ "==": [{ "var": "urgency" }, "high"] }),
        };
        save_part(conn, &ctx, &condition, None).unwrap();
        let mut template = repair("报修");
        let flow = serde_json::json!({ "steps": [
            { "key": "ask", "name": "询问", "when": { "use": "urgent" },
              "assign": { "by": "starter" }, "if_nobody": { "do": "hold" } },
            { "key": "call", "name": "上门", "type": "subtickets", "tickets": [
                { "template": GENERAL, "title": "上门", "form": { "note": "use nothing" } }] },
            { "key": "route", "name": "分流", "type": "branch", "default": [],
              "cases": [{ "when": { "use": "urgent" }, "steps": [
                  { "key": "rush", "name": "加急", "when": { "!": [{ "use": "urgent" }] },
                    "assign": { "by": "starter" }, "if_nobody": { "do": "hold" } }] }] },
        ] });
        template.flow = serde_json::from_value(flow).unwrap();
        let places: Vec<_> = template.uses().into_iter().map(|one| one.path).collect();
        assert_eq!(places, ["flow.ask.when", "flow.rush.when.![0]", "flow.route.cases[0].when"]);
        let parts = Parts::load(conn).unwrap();
        let full = template.resolve(&parts).unwrap();
        assert_eq!(full.uses(), []);
        assert_eq!(full.flow.step("ask").unwrap().when, Some(condition.rule));
        let call = |template: &Template| template.flow.step("call").unwrap().clone();
        assert_eq!(call(&full), call(&template), "answers are no rules");
    });
}

#[test]
fn what_is_taken_from_nowhere_hides_nothing_else() {
    on_each_database("nowhere", |_db, conn| {
        let mut template = repair(" ");
        template.form.fields[1].library = Some("nothing".into());
        template.form.fields[1].kind = String::new();
        template.form.fields[0].kind = "hologram".into();
        template.calendar = Some("nothing".into());
        let problems = problems(conn, &template).unwrap();
        let places: Vec<_> = problems.iter().map(|one| one.path.as_str()).collect();
        let [rest @ .., last] = &places[..] else { panic!("{problems:?}") };
        assert_eq!(
            (&rest[..3], *last),
            (&["calendar", "form.fields[1].library", "name"][..], "form.fields[0].kind")
        );
        assert!(rest[3..].iter().all(|path| path.starts_with("form.fields[0].")), "{rest:?}");
    });
}

#[test]
fn a_surge_mode_holds_the_condition_that_it_names_as_it_is_now() {
    on_each_database("surge", |_db, conn| {
        let ctx = ctx(NOW);
        let urgent = |value: &str| Condition {
            key: "urgent".into(),
            name: "紧急".into(),
            rule: serde_json::json!({ "==": [{ "var": "urgency" }, value] }),
        };
        let surge: flow::assign::Surge = serde_json::from_value(serde_json::json!({
            "key": "holiday", "name": "节假日", "windows": [{ "on": "days_off" }],
            "plans": { "fix": { "rule": { "by": "table", "otherwise": { "by": "starter" },
                "rows": [{ "when": { "use": "urgent" }, "assign": { "by": "supervisor" } }] } } },
        }))
        .unwrap();
        let error = save_part(conn, &ctx, &surge, None).unwrap_err();
        assert_eq!(error.fields()[0].code, "unknown_condition");
        save_part(conn, &ctx, &urgent("high"), None).unwrap();
        save_part(conn, &ctx, &surge, None).unwrap();
        for value in ["high", "critical"] {
            save_part(conn, &ctx, &urgent(value), None).unwrap();
            let parts = Parts::load(conn).unwrap();
            let flow::Assign::Table { rows, .. } = &parts.surges["holiday"].plans["fix"].rule
            else {
                panic!("{parts:?}")
            };
            assert_eq!(rows[0].when, urgent(value).rule);
        }
        let kept = find_part::<flow::assign::Surge>(conn, "holiday").unwrap().part;
        assert_eq!(kept, surge, "it is kept as it was written");
        let refused = delete_part::<Condition>(conn, "urgent", None).unwrap_err();
        assert_eq!(refused.code(), "part.in_use");
    });
}
