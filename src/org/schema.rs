//! The tables of this room. Private: nobody else reads or writes them.

diesel::table! {
    org_member (id) {
        id -> BigInt,
        userid -> Text,
        search -> Text,
        departments -> Text,
        status -> Text,
        is_visible -> Integer,
        shadow -> Text,
        settled_at -> BigInt,
        version -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    org_department (id) {
        id -> BigInt,
        is_removed -> Integer,
        shadow -> Text,
        settled_at -> BigInt,
        version -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    org_sweep (mirror) {
        mirror -> Text,
        swept_at -> BigInt,
    }
}

diesel::table! {
    org_handling_group (slug) {
        slug -> Text,
        name -> Text,
        members -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    org_token (id) {
        id -> BigInt,
        name -> Text,
        secret_sha256 -> Text,
        scopes -> Text,
        created_by -> Text,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    org_wecom_token (slug) {
        slug -> Text,
        secret_token -> Text,
        expires_at -> BigInt,
        lease_holder -> BigInt,
        lease_until -> BigInt,
        banned_until -> BigInt,
        ban_reason -> Text,
    }
}

diesel::table! {
    org_idempotency (id) {
        id -> BigInt,
        scope -> Text,
        request_key -> Text,
        request_hash -> Text,
        status -> Nullable<Integer>,
        body -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    org_audit (id) {
        id -> BigInt,
        what -> Text,
        subject -> Text,
        actor -> Text,
        detail -> Text,
        trace -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    org_profile (userid) {
        userid -> Text,
        roles -> Text,
        body -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    org_leave (id) {
        id -> BigInt,
        userid -> Text,
        from_at -> BigInt,
        until_at -> BigInt,
        backup -> Nullable<Text>,
        reason -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    org_position (userid) {
        userid -> Text,
        lat_e7 -> BigInt,
        lng_e7 -> BigInt,
        map_system -> Text,
        seen_at -> BigInt,
    }
}

diesel::table! {
    org_session (id) {
        id -> BigInt,
        secret_sha256 -> Text,
        userid -> Text,
        csrf -> Text,
        client -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    org_login (state_sha256) {
        state_sha256 -> Text,
        browser_sha256 -> Text,
        next_path -> Text,
        client -> Text,
        attempt -> Integer,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}
