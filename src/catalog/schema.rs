//! The tables of this room. Private: nobody else touches them.

use db::diesel;

diesel::table! {
    catalog_count (code) {
        code -> Text,
        scans -> BigInt,
        submits -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    catalog_part (id) {
        id -> BigInt,
        kind -> Text,
        part_key -> Text,
        name -> Text,
        body -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    catalog_pin (userid, template_key) {
        userid -> Text,
        template_key -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    catalog_template (id) {
        id -> BigInt,
        template_key -> Text,
        version -> BigInt,
        state -> Text,
        name -> Text,
        body -> Text,
        source -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}
