DROP TABLE ticket_counter;
