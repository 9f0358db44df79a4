DROP TABLE customer_sweep;
