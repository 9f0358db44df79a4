//! What fields ask for, as their keys say: the words that the presets and the field library use.

/// The name of the customer himself.
pub(super) fn is_customer_name(key: &str) -> bool {
    ["customer_name", "contact_name", "client_name", "owner_name", "guest_name", "parent_name"]
        .contains(&key)
}

/// His company.
pub(super) fn is_company(key: &str) -> bool {
    ["company", "corp_name", "customer_company", "enterprise", "tenant"].contains(&key)
}

/// His tags.
pub(super) fn is_tags(key: &str) -> bool {
    ["tags", "customer_tags"].contains(&key)
}

/// Who serves him.
pub(super) fn is_owner(key: &str) -> bool {
    ["owner", "manager", "adviser", "consultant", "salesperson", "customer_owner"].contains(&key)
}

/// Who raises the ticket, and what is his.
pub(super) fn is_starter(key: &str) -> bool {
    let begins = ["applicant", "requester", "reporter", "starter", "submitter", "employee"];
    begins.iter().any(|begin| key.starts_with(begin))
}

/// Types whose answers stay true from one ticket of a customer to the next.
pub(super) fn is_steady_kind(kind: &str) -> bool {
    ["phone", "email", "address", "asset"].contains(&kind)
}

/// Keys of which the same holds: what he has, where it is, what he is called.
pub(super) fn is_steady(key: &str) -> bool {
    let parts = [
        "device",
        "model",
        "serial",
        "brand",
        "plate",
        "vin",
        "lift",
        "meter",
        "account",
        "address",
        "room",
        "building",
        "site",
        "store",
        "campus",
        "region",
        "class_name",
        "student",
        "grade",
        "contract_no",
        "policy_no",
        "member_no",
        "pet",
        "house",
        "car_",
        "tenant",
        "company",
    ];
    is_customer_name(key) || parts.iter().any(|part| key.contains(part))
}

/// A device's model.
pub(super) fn is_model(key: &str) -> bool {
    key == "model" || key.ends_with("_model")
}

/// A device's serial number.
pub(crate) fn is_serial(key: &str) -> bool {
    ["serial", "serial_no", "device_no", "asset_no", "equipment_no", "sn"].contains(&key)
}

/// What a device is called.
pub(super) fn is_device(key: &str) -> bool {
    ["device", "device_name", "equipment", "equipment_name", "asset_name", "product"].contains(&key)
}

/// Where a device stands.
pub(super) fn is_device_place(key: &str) -> bool {
    ["place", "site", "address", "device_place", "install_place", "service_address"].contains(&key)
}

/// When a device was installed.
pub(super) fn is_installed(key: &str) -> bool {
    ["installed_on", "install_date", "installed_at"].contains(&key)
}
