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
