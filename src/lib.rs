//! qidan.
