-- How long things took, by when they began; and who was heard lately, of rows that come in the order of receipt.

create index incident_opened on incident (opened_at);
create index unit_position_received on unit_position using brin (received_at) with (autosummarize = on);
