DROP TABLE customer_follow;
