-- Fixes of a call that are no longer reckoned with: `call.fixes` holds the best few of each source, this all others,
-- each with when it was set aside. Rows are only ever added.

create table call_fix (
    call_id uuid not null references call,
    at timestamptz not null,
    fix json not null
);
create index call_fix_call on call_fix (call_id, at);
