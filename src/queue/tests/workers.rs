//! Several replicas, lost leases, stopping.
