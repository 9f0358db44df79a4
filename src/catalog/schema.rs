//! The tables of this room. Private: nobody else touches them.

use db::diesel;

diesel::table! {
    catalog_template (id) {
        id -> BigInt,
        template_key -> Text,
        version -> BigInt,
        state -> Text,
        name -> Text,
        body -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}
