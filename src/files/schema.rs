//! The table of this room. Private: nobody else reads or writes it.

diesel::table! {
    files_file (id) {
        id -> BigInt,
        sha256 -> Text,
        name -> Text,
        mime -> Text,
        size -> BigInt,
        source_media_id -> Nullable<Text>,
        sent_by -> Nullable<Text>,
        created_at -> BigInt,
    }
}
