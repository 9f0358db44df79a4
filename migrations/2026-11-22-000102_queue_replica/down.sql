DROP TABLE queue_replica;
