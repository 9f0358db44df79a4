DROP TABLE customer_customer;
