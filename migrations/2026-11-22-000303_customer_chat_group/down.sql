DROP TABLE customer_chat_group;
