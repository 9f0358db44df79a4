DROP TABLE customer_opportunity;
