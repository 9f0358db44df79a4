//! The room against a real SQLite file, and against MySQL when QIDAN_TEST_MYSQL names one.

mod crash;
mod desk;
mod intake;
mod operators;
mod order;
mod replicas;
mod workers;
