-- What happened lately to all tickets: pages that are open are told of it.
CREATE INDEX ticket_event_by_time ON ticket_event (at);
