-- A phone is looked for by each of its three marks; without this index one look reads every call there ever was.
create index call_imsi on call (imsi, received_at) where imsi is not null;
