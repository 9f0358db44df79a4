//! The room against a real SQLite file, and against MySQL when QIDAN_TEST_MYSQL names one.

mod desk;
mod order;
mod workers;
