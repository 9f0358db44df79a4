DROP TABLE ticket_turn;
