//! The words every room shares: time, ids, the error, the context of one request or job, pages of
//! a list, and text that is safe to keep. Pure: nothing here does IO, and only [`Clock`] knows
//! the machine's time.

pub mod crash;
pub mod ctx;
pub mod error;
pub mod id;
pub mod page;
pub mod text;
pub mod time;

pub use crash::crash_point;
pub use ctx::{Actor, Ctx, Entropy};
pub use error::{Error, FieldError, Kind, Result};
pub use id::{
    CustomerId, DepartmentId, FileId, Ids, JobId, MemberId, ReplicaNo, TaskId, TicketId, TokenId,
};
pub use page::{Cursor, Limit, Page};
pub use time::{Clock, Micros, Timestamp};
