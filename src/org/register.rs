//! One mirrored field with the stamp of its last change. The later stamp wins; of two values with
//! one stamp the greater wins. That is arbitrary and the same in every order, which is the point:
//! the platform redelivers and reorders, and all replicas must end with the same mirror.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A value and when it became so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(T, i64)", into = "(T, i64)", bound(serialize = "T: Clone + Serialize"))]
pub(crate) struct Register<T> {
    pub(crate) value: T,
    pub(crate) at: Timestamp,
}

impl<T: Ord + Default> Register<T> {
    /// Takes a value over, unless what stands here is newer.
    pub(crate) fn put(&mut self, value: T, at: Timestamp) {
        if (at, &value) > (self.at, &self.value) {
            *self = Self { value, at };
        }
    }

    /// Takes a value over, if there is one.
    pub(crate) fn put_some(&mut self, value: Option<T>, at: Timestamp) {
        if let Some(value) = value {
            self.put(value, at);
        }
    }

    /// Takes what `other` knew up to `at`, and leaves it empty.
    pub(crate) fn take_over(&mut self, other: &mut Self, at: Timestamp) {
        if other.at <= at {
            let Self { value, at } = std::mem::take(other);
            self.put(value, at);
        }
    }
}

impl<T> From<(T, i64)> for Register<T> {
    fn from((value, at): (T, i64)) -> Self {
        Self { value, at: Timestamp(at) }
    }
}

impl<T> From<Register<T>> for (T, i64) {
    fn from(register: Register<T>) -> Self {
        (register.value, register.at.0)
    }
}
