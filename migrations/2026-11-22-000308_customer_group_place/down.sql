DROP TABLE customer_group_place;
