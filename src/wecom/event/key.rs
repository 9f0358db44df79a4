//! Two keys of a callback: one that a redelivery repeats, and one for what must stay in order.

use sha2::{Digest, Sha256};

use super::{ContactChange, Event, Message};

/// The longest key.
const KEY_MAX: usize = 150;

/// The key that a redelivery of the same callback repeats, and no other callback has. At most 150
/// ASCII characters.
///
/// The platform's own rule for events (sender and second) loses real events: several customers
/// scan a code in one second, all of them "from" `sys`. So messages go by their id and sender (the
/// id alone was seen twice), card presses by their one-time response code, and everything else by
/// the hash of what was decrypted, which a redelivery repeats byte for byte.
pub fn seen_key(app: &str, message: &Message, plain: &[u8]) -> String {
    match (&message.event, &message.msg_id) {
        (Event::CardClick(click) | Event::CardMenuClick(click), _) => {
            if click.response_code.is_empty() {
                let second = message.create_time.to_string();
                let (task, key) = (&click.task_id, &click.event_key);
                joined(&[app, "press", task, &message.from_user, key, &second])
            } else {
                joined(&[app, "card", &click.response_code])
            }
        }
        (_, Some(id)) => joined(&[app, "msg", &message.from_user, id]),
        (_, None) => {
            let hash = hash(&[app.as_bytes(), plain]);
            format!("raw/{hash}")
        }
    }
}

/// The key of what must be worked on in order: the sender, or, for what the platform itself tells,
/// the customer, group, member or account it is about. At most 150 ASCII characters.
pub fn order_key(app: &str, message: &Message) -> String {
    let (what, id) = match &message.event {
        Event::ChangeContact(change) => return contact_key(app, change),
        Event::ChangeExternalContact(change) => ("customer", change.external_user_id.as_str()),
        Event::ChangeExternalChat(change) => ("chat", change.chat_id.as_str()),
        Event::ChangeExternalTag(change) => ("tag", change.id.as_str()),
        Event::KfMsgOrEvent { open_kf_id, .. } => ("kf", open_kf_id.as_str()),
        Event::OpenApprovalChange(approval) => ("approval", approval.third_no.as_str()),
        Event::SysApprovalChange(approval) => ("sp", approval.sp_no.as_str()),
        Event::UploadMediaJobFinish { job_id } => ("job", job_id.as_str()),
        Event::BatchJobResult(job) => ("job", job.job_id.as_str()),
        Event::LivingStatusChange { living_id, .. } => ("living", living_id.as_str()),
        // Userids are one person in any case.
        _ => return joined(&[app, "user", &message.from_user.to_lowercase()]),
    };
    joined(&[app, what, id])
}

fn contact_key(app: &str, change: &ContactChange) -> String {
    let user = |id: &str| joined(&[app, "contact", &id.to_lowercase()]);
    let party = |id: i64| joined(&[app, "party", &id.to_string()]);
    match change {
        ContactChange::CreateUser(change) | ContactChange::UpdateUser(change) => {
            user(&change.user_id)
        }
        ContactChange::DeleteUser { user_id } => user(user_id),
        ContactChange::CreateParty(change) | ContactChange::UpdateParty(change) => party(change.id),
        ContactChange::DeleteParty { id } => party(*id),
        ContactChange::UpdateTag(change) => joined(&[app, "label", &change.tag_id.to_string()]),
    }
}

/// The parts joined by `/`, readable, when that is short, plain and can only be read one way;
/// their hash otherwise.
fn joined(parts: &[&str]) -> String {
    let length = parts.iter().map(|part| part.len() + 1).sum::<usize>() - 1;
    let plain = |byte: &u8| byte.is_ascii_graphic() && *byte != b'/';
    if length <= KEY_MAX && parts.iter().all(|part| part.as_bytes().iter().all(plain)) {
        return parts.join("/");
    }
    let bytes: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
    format!("hash/{}", hash(&bytes))
}

/// SHA-256 of the parts, each with its length so that no two lists are alike.
fn hash(parts: &[&[u8]]) -> String {
    let mut sha256 = Sha256::new();
    for part in parts {
        sha256.update(part.len().to_be_bytes());
        sha256.update(part);
    }
    kernel::text::hex(&sha256.finalize())
}
