//! The tables of this room. Private: nobody else reads or writes them.

diesel::table! {
    customer_customer (id) {
        id -> BigInt,
        external_userid -> Text,
        unionid -> Text,
        search -> Text,
        phone -> Text,
        is_lost -> Integer,
        shadow -> Text,
        listed_at -> BigInt,
        version -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    customer_follow (customer_id, userid) {
        customer_id -> BigInt,
        userid -> Text,
    }
}

diesel::table! {
    customer_chat_group (id) {
        id -> BigInt,
        chat_id -> Text,
        search -> Text,
        owner -> Text,
        is_dismissed -> Integer,
        shadow -> Text,
        settled_at -> BigInt,
        version -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    customer_sweep (mirror) {
        mirror -> Text,
        swept_at -> BigInt,
    }
}

diesel::table! {
    customer_opportunity (id) {
        id -> BigInt,
        external_key -> Text,
        external_userid -> Text,
        search -> Text,
        happened_at -> BigInt,
        body -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    customer_order (id) {
        id -> BigInt,
        external_key -> Text,
        external_userid -> Text,
        search -> Text,
        happened_at -> BigInt,
        body -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    customer_asset (id) {
        id -> BigInt,
        external_key -> Text,
        external_userid -> Text,
        search -> Text,
        happened_at -> BigInt,
        body -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    customer_group_place (chat_id) {
        chat_id -> Text,
        body -> Text,
        updated_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(customer_customer, customer_follow);
