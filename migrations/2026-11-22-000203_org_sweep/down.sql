DROP TABLE org_sweep;
